// SIGKILL at random moments: what was acknowledged is there, nothing is there twice, and keys keep their order.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openEmbeddedLogReader } from '../../services/core/log/embedded/reader.ts';
import { readAll, text } from '../contracts/log.contract.ts';
import { seeded } from '../support/adversary.ts';

const KILLS = 10;
const NUMBERS = 6_000;
const CHILD = fileURLToPath(new URL('./log-kill.child.ts', import.meta.url));

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'signpost-kill-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

it('a killed process loses nothing it acknowledged, and writes nothing twice', async () => {
  const random = seeded(11);
  let acknowledged = 0;
  let kills = 0;
  for (let ended = false; !ended;) {
    const kill =
      kills < KILLS
        ? ({ afterMs: random() * 200, from: kills % 3 === 0 ? 'start' : 'first-append' } as const)
        : undefined;
    const run = await runChild(kill);
    ended = run.exitCode === 0;
    if (!ended) {
      if (run.signal !== 'SIGKILL') throw new Error(`The child failed by itself: ${run.stderr}`);
      kills += 1;
    }
    acknowledged = Math.max(acknowledged, run.acknowledged);
    const written = (await numbersOf('in')).length / 2;
    expect(written).toBeGreaterThanOrEqual(acknowledged);
  }
  expect(kills).toBeGreaterThan(2);
  expect(acknowledged).toBeGreaterThanOrEqual(NUMBERS);

  const out = await numbersOf('out');
  expect(out.length).toBe(new Set(out).size);
  expect(new Set(out)).toEqual(new Set(await numbersOf('in')));
  for (const numbers of Map.groupBy(out, (n) => n % 7).values()) {
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
  }
});

interface Run {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly acknowledged: number;
  readonly stderr: string;
}

interface Kill {
  readonly afterMs: number;
  readonly from: 'start' | 'first-append';
}

/** Runs the child and kills it as told; undefined lets it finish. */
function runChild(kill: Kill | undefined): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [CHILD, directory, String(NUMBERS)]);
    let stdout = '';
    let stderr = '';
    let timer: NodeJS.Timeout | undefined;
    const start = (from: Kill['from']): void => {
      if (kill?.from === from) timer ??= setTimeout(() => child.kill('SIGKILL'), kill.afterMs);
    };
    start('start');
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
      start('first-append');
    });
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.on('error', reject);
    child.on('close', (exitCode, signal) => {
      clearTimeout(timer);
      // A line cut short by the kill was still an acknowledgement, but its number cannot be told.
      const lines = stdout.slice(0, stdout.lastIndexOf('\n') + 1).split('\n');
      resolve({ exitCode, signal, stderr, acknowledged: Number(lines.at(-2) ?? 0) });
    });
  });
}

async function numbersOf(topic: string): Promise<number[]> {
  if (!existsSync(join(directory, 'log', 'log.sqlite'))) return [];
  const reader = await openEmbeddedLogReader({ directory });
  try {
    return (await readAll(reader, topic)).map((record) => Number(text(record)));
  } finally {
    await reader.close();
  }
}
