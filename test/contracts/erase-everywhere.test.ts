// Customers are erased from all that a data directory holds: once the deadline is over no byte of what they said is left
// anywhere, everybody else's is as it was, counts are the same, and nothing brings words back.
import { setTimeout as pause } from 'node:timers/promises';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPglite } from '#core/store/pglite.ts';
import { migrate } from '#core/store/migrate.ts';
import { createProjectionStore } from '#core/store/projection-store.ts';
import { createAggregate } from '../../services/aggregate/stage.ts';
import { insights } from '../../services/archive/datasets.ts';
import { readErasures } from '../../services/archive/erasures.ts';
import { manifestDays, readManifest } from '../../services/archive/manifest.ts';
import { parquetFiles } from '../../services/archive/parquet-files.ts';
import { readFileRows } from '../../services/archive/read-file.ts';
import { insightsShared } from '../../services/topology.ts';
import {
  aggregatesOf,
  archived,
  createErasureWorld,
  othersInStore,
  placesOf,
  plain,
  type ErasureWorld,
} from '../support/erasure-world.ts';
import { receiversOf } from '../support/planner-records.ts';

/** The whole of it: SIGNPOST_ERASE_CUSTOMERS=10000 and a window in which these are taken in. */
const customers = Number(process.env['SIGNPOST_ERASE_CUSTOMERS'] ?? 60);
const erased = Math.min(100, Math.floor(customers / 6));
const windowMs = Number(process.env['SIGNPOST_ERASE_WINDOW_S'] ?? 25) * 1000;
const tell = (what: string): void => {
  if (process.env['SIGNPOST_ERASE_CUSTOMERS'] !== undefined)
    process.stderr.write(`${new Date().toISOString()} ${what}\n`);
};

describe(`${erased} of ${customers} customers`, () => {
  let world: ErasureWorld;
  beforeAll(async () => {
    world = await createErasureWorld({ customers, erased, windowMs });
    tell('taken in, projected and archived');
  }, 3_600_000);
  afterAll(async () => {
    await world.close();
    world.remove();
  });

  it('are erased by the deadline from every file, and nothing else changes', async () => {
    const { planners, objects, directory, expiresAt } = world;
    expect(await placesOf(directory, 'quetzal')).toEqual(
      expect.arrayContaining(
        ['log/log.sqlite', 'store/postgres/', 'archive/signals/', 'archive/rejected/'].map((name) =>
          expect.stringContaining(name),
        ),
      ),
    );
    const before = {
      aggregates: await aggregatesOf(planners.db),
      others: await othersInStore(planners.db),
      archive: (await archived(objects)).map(plain).filter((row) => !row.includes('quetzal')),
    };
    expect(before.others.length).toBe(2 * (customers - erased));
    await world.ask(expiresAt + 4_000);
    const began = performance.now();
    await world.pass();
    tell(`first pass: ${Math.round(performance.now() - began)} ms`);

    // At once: the database; of the archive what counts.
    expect((await archived(objects)).map(plain).filter((row) => row.includes('quetzal'))).toEqual(
      [],
    );
    const { rows } = await sql`SELECT FROM signpost.words WHERE text LIKE '%quetzal%'`.execute(
      planners.db.query,
    );
    expect(rows).toEqual([]);
    expect(await aggregatesOf(planners.db)).toEqual(before.aggregates);
    expect(await othersInStore(planners.db)).toEqual(before.others);
    const report = await readErasures(objects);
    expect(report.length).toBe(erased);
    for (const { removed, topics } of report) {
      expect(removed).toMatchObject({
        'database words': 2,
        'database facts': 2,
        'ticket updates': 2,
      });
      expect(removed['archive insights']).toBe(3);
      expect(topics.length).toBeGreaterThan(4);
      expect(topics.every(({ goneBy }) => goneBy !== null && goneBy >= expiresAt)).toBe(true);
    }

    // What comes of the old words meanwhile is without them too.
    await world.sync();
    while (Date.now() < expiresAt + 4_000) await pause(200);
    const last = performance.now();
    for (let passes = 0; passes < 5; passes += 1) {
      const standing = await world.pass();
      if (standing.length === 0) break;
    }
    tell(`until done: ${Math.round(performance.now() - last)} ms`);
    const done = await readErasures(objects);
    expect(done.filter(({ doneAt }) => doneAt === null)).toEqual([]);
    expect(JSON.stringify(done)).not.toContain('erased:');
    expect(await placesOf(directory, 'quetzal')).toEqual([]);
    expect(await placesOf(directory, 'sparrow')).not.toEqual([]);
    expect(await aggregatesOf(planners.db)).toEqual(before.aggregates);
    expect(await othersInStore(planners.db)).toEqual(before.others);
    const stays = new Set((await archived(objects)).map(plain));
    expect(before.archive.filter((row) => !stays.has(row))).toEqual([]);
    tell('done');
  }, 3_600_000);

  it('are not brought back by a replay of the archive, whose counts are the same', async () => {
    const fresh = await openPglite(undefined);
    try {
      await migrate(fresh);
      const store = createProjectionStore(fresh);
      const aggregate = createAggregate({ store, receiversOf });
      for await (const day of manifestDays(world.objects, insights))
        for (const file of (await readManifest(world.objects, insights, day)).manifest.files)
          for await (const rows of readFileRows(
            { store: world.objects, format: parquetFiles },
            insights,
            file,
          )) {
            const inputs = rows.map(({ record, partition, offset, timestamp }, index) => ({
              record,
              index,
              received: { topic: insightsShared.name, partition, offset, timestamp },
            }));
            await fresh.query.transaction().execute((tx) => aggregate.apply(inputs as never, tx));
          }
      const { rows } = await sql<{ facts: number; customers: number; words: number; gone: number }>`
        SELECT count(*)::int AS facts, count(DISTINCT customer)::int AS customers,
          count(w.text)::int AS words, (count(*) FILTER (WHERE w.text LIKE '%quetzal%'))::int AS gone
        FROM signpost.signals s LEFT JOIN signpost.words w USING (entity)`.execute(fresh.query);
      expect(rows).toEqual([
        { facts: 2 * customers, customers, words: 2 * (customers - erased), gone: 0 },
      ]);
    } finally {
      await fresh.close();
    }
  }, 600_000);
});
