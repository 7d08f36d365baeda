// A small kill storm on a real cluster: services killed, paused and stopped under load, a broker and the database
// killed and started again. The full one is `npm run chaos`; see docs/chaos.md.
import { afterAll, expect, test } from 'vitest';
import { complaintsAbout, runStorm } from '../../scripts/chaos/storm.ts';
import { root } from '../support/command.ts';

const SEED = Number(process.env['SIGNPOST_CHAOS_SEED'] ?? Date.now() % 1_000_000);

const ending = new AbortController();
afterAll(() => ending.abort());

const small = {
  events: 800,
  keys: 80,
  partitions: 4,
  copies: 2,
  kills: 5,
  restarts: 1,
  joins: 2,
  pauses: 1,
  databaseKills: 1,
  brokers: 1,
  durationMs: 6_000,
  sessionTimeoutMs: 3_000,
  root,
  signal: ending.signal,
  keep: false,
} as const;

// Each waits for its servers and sessions most of the time.
test.concurrent.each([
  ['each stage in processes of its own', false, {}],
  // What strikes the servers or the group is the same for both.
  ['all stages of a process chained', true, { kills: 3, joins: 0, pauses: 0, databaseKills: 0 }],
])(
  `a storm over %s loses nothing, doubles nothing, and is got over (seed ${SEED})`,
  { timeout: 240_000 },
  async (_name, fused, fewer) => {
    const said: string[] = [];
    const seed = fused ? SEED + 1 : SEED;
    const say = (line: string): void => void said.push(line);
    const report = await runStorm({ ...small, ...fewer, seed, fused, say });
    const { judgement, drainMs, wallMs, struck } = report;
    console.log(
      `seed ${seed}: ${judgement.accepted} accepted, drained in ${Math.round(drainMs)} ms, ${Math.round(wallMs)} ms in all; ${JSON.stringify(struck)}`,
    );
    const complaints = complaintsAbout(report);
    if (complaints.length > 0) console.log(said.join('\n'));
    expect(complaints).toEqual([]);
    expect(judgement.acknowledged).toBeGreaterThanOrEqual(small.events);
    // Otherwise it has proven nothing.
    expect(judgement.insights).toBeGreaterThan(small.events / 2);
    expect(judgement.dropped).toBeGreaterThan(0);
    expect(judgement.rejected).toBeGreaterThan(0);
    expect(report.repeated).toBeGreaterThan(0);
  },
);
