// Where what the archive holds goes over into what is on the topic: what was archived later than the replay began, or is
// not archived yet, is read from the topic, and the live stage goes on behind it, without a gap.
import { sql, type Transaction } from 'kysely';
import type { Insight } from '#schemas/insight.ts';
import { SignpostError } from '#core/errors.ts';
import type { ReceivedRecord, TopicStatus } from '#core/log/port.ts';
import type { Input } from '#core/stage.ts';
import type { Db } from '#core/store/postgres.ts';
import type { Tables } from '#core/store/tables.ts';
import { besideQueries } from '#core/store/beside/beside-queries.ts';
import type { Dataset } from '../../../archive/datasets.ts';
import { archivedName, readGeneration } from '../../../archive/generations.ts';
import { count } from '../../count.ts';
import { readRange } from '../../read-range.ts';
import { interrupted } from './load-rows.ts';
import type { Plan } from './plan.ts';
import type { Rebuild, RebuildParts } from './rebuild.ts';

type Tx = Transaction<Tables>;

export interface Seam {
  /** Reads on to where the live stage is, until little is left. */
  catchUp(): Promise<void>;
  /** Holds the live stage up until the transaction ends. */
  hold(tx: Tx): Promise<void>;
  /**
   * Within a transaction that holds: what is left. Then the tables have just what the live ones have, and a stage that is
   * running need not go back, which it would not do.
   */
  catchUpWithin(tx: Tx): Promise<void>;
  /** In a transaction that took rows over from live tables: what comes later there is to be read again. */
  tookOver(tx: Tx): Promise<void>;
  /** In the transaction of the swap: the live stage, fenced, goes on from here. */
  handOver(tx: Tx): Promise<void>;
  /** Records read from topics. */
  read(): number;
}

interface Lane {
  readonly dataset: Dataset<Insight>;
  readonly partition: number;
  /** Up to here the rows are beside, or will be. */
  at: number;
  /** Where the partition ended when it was last asked for. */
  end: number;
}

const portion = 1_000;
const littleLeft = 500;
const mostRounds = 20;

