// A rolling deployment that goes to and fro: copies of two releases side by side under load, the later one with a new
// version of the schemas, each copy that is killed or joins being of either. Nothing is lost and everything decodes.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { complaintsAbout, runStorm } from '../../scripts/chaos/storm.ts';
import ids from '../../schemas/ids.json' with { type: 'json' };
import { root } from '../support/command.ts';
import { makeNextRelease } from '../support/next-release.ts';

const SEED = Number(process.env['SIGNPOST_CHAOS_SEED'] ?? Date.now() % 1_000_000);

const ending = new AbortController();
const folder = mkdtempSync(join(tmpdir(), 'signpost-next-'));
const nextRelease = join(folder, 'release');
let added: Readonly<Record<string, number>>;
beforeAll(() => {
  added = makeNextRelease(root, nextRelease);
}, 60_000);
afterAll(() => {
  ending.abort();
  rmSync(folder, { recursive: true });
});

test(
  `two releases side by side lose nothing, and each reads what the other wrote (seed ${SEED})`,
  { timeout: 240_000 },
  async () => {
    const said: string[] = [];
    const report = await runStorm({
      seed: SEED,
      events: 1_400,
      keys: 100,
      partitions: 4,
      copies: 2,
      kills: 5,
      restarts: 0,
      joins: 2,
      pauses: 0,
      databaseKills: 0,
      brokers: 1,
      fused: false,
      durationMs: 10_000,
      sessionTimeoutMs: 3_000,
      root,
      nextRelease,
      signal: ending.signal,
      say: (line) => void said.push(line),
      keep: false,
    });
    const complaints = complaintsAbout(report);
    if (complaints.length > 0) console.log(said.join('\n'));
    expect(complaints).toEqual([]);
    // Otherwise it has proven nothing: each release wrote what each stage writes. Whether both classify is chance (a copy
    // may be killed before its first record); insights are encoded by publish as well.
    const { schemaIds } = report;
    const idsOn = (isOn: (topic: string) => boolean): ReadonlySet<number> =>
      new Set(
        Object.entries(schemaIds)
          .filter(([topic]) => isOn(topic))
          .flatMap(([, counts]) => Object.keys(counts).map(Number)),
      );
    const idsOf = (record: keyof typeof ids): ReadonlySet<number> =>
      new Set([Math.max(...Object.values(ids[record])), added[record]!]);
    console.log(`seed ${SEED}: ${JSON.stringify(schemaIds)}`);
    expect(idsOn((topic) => topic === 'posts.published.v1')).toEqual(idsOf('community-post'));
    expect(idsOn((topic) => topic === 'signals.normalized.v1')).toEqual(idsOf('signal'));
    expect(idsOn((topic) => topic.startsWith('insights.'))).toEqual(idsOf('insight'));
  },
);
