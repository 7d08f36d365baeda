// What planners count, built anew: facts and words by the very stage that keeps them, and beside them which cells changed
// by it and the packed weeks, so that nothing is slower or told again than needs be.
import { sql, type Transaction } from 'kysely';
import type { Insight } from '#schemas/insight.ts';
import type { Input } from '#core/stage.ts';
import type { Tables } from '#core/store/tables.ts';
import { eraseFacts, findFacts } from '../../../aggregate/erase-facts.ts';
import { createAggregate } from '../../../aggregate/stage.ts';
import { packChangedWeeks } from '../../../aggregate/pack-weeks.ts';
import { insights, revisions } from '../../../archive/datasets.ts';
import type { Erasure } from '../../../archive/erasures.ts';
import { customersOf } from '../../erase/customers-of.ts';
import { isErased } from './load-rows.ts';
import type { Rebuild, RebuildContext } from './rebuild.ts';
import { spanOf } from './span.ts';

type Tx = Transaction<Tables>;

export interface AggregatesOptions {
  /** Names of the departments whose stream receives an insight. */
  readonly receiversOf: (insight: Insight) => readonly string[];
  /** Words received before this moment (milliseconds since the epoch) are not kept. */
  readonly wordsFrom: () => number;
  /** An insight as it may be kept: without what is erased. */
  readonly erased?: (insight: Insight) => Insight;
  /** As they are when all rows are there: some may have come meanwhile. */
  readonly erasures?: () => Promise<readonly Erasure[]>;
  /** Judges an insight anew; undefined where what was judged stands, with its revisions. */
  readonly judge?: ((insight: Insight) => Insight) | undefined;
}

/** Packing locks packed weeks before facts: so does the swap. */
const tables = ['packed_weeks', 'changed_days', 'signals', 'words', 'changed_cells'] as const;

export function rebuildAggregates({
  receiversOf,
  wordsFrom,
  judge,
  erased,
  erasures,
}: AggregatesOptions): Rebuild {
  // Its store is not asked: offsets are the replay's affair.
  const stage = createAggregate({
    store: noStore,
    receiversOf,
    wordsFrom,
    ...(erased && { erased }),
  });
  return {
    stage: 'aggregate',
    tables,
    // Another model judges all anew, also what was revised.
    datasets: judge === undefined ? [insights, revisions] : [insights],
    apply: (batch, tx) => stage.apply(judge === undefined ? batch : batch.map(judgedBy(judge)), tx),
    async complete(context) {
      await keepOutside(context);
      const customers = customersOf((await erasures?.()) ?? []);
      await eraseFacts(context.beside, await findFacts(context.beside, customers), nothingBeside);
      await context.db.query.transaction().execute(noteDifferences);
      await packChangedWeeks(context.beside, context.signal);
      await sql`ANALYZE signpost.signals, signpost.words`.execute(context.beside.query);
    },
    afterSwap: keepWhatIsToTell,
  };
}

const nothingBeside = (): Promise<() => Promise<void>> => Promise.resolve(() => Promise.resolve());

const noStore = {
  acquire: () => Promise.reject(new Error('A replay keeps no offsets')),
  commit: () => Promise.reject(new Error('A replay keeps no offsets')),
};

function judgedBy(judge: (insight: Insight) => Insight): (input: Input<Insight>) => Input<Insight> {
  // What is left of erased words would be judged otherwise than the words were.
  return (input) => (isErased(input) ? input : { ...input, record: judge(input.record) });
}

/**
 * Of facts that count outside of the span, the live ones stay. One of them is in the archive too, if the archive has it,
 * but perhaps not with all that was said of it.
 */
async function keepOutside({ db, plan: { span }, seam }: RebuildContext): Promise<void> {
  if (span.from === null && span.to === null) return;
  await db.query
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (tx) => {
      await seam.tookOver(tx);
      await sql`
      DELETE FROM signpost_replay.signals n WHERE NOT (${spanOf('n.at', span)}) OR EXISTS (
        SELECT FROM signpost.signals o WHERE o.entity = n.entity AND NOT (${spanOf('o.at', span)}))`.execute(
        tx,
      );
      await sql`
      DELETE FROM signpost_replay.words w
      WHERE NOT EXISTS (SELECT FROM signpost_replay.signals n WHERE n.entity = w.entity)`.execute(
        tx,
      );
      await sql`
      INSERT INTO signpost_replay.signals SELECT o.* FROM signpost.signals o WHERE NOT (${spanOf('o.at', span)})`.execute(
        tx,
      );
      const columns = sql.raw('entity, received_at, departments, text, language, relevances');
      await sql`
      INSERT INTO signpost_replay.words (${columns}) SELECT ${columns} FROM signpost.words w
      WHERE EXISTS (SELECT FROM signpost.signals o WHERE o.entity = w.entity AND NOT (${spanOf('o.at', span)}))`.execute(
        tx,
      );
    });
}

/** What counts of a fact in cells. */
const counted =
  'at reopened_at resolved_at is_open is_exact kind place technology theme departments customer severity sentiment urgency churn scale score'.split(
    ' ',
  );

/**
 * Marks the cells of facts that are others than the live ones: those that they leave, and those that they enter. All
 * others are told as they are already.
 */
async function noteDifferences(tx: Tx): Promise<void> {
  const of = (table: string) =>
    sql.raw(`ROW(${counted.map((name) => `${table}.${name}`).join(', ')})`);
  await sql`DELETE FROM signpost_replay.changed_cells`.execute(tx);
  await sql`
    WITH differing AS (
      SELECT o.entity AS old, n.entity AS new FROM signpost_replay.signals n
      FULL JOIN signpost.signals o ON o.entity = n.entity
      WHERE ${of('o')} IS DISTINCT FROM ${of('n')}
    ),
    moments AS (
      SELECT s.place, s.theme, s.technology, m.moment, s.departments AS left_departments,
        CASE WHEN s.is_exact THEN 1 << extract(hour FROM m.moment AT TIME ZONE 'UTC')::int ELSE 0 END AS left_hours
      FROM differing d JOIN signpost.signals s ON s.entity = d.old
      CROSS JOIN LATERAL unnest(ARRAY[s.at, s.reopened_at, s.resolved_at]) AS m (moment)
      UNION ALL
      SELECT s.place, s.theme, s.technology, m.moment, 0, 0
      FROM differing d JOIN signpost_replay.signals s ON s.entity = d.new
      CROSS JOIN LATERAL unnest(ARRAY[s.at, s.reopened_at, s.resolved_at]) AS m (moment)
    )
    INSERT INTO signpost_replay.changed_cells (area, theme, technology, day, left_hours, left_departments)
    SELECT p.area, theme, technology, (moment AT TIME ZONE 'UTC')::date, bit_or(left_hours), bit_or(left_departments)
    FROM moments JOIN signpost.places p ON p.id = place WHERE moment IS NOT NULL
    GROUP BY 1, 2, 3, 4`.execute(tx);
}

/** Cells whose change was not told yet are to be told all the same. */
async function keepWhatIsToTell(tx: Tx): Promise<void> {
  const columns = sql.raw('area, theme, technology, day, left_hours, left_departments');
  await sql`
    INSERT INTO signpost.changed_cells (${columns})
    SELECT ${columns} FROM signpost_replaced.changed_cells ORDER BY id`.execute(tx);
}