/** @throws SignpostError `archive-gap` where the topic has forgotten what was not archived */
export async function createSeam(
  plan: Plan,
  { stage, datasets, apply, tables }: Rebuild,
  {
    db,
    access: { store },
    log,
    lease,
    pace,
    beside,
    signal,
  }: RebuildParts & { readonly beside: Db },
): Promise<Seam> {
  const topics = log === undefined ? [] : await log.topics();
  const lanes: Lane[] = [];
  for (const dataset of datasets) {
    const { name } = dataset.topic;
    const { generation } = await readGeneration(store, name);
    const archived = plan.ends.filter(({ topic }) => topic === archivedName(name, generation));
    const status = topics.find((topic) => topic.name === name);
    const ends = new Map(archived.map(({ partition, to }) => [partition, to]));
    const isSame = isSameTopic(status, ends);
    for (const { partition, start, end } of status?.partitions ?? []) {
      const at = isSame ? (ends.get(partition) ?? 0) : 0;
      // Of a topic made anew all is still to come; what it lost before it was archived is nowhere.
      if (isSame && start > at) throw gap(name, partition, at, start);
      lanes.push({ dataset, partition, at, end });
    }
  }
  let readSoFar = 0;

  async function liveOffsets(queries: Tx | Db['query']): Promise<ReadonlyMap<string, number>> {
    const { rows } = await sql<{ topic: string; partition: number; offset: number | null }>`
      SELECT topic, partition, next_offset::float8 AS "offset" FROM signpost.projections
      WHERE stage = ${stage} ORDER BY topic, partition`.execute(queries);
    return new Map(rows.map((row) => [`${row.topic}/${row.partition}`, row.offset ?? 0]));
  }

  /** Where each lane is to be read to. Of a topic made anew the live stage may stand where the one before ended. */
  async function targetsOf(queries: Tx | Db['query']): Promise<(lane: Lane) => number> {
    const live = await liveOffsets(queries);
    const isBeyond = lanes.some((lane) => (live.get(nameOf(lane)) ?? 0) > lane.end);
    if (isBeyond) {
      // Asked after the offsets, so that a stage that goes on meanwhile is not taken for one of an earlier topic.
      const now = (await log?.topics()) ?? [];
      for (const lane of lanes)
        lane.end = Math.max(lane.end, endOf(now, lane.dataset.topic.name, lane.partition));
    }
    return (lane) => Math.min(live.get(nameOf(lane)) ?? 0, lane.end);
  }

  async function readOn(lane: Lane, to: number, write: Write): Promise<void> {
    let inputs: Input<Insight>[] = [];
    const { topic } = lane.dataset;
    for await (const records of readRange(log!, topic.name, lane.partition, lane.at, to)) {
      for (const record of records) {
        const insight = decoded(lane.dataset, record);
        if (insight !== undefined)
          inputs.push({ record: insight, received: record, index: inputs.length });
        if (inputs.length >= portion) {
          await write(inputs);
          inputs = [];
        }
      }
      readSoFar += records.length;
    }
    if (inputs.length > 0) await write(inputs);
    lane.at = Math.max(lane.at, to);
  }

  type Write = (inputs: readonly Input<Insight>[]) => Promise<void>;

  return {
    async catchUp() {
      for (let round = 0; round < mostRounds; round += 1) {
        const targetOf = await targetsOf(db.query);
        const left = lanes.reduce((sum, lane) => sum + Math.max(0, targetOf(lane) - lane.at), 0);
        if (round > 0 && left < littleLeft) return;
        for (const lane of lanes)
          await readOn(lane, targetOf(lane), async (inputs) => {
            const began = performance.now();
            await beside.query.transaction().execute(async (tx) => {
              await lease.check(tx);
              await apply(inputs, tx);
            });
            await pace.after(inputs.length, performance.now() - began);
            if (signal.aborted) throw interrupted();
          });
      }
    },

    async hold(tx) {
      await sql`
        SELECT FROM signpost.projections WHERE stage = ${stage} ORDER BY topic, partition FOR UPDATE`.execute(
        tx,
      );
    },

    async catchUpWithin(tx) {
      const targetOf = await targetsOf(tx);
      const queries = besideQueries(tx, tables);
      for (const lane of lanes)
        await readOn(lane, targetOf(lane), (inputs) =>
          queries.transaction().execute((inner) => apply(inputs, inner)),
        );
    },

    async tookOver(tx) {
      const targetOf = await targetsOf(tx);
      for (const lane of lanes) lane.at = Math.min(lane.at, targetOf(lane));
    },

    async handOver(tx) {
      await sql`DELETE FROM signpost.projections WHERE stage = ${stage} AND topic <> ALL (${`{${lanes
        .map(({ dataset }) => dataset.topic.name)
        .join(',')}}`}::text[])`.execute(tx);
      for (const lane of lanes) {
        await sql`
          INSERT INTO signpost.projections AS p (stage, topic, partition, epoch, next_offset)
          VALUES (${stage}, ${lane.dataset.topic.name}, ${lane.partition}, 1, ${lane.at})
          ON CONFLICT (stage, topic, partition) DO UPDATE SET epoch = p.epoch + 1,
            next_offset = EXCLUDED.next_offset`.execute(tx);
      }
    },

    read: () => readSoFar,
  };
}

function endOf(topics: readonly TopicStatus[], topic: string, of: number): number {
  const status = topics.find(({ name }) => name === topic);
  return status?.partitions.find(({ partition }) => partition === of)?.end ?? 0;
}

function nameOf({ dataset, partition }: Lane): string {
  return `${dataset.topic.name}/${partition}`;
}

/** A topic that ends before what was archived of it is another one of the same name. */
function isSameTopic(status: TopicStatus | undefined, ends: ReadonlyMap<number, number>): boolean {
  const now = new Map((status?.partitions ?? []).map(({ partition, end }) => [partition, end]));
  return [...ends].every(([partition, to]) => (now.get(partition) ?? 0) >= to);
}

function decoded({ topic }: Dataset<Insight>, { value }: ReceivedRecord): Insight | undefined {
  if (value === null) return undefined;
  try {
    return topic.codec.decode(value);
  } catch {
    return undefined;
  }
}

function gap(topic: string, partition: number, archived: number, start: number): SignpostError {
  return new SignpostError(
    'archive-gap',
    `${topic}, partition ${partition}: the archive ends at offset ${count(archived)}, and the topic begins at ${count(start)}. What lay between is in neither`,
    {
      hint: 'Nothing was changed: tables made of this would lack what the present ones have. Where the topic was made anew, `signpost archive sync` tells the archive how far it is; else `signpost archive verify` tells what is missing.',
    },
  );
}
