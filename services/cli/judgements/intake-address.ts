// Where the process that writes to a data directory takes records in: noted beside its log, so that a command that may
// not write to it finds whom to send to.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const intakeFile = 'intake.json';
const writerFile = join('log', 'writer.json');

/** Notes `url` as this process's in the data directory. @returns what takes the note away again. */
export function noteIntake(directory: string, url: string): () => void {
  const file = join(directory, intakeFile);
  writeFileSync(file, `${JSON.stringify({ url, pid: process.pid })}\n`, { mode: 0o600 });
  return () => rmSync(file, { force: true });
}

/**
 * The address that the present writer of the directory noted; undefined when it takes nothing in. One who was killed
 * leaves its note, and another may listen at that address by now: it counts for the process that wrote it alone.
 */
export function intakeOf(directory: string): string | undefined {
  const { url, pid } = fieldsOf(join(directory, intakeFile));
  const isWriters = pid !== undefined && pid === fieldsOf(join(directory, writerFile))['pid'];
  return isWriters && typeof url === 'string' && /^http:\/\/\S+$/.test(url) ? url : undefined;
}

function fieldsOf(file: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Readonly<Record<string, unknown>>;
  } catch {
    // There is none, or it is just being written.
    return {};
  }
}
