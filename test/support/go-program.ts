// Small Go programs of the tests, each a folder beside this file: they read files by the parsers of the tools that do.
import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync } from 'node:fs';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from '../../scripts/services/pinned-files.ts';

const run = promisify(execFile);

/**
 * Path of the program, built unless the cache has it: two seconds once Go has its packages, half a minute before.
 * @param reason why it is written in Go, a sentence
 * @throws when there is no Go.
 */
export async function builtProgram(source: string, reason: string): Promise<string> {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}`);
  for (const name of readdirSync(source).toSorted()) hash.update(readFileSync(join(source, name)));
  const folder = join(cacheFolder(), basename(source));
  const program = join(folder, hash.digest('hex').slice(0, 16));
  if (existsSync(program)) return program;
  if (spawnSync('go', ['version']).status !== 0) {
    throw new Error(
      `${reason} Install Go 1.24 or newer (https://go.dev/dl/) and put it on the PATH.`,
    );
  }
  mkdirSync(folder, { recursive: true });
  // Renamed into place only when whole.
  const draft = `${program}.${process.pid}`;
  await run('go', ['build', '-mod=readonly', '-o', draft, '.'], { cwd: source });
  renameSync(draft, program);
  return program;
}
