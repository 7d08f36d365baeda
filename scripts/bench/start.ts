// Bench: from the command to its first answer.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

const command = join(import.meta.dirname, '..', '..', 'bin', 'signpost');

export interface StartFigures {
  /** Milliseconds of `signpost --help`, median of the runs. */
  readonly helpMs: number;
  /** Milliseconds from `signpost up` with a new data directory to the first picture, with the intake listening. */
  readonly upMs: number;
  /** Milliseconds from the same to the first answer of the query API: the planners' database is made by then. */
  readonly answersMs: number;
}

export async function benchStart(runs: number): Promise<StartFigures> {
  const help: number[] = [];
  const up: number[] = [];
  const answers: number[] = [];
  for (let run = 0; run <= runs; run += 1) {
    const helpMs = timeHelp();
    const { upMs, answersMs } = await timeUp();
    // The first run fills the cache of compiled code.
    if (run > 0) {
      help.push(helpMs);
      up.push(upMs);
      answers.push(answersMs);
    }
  }
  return { helpMs: median(help), upMs: median(up), answersMs: median(answers) };
}

function timeHelp(): number {
  const startedAt = performance.now();
  spawnSync(command, ['--help']);
  return performance.now() - startedAt;
}

async function timeUp(): Promise<{ upMs: number; answersMs: number }> {
  const data = mkdtempSync(join(tmpdir(), 'signpost-bench-'));
  const startedAt = performance.now();
  const child = spawn(command, ['up', '--data', data, '--port', '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [picture] = (await once(child.stdout, 'data')) as [Buffer];
  const upMs = performance.now() - startedAt;
  child.stdout.resume();
  const [origin] = /http:\/\/[\d.]+:\d+/.exec(picture.toString()) ?? [];
  // Until the database is there the answer is 503.
  while (!(await fetch(`${origin}/v1/aggregates`)).ok) await setTimeout(20);
  const answersMs = performance.now() - startedAt;
  child.kill('SIGTERM');
  await once(child, 'exit');
  rmSync(data, { recursive: true });
  return { upMs, answersMs };
}

function median(values: readonly number[]): number {
  return Math.round(values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN);
}
