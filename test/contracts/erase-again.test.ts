// A customer who is asked for again while an erasure is under way is not found a second time.
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Db } from '#core/store/postgres.ts';
import { createProjectionStore } from '#core/store/projection-store.ts';
import { createAggregate } from '../../services/aggregate/stage.ts';
import { createAlert } from '../../services/alert/stage.ts';
import { newErasure, registerErasure } from '../../services/archive/erasures.ts';
import { parquetFiles } from '../../services/archive/parquet-files.ts';
import { lookFor } from '../../services/cli/erase/look-for.ts';
import { insightsShared } from '../../services/topology.ts';
import { createMemoryObjects } from '../support/memory-objects.ts';
import { insightOf, receiversOf, signalOf } from '../support/planner-records.ts';
import { openStore } from '../support/stores.ts';

const start = Date.UTC(2026, 10, 1, 12);
const minuteMs = 60_000;
const customer = 'k1:gone';
let db: Db;
beforeAll(async () => {
  db = await openStore('PGlite');
}, 60_000);
afterAll(() => db.close());

async function say(n: number, receivedAt: number): Promise<void> {
  const store = createProjectionStore(db);
  const record = insightOf(
    signalOf({
      sourceId: `P-${n}`,
      customer,
      text: `no signal ${n}`,
      receivedAt,
      occurredAt: start,
    }),
    { theme: 'outage' },
  );
  const received = { topic: insightsShared.name, partition: 0, offset: n, timestamp: start };
  const batch = [{ record, index: 0, received }] as never;
  const lateness = { latenessMs: 900_000, latenessMsBySource: {} };
  await db.query.transaction().execute(async (tx) => {
    await createAggregate({ store, receiversOf }).apply(batch, tx);
    await createAlert({ store, receiversOf, lateness }).apply(batch, tx);
  });
}

it('what an erasure takes whose first pass was cut off is its own still, and what was said since is found', async () => {
  const objects = createMemoryObjects();
  const parts = {
    objects,
    format: parquetFiles,
    db,
    isOwnDb: true,
    log: undefined,
    entities: undefined,
    judgeOf: undefined,
    now: () => start,
    graceMs: 0,
  };
  await say(1, start);
  const begun = newErasure([customer], { now: start + minuteMs, deadlineMs: minuteMs });
  const ask = (at: number) =>
    lookFor(parts, newErasure([customer], { now: at, deadlineMs: minuteMs }));
  const found = { 'database facts': 1, 'database words': 1, 'database sightings': 1 };
  expect(await ask(start + minuteMs)).toEqual({ counts: found, topics: [], underWay: null });
  await registerErasure(objects, begun);
  const underWay = { erasure: begun, counts: found, topics: [] };
  expect(await ask(start + 2 * minuteMs)).toEqual({ counts: {}, topics: [], underWay });
  await say(2, start + 3 * minuteMs);
  expect(await ask(start + 4 * minuteMs)).toEqual({ counts: found, topics: [], underWay });
});
