// aggregate: keeps one row for each ticket, post and answer in the planners' store, by the record that stands.
import type { Transaction } from 'kysely';
import type { Insight } from '#schemas/insight.ts';
import type { Projection, ProjectionStore } from '#core/stage.ts';
import type { Tables } from '#core/store/tables.ts';
import { insightsRevised, insightsShared } from '../topology.ts';
import { factOf } from './fact.ts';
import { createNames } from './names.ts';
import { writeFacts } from './rows.ts';

export interface AggregateOptions {
  /** Of the database that the rows are written to: names found there are remembered. */
  readonly store: ProjectionStore<Transaction<Tables>>;
  /** Names of the departments whose stream receives an insight. */
  readonly receiversOf: (insight: Insight) => readonly string[];
  /** An insight as it may be kept: without its words where these are erased. */
  readonly erased?: (insight: Insight) => Insight;
  /** Words received before this moment (milliseconds since the epoch) are not kept; by default all are. */
  readonly wordsFrom?: () => number;
}

/** Late, repeated and reordered records change nothing that they should not; see docs/decisions/0013-planners-store.md. */
export function createAggregate({
  store,
  receiversOf,
  erased = (insight) => insight,
  wordsFrom = () => -Infinity,
}: AggregateOptions): Projection<Insight, Transaction<Tables>> {
  const names = createNames();
  return {
    kind: 'projection',
    name: 'aggregate',
    inputs: [insightsShared, insightsRevised],
    store,
    async apply(batch, tx) {
      const told = batch.flatMap(({ record, received }) => {
        const insight = erased(record);
        const { topic, timestamp, offset } = received;
        const isRevision = topic === insightsRevised.name;
        const fact = factOf(insight, receiversOf(insight), { timestamp, offset, isRevision });
        return fact === undefined ? [] : [{ fact, insight }];
      });
      await writeFacts(told, names, tx, wordsFrom());
    },
  };
}
