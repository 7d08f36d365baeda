// After an erasure no replay of the archive brings anything of the person back, neither as it was judged nor by another
// model; and what was counted stays: rows whose words are gone keep what was judged of them.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Insight } from '#schemas/insight.ts';
import { openEmbeddedLogReader } from '#core/log/embedded/reader.ts';
import { openPglite } from '#core/store/pglite.ts';
import type { Db } from '#core/store/postgres.ts';
import { replayArchive } from '../../services/cli/archive/replay/command.ts';
import { storeDirectory } from '../../services/cli/store-place.ts';
import { insightsShared } from '../../services/topology.ts';
import {
  aggregatesOf,
  createErasureWorld,
  othersInStore,
  placesOf,
  type ErasureWorld,
} from '../support/erasure-world.ts';
import { otherModel, shippedVersion } from '../support/other-model.ts';

const customers = 12;
const erased = 3;
const canary = 'quetzal';

let world: ErasureWorld;
let before: Awaited<ReturnType<typeof countedIn>>;
const other = otherModel();

beforeAll(async () => {
  // Nothing is past its retention here: the topics hold the words still.
  world = await createErasureWorld({ customers, erased, windowMs: 3_500_000 });
  before = await countedIn(world.planners.db);
  await world.ask(Date.now() + 86_400_000);
  await world.pass();
  await world.close();
  writeFileSync(join(world.directory, 'other.bin'), other.bytes);
}, 300_000);
afterAll(() => {
  vi.restoreAllMocks();
  world?.remove();
});

async function replay(into: 'insights' | 'aggregates' | 'alerts', model?: string): Promise<void> {
  const { directory } = world;
  const out = vi.spyOn(process.stdout, 'write').mockImplementation(() => true);
  try {
    await replayArchive(
      { data: directory, isDataNamed: true },
      { data: directory, into, json: true, ...(model === undefined ? {} : { model }) },
    );
  } finally {
    out.mockRestore();
  }
}

const countedIn = async (db: Db) => ({
  aggregates: await aggregatesOf(db),
  others: await othersInStore(db),
});

async function inStore<T>(work: (db: Db) => Promise<T>): Promise<T> {
  const db = await openPglite(storeDirectory(world.directory));
  try {
    return await work(db);
  } finally {
    await db.close();
  }
}

const models = [
  ['as it was judged', false],
  ['by another model', true],
] as const;

describe.each(models)('a replay %s', (_, isAnew) => {
  const modelFile = (): string | undefined =>
    isAnew ? join(world.directory, 'other.bin') : undefined;

  it.each(['aggregates', 'alerts'] as const)(
    'into %s counts as before, and knows no word of who was erased',
    { timeout: 120_000 },
    async (into) => {
      await replay(into, modelFile());
      expect(await inStore(countedIn)).toEqual(before);
      expect(await placesOf(storeDirectory(world.directory), canary)).toEqual([]);
    },
  );

  it(
    'into insights has all of them, those of who was erased without words and as they were judged',
    { timeout: 120_000 },
    async () => {
      await replay('insights', modelFile());
      const found = await replayed(isAnew ? 'other' : 'as-archived');
      expect(JSON.stringify(found)).not.toContain(canary);
      const gone = found.filter(({ signal }) => signal.customer?.startsWith('erased:') === true);
      const stay = found.filter((insight) => !gone.includes(insight));
      expect([gone.length, stay.length]).toEqual([3 * erased, 3 * (customers - erased)]);
      const modelsOf = (all: readonly Insight[]) => [...new Set(all.map(({ model }) => model))];
      expect(modelsOf(gone)).toEqual([shippedVersion]);
      expect(modelsOf(stay)).toEqual([isAnew ? other.version : shippedVersion]);
      expect(gone.every(({ signal: { text } }) => text === null || text === '')).toBe(true);
      // Judged by nothing they would be about nothing.
      expect(gone.some(({ theme }) => theme === 'outage')).toBe(true);
      expect(stay.every(({ signal }) => signal.text?.includes('sparrow') === true)).toBe(true);
    },
  );
});

/** What is on the topic that a replay wrote. */
async function replayed(name: string): Promise<readonly Insight[]> {
  const log = await openEmbeddedLogReader({ directory: world.directory });
  try {
    const found: Insight[] = [];
    for (const { name: topic, partitions } of await log.topics()) {
      if (!topic.startsWith(`insights-replayed.${name}`)) continue;
      for (const { partition } of partitions)
        for (const { value } of (await log.read(topic, partition, 0)).records)
          found.push(insightsShared.codec.decode(value!));
    }
    return found;
  } finally {
    await log.close();
  }
}
