// `signpost generate`: synthetic records as JSON lines, to a file or to standard output.
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { SignpostError } from '#core/errors.ts';
import { generate } from '../gateway/synthetic/generate.ts';
import type { GenerateOptions } from './commands/generate.ts';
import { count } from './count.ts';
import { momentOf } from './moment.ts';
import { toJson } from './output.ts';
import { writeRefused } from './write-refused.ts';

export async function generateFile(options: GenerateOptions): Promise<void> {
  const from = momentOf('--from', options.from);
  const to = momentOf('--to', options.to);
  if (to < from) throw new SignpostError('wrong-time', '--to is before --from');
  const events = generate({ seed: options.seed, from, to });
  if (options.out === undefined) {
    await writeEvents(events, options, process.stdout);
    return;
  }
  let written: number;
  try {
    const file = createWriteStream(options.out);
    written = await writeEvents(events, options, file);
    file.end();
    await finished(file);
  } catch (error) {
    throw writeRefused(error, options.out, 'with --out');
  }
  process.stderr.write(`${count(written)} records written\n`);
}

/** @returns how many. */
async function writeEvents(
  events: ReturnType<typeof generate>,
  options: GenerateOptions,
  target: NodeJS.WritableStream,
): Promise<number> {
  let written = 0;
  for (const { at, kind, source, input } of events) {
    if (options.kind !== undefined && kind !== options.kind) continue;
    // Of one kind the lines are as the intake takes them; mixed, each says what it is.
    const line = options.kind === undefined ? { at, kind, source, input } : input;
    if (!target.write(`${toJson(line)}\n`)) await once(target, 'drain');
    written += 1;
    if (written === options.max) break;
  }
  return written;
}
