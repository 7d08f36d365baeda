// Planners' aggregates always equal a recomputation from the records, whatever happens on the way to them.
// `SIGNPOST_HISTORIES` says how many histories are tried on each database; see docs/chaos.md.
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Db } from '#core/store/postgres.ts';
import { freshDatabases } from '../support/fresh-database.ts';
import { cellsByOracle, wordsByOracle } from '../support/planner-oracle.ts';
import { plannerHistory } from '../support/planner-records.ts';
import { createStage, driveStore, emptyStore, rounded, wordsIn } from '../support/planner-store.ts';

const histories = Number(process.env['SIGNPOST_HISTORIES'] ?? 40);
const secondsPerHistory = 2;

describe.each(freshDatabases)('on %s', (_, open) => {
  let db: Db;
  beforeAll(async () => {
    db = await open();
  }, 60_000);
  afterAll(() => db.close());

  it(
    'aggregates equal the recomputation for random histories, crashes, replays and copies',
    async () => {
      let tried = 0;
      let stage = createStage(db);
      const equal = fc.asyncProperty(
        plannerHistory,
        fc.infiniteStream(fc.nat()),
        async (history, numbers) => {
          // Now and then a database and a stage that know no name; else ones that know them.
          const isNew = tried % 5 === 0;
          tried += 1;
          await emptyStore(db, isNew ? 'and-names' : 'but-names');
          if (isNew) stage = createStage(db);
          const chance = (below: number): number => numbers.next().value % below;
          const cells = await driveStore(stage, history, chance);
          const expected = cellsByOracle(history);
          const byKey = [...expected].map(([key, figures]) => [key, rounded(figures)] as const);
          expect(Object.fromEntries(cells)).toEqual(Object.fromEntries(byKey));
          expect(await wordsIn(db)).toEqual(wordsByOracle(history));
        },
      );
      await fc.assert(equal, { numRuns: histories, endOnFailure: histories > 1000 });
    },
    60_000 + histories * secondsPerHistory * 1000,
  );
});
