// Drives the real aggregate stage and the publisher of cells on a database as the worst engine would: random batches,
// crashes between any two steps, owners that are fenced, answers that are lost, batches that come again.
import { sql } from 'kysely';
import { expect } from 'vitest';
import { ticketAggregateCodec } from '#schemas/ticket-aggregate.ts';
import { SignpostError } from '#core/errors.ts';
import type { OutgoingRecord } from '#core/log/port.ts';
import type { Db } from '#core/store/postgres.ts';
import { createProjectionStore } from '#core/store/projection-store.ts';
import type { Input } from '#core/stage.ts';
import type { Insight } from '#schemas/insight.ts';
import { createCellPublisher } from '../../services/aggregate/publish-cells.ts';
import { createAggregate } from '../../services/aggregate/stage.ts';
import { insightsRevised, insightsShared } from '../../services/topology.ts';
import { keyOf, type Figures } from './planner-oracle.ts';
import { receiversOf, type PlannerRecord } from './planner-records.ts';

/** As a database that nothing was written to, but for the names of labels, places and departments where wished. */
export async function emptyStore(db: Db, names: 'and-names' | 'but-names'): Promise<void> {
  await sql`
    WITH a AS (DELETE FROM signpost.signals), b AS (DELETE FROM signpost.words),
      c AS (DELETE FROM signpost.changed_cells), d AS (DELETE FROM signpost.projections)
    SELECT 1`.execute(db.query);
  if (names === 'but-names') return;
  await sql`
    WITH a AS (DELETE FROM signpost.labels), b AS (DELETE FROM signpost.places),
      c AS (DELETE FROM signpost.departments)
    SELECT 1`.execute(db.query);
}

export async function wordsIn(db: Db): Promise<string[]> {
  const rows = await db.query.selectFrom('signpost.words').select('text').execute();
  return rows.map(({ text }) => text).toSorted();
}

/** What a reader of tickets.aggregated.v1 holds who keeps the last record of each cell and forgets the empty ones. */
export function createCellReader() {
  const cells = new Map<string, Figures>();
  return {
    async append(records: readonly OutgoingRecord[]): Promise<void> {
      for (const { value } of records) {
        const { updatedAt, ...figures } = ticketAggregateCodec.decode(value!);
        expect(updatedAt).toBeGreaterThan(0);
        const counts = [figures.opened, figures.reopened, figures.resolved, figures.posts];
        const isEmpty = [...counts, figures.surveyAnswers].every((count) => count === 0);
        if (isEmpty) cells.delete(keyOf(figures));
        else cells.set(keyOf(figures), rounded(figures));
      }
      await Promise.resolve();
    },
    cells,
  };
}

/** Means and quantiles are added up in another order here and there. */
export function rounded(figures: Figures): Figures {
  return Object.fromEntries(
    Object.entries(figures).map(([name, value]) => [
      name,
      typeof value === 'number' ? Number(value.toPrecision(13)) : value,
    ]),
  ) as unknown as Figures;
}

interface Source {
  readonly topic: string;
  readonly records: readonly PlannerRecord[];
  epoch: number;
  at: number;
}

/** The stage on a database; it remembers names, so that it is for one that keeps them. */
export function createStage(db: Db) {
  const store = createProjectionStore(db);
  return { db, store, stage: createAggregate({ store, receiversOf }) };
}

/**
 * Projects and publishes until all is projected and published.
 * @param chance below how many, a number from 0: decides everything
 * @returns the cells as a reader of the topic has them
 */
export async function driveStore(
  { db, store, stage }: ReturnType<typeof createStage>,
  history: readonly PlannerRecord[],
  chance: (below: number) => number,
): Promise<Map<string, Figures>> {
  const reader = createCellReader();
  const broken = { append: false };
  let clock = Date.UTC(2026, 5, 1);
  const publish = createCellPublisher({
    db,
    now: () => (clock += 1000),
    async append(records) {
      await reader.append(records);
      if (broken.append)
        throw new SignpostError('log-unavailable', 'The answer of the log was lost');
    },
  });

  const take = async (source: Source): Promise<void> => {
    const { epoch, offset } = await store.acquire('aggregate', source.topic, 0);
    Object.assign(source, { epoch, at: offset ?? 0 });
  };
  const commit = async (source: Source, count: number, crashes = false): Promise<void> => {
    const { topic, epoch, at, records } = source;
    const batch = records.slice(at, at + count);
    await store.commit(
      { stage: 'aggregate', topic, partition: 0, epoch, nextOffset: at + batch.length },
      async (tx) => {
        await stage.apply(batch.map(inputOf), tx);
        if (crashes) throw new Error('A crash before the end of the transaction');
      },
    );
    source.at += batch.length;
  };

  const isShuffled = chance(3) === 0;
  const sources = [insightsShared, insightsRevised].map(({ name: topic }): Source => {
    const records = history.filter(
      ({ isRevision }) => isRevision === (topic === insightsRevised.name),
    );
    return { topic, records: isShuffled ? shuffled(records, chance) : records, epoch: 0, at: 0 };
  });
  for (const source of sources) await take(source);
  let replays = 2;
  for (;;) {
    const waiting = sources.filter(({ at, records }) => at < records.length);
    if (waiting.length === 0) break;
    const source = waiting[chance(waiting.length)]!;
    const count = 1 + chance(4);
    switch (chance(9)) {
      case 0:
        await expect(commit(source, count, true)).rejects.toThrow('A crash');
        await take(source);
        break;
      case 1:
        await store.acquire('aggregate', source.topic, 0);
        await expect(commit(source, count)).rejects.toMatchObject({ code: 'fenced' });
        await take(source);
        break;
      case 2: {
        await commit(source, count);
        const { at } = source;
        await take(source);
        expect(source.at).toBe(at);
        break;
      }
      case 3:
        // An operator set it back.
        if (replays > 0) source.at = chance(source.at + 1);
        replays -= 1;
        break;
      case 4:
        await Promise.all(sources.map((each) => commit(each, count)));
        break;
      case 5:
        await publish();
        break;
      case 6:
        broken.append = true;
        await publish().catch((error: unknown) => {
          if (!(error instanceof SignpostError)) throw error;
        });
        broken.append = false;
        break;
      default:
        await commit(source, count);
    }
  }
  while ((await publish()) !== 0);
  return reader.cells;
}

function inputOf({ insight, isRevision, ...at }: PlannerRecord, index: number): Input<Insight> {
  const topic = isRevision ? insightsRevised.name : insightsShared.name;
  const received = { topic, partition: 0, key: null, value: null, headers: {}, ...at };
  return { record: insight, index, received };
}

function shuffled<T>(items: readonly T[], chance: (below: number) => number): T[] {
  const left = [...items];
  return items.map(() => left.splice(chance(left.length), 1)[0]!);
}
