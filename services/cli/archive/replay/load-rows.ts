// Writes the rows of the archive into tables beside, day by day, each portion with how far it is in one transaction. Days
// may come in any order, since what stands of a thing does not depend on the order in which its records come.
import type { Insight } from '#schemas/insight.ts';
import { SignpostError } from '#core/errors.ts';
import type { ReceivedRecord } from '#core/log/port.ts';
import type { Input } from '#core/stage.ts';
import type { Db } from '#core/store/postgres.ts';
import { header } from '#core/topic.ts';
import type { Dataset } from '../../../archive/datasets.ts';
import { generationOf } from '../../../archive/generations.ts';
import { dayOf } from '../../../archive/layout.ts';
import { readRows, type RowPlace } from '../../../archive/read-rows.ts';
import type { ArchivedRow } from '../../../archive/row.ts';
import type { HeldRange } from './holdings.ts';
import { writeStand, type Plan, type Position, type Stand } from './plan.ts';
import type { Rebuild, RebuildParts } from './rebuild.ts';

/** Rows written in one transaction. */
const usualPortion = 2_000;

interface LoadParts extends Pick<
  RebuildParts,
  'access' | 'lease' | 'pace' | 'onProgress' | 'signal' | 'portion'
> {
  readonly beside: Db;
  readonly plan: Plan;
}

/** @throws SignpostError `interrupted` */
export async function loadRows(
  stand: Stand,
  what: Pick<Rebuild, 'datasets' | 'apply'>,
  parts: LoadParts,
): Promise<Stand> {
  const { beside, lease, pace, onProgress, signal, plan, portion = usualPortion } = parts;
  let at = stand;
  let waiting: Input<Insight>[] = [];
  let last: Position | null = null;

  async function flush(step: Stand['step']): Promise<void> {
    const batch = waiting;
    waiting = [];
    const next = { ...at, step, position: last ?? at.position, rows: at.rows + batch.length };
    const began = performance.now();
    await beside.query.transaction().execute(async (tx) => {
      await lease.check(tx);
      if (batch.length > 0) await what.apply(batch, tx);
      await writeStand(tx, next);
    });
    at = next;
    onProgress('reading', at.rows);
    await pace.after(batch.length, performance.now() - began);
    if (signal.aborted) throw interrupted();
  }

  for await (const { dataset, day, topic, row } of rowsToCome(what.datasets, at.position, parts)) {
    const { partition, offset } = row;
    if (!isBelow(plan.ends, { topic, partition, offset })) continue;
    waiting.push(inputOf(dataset, topic, row, waiting.length, plan.ends));
    last = { dataset: dataset.name, day, topic, partition, offset };
    if (waiting.length >= portion) await flush('loading');
  }
  await flush('loaded');
  return at;
}

async function* rowsToCome(
  datasets: readonly Dataset<Insight>[],
  position: Position | null,
  { access, plan }: LoadParts,
) {
  const first = datasets.findIndex(({ name }) => name === position?.dataset);
  const from = plan.span.from === null ? undefined : dayOf(plan.span.from);
  for (const [index, dataset] of datasets.entries()) {
    if (index < first) continue;
    const after = index === first ? (position ?? undefined) : undefined;
    for await (const { day, topic, rows } of readRows(access, dataset, { from, after }))
      for (const row of rows) yield { dataset, day, topic, row };
  }
}

/** Whether the row was archived when the replay began. */
function isBelow(ends: readonly HeldRange[], place: Omit<RowPlace, 'day'>): boolean {
  return ends.some(
    ({ topic, partition, to }) =>
      topic === place.topic && partition === place.partition && place.offset < to,
  );
}

/** Offsets of earlier generations of a topic lie before those of later ones, however large they are. */
const generationSpan = 2 ** 44;

function inputOf(
  { topic: { name } }: Dataset<Insight>,
  archived: string,
  row: ArchivedRow<Insight>,
  index: number,
  ends: readonly HeldRange[],
): Input<Insight> {
  const newest = ends
    .map(({ topic }) => generationOf(topic))
    .filter(({ topic }) => topic === name)
    .reduce((most, { generation }) => Math.max(most, generation), 1);
  const { partition, timestamp, origin, record } = row;
  const offset = row.offset - (newest - generationOf(archived).generation) * generationSpan;
  const headers = {
    ...(origin === null ? {} : { [header.origin]: origin }),
    ...(row.erasedAt === null ? {} : { [erasedMark]: String(row.erasedAt) }),
  };
  const received: ReceivedRecord = {
    topic: name,
    partition,
    offset,
    timestamp,
    key: null,
    value: null,
    headers,
  };
  return { record, received, index };
}

/** On records of the archive alone, as they are handed to a stage here. */
const erasedMark = 'signpost_erased';

/** Whether the words of what was said are erased, so that it cannot be judged anew. */
export function isErased({ received }: Input<Insight>): boolean {
  return received.headers[erasedMark] !== undefined;
}

export function interrupted(): SignpostError {
  return new SignpostError('interrupted', 'Interrupted; what is done so far is kept.', {
    hint: 'Run the same command again: it goes on from there.',
  });
}
