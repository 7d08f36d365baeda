// alert: keeps one row for each thing said that says that something happens now. What is made of them is the detector's.
import type { Transaction } from 'kysely';
import type { Insight } from '#schemas/insight.ts';
import type { Projection, ProjectionStore } from '#core/stage.ts';
import { entityOf } from '#core/store/short-hash.ts';
import type { Tables } from '#core/store/tables.ts';
import { insightsShared } from '../topology.ts';
import type { Lateness } from './in-time.ts';
import { sightingOf } from './sighting.ts';
import { createSightingRows } from './sighting-rows.ts';

export interface AlertOptions {
  /** Of the database that the rows are written to: names found there are remembered. */
  readonly store: ProjectionStore<Transaction<Tables>>;
  /** Names of the departments whose stream receives an insight. */
  readonly receiversOf: (insight: Insight) => readonly string[];
  /** An insight as it may be kept: of somebody else where its customer is erased. */
  readonly erased?: (insight: Insight) => Insight;
  readonly lateness: Lateness;
  /** Told once they are written, of each source: how many came too late. */
  readonly onLate?: (source: string, count: number) => void;
}

/** Repeated and reordered records change nothing; see docs/decisions/0014-alerts.md. */
export function createAlert({
  store,
  receiversOf,
  erased = (insight) => insight,
  lateness,
  onLate,
}: AlertOptions): Projection<Insight, Transaction<Tables>> {
  const rows = createSightingRows(lateness);
  return {
    kind: 'projection',
    name: 'alert',
    inputs: [insightsShared],
    store,
    async apply(batch, tx) {
      const seen = batch.flatMap(({ record }) => {
        const insight = erased(record);
        const sighting = sightingOf(insight, receiversOf(insight));
        return sighting === undefined ? [] : [{ sighting, entity: entityOf(insight.signal) }];
      });
      for (const [source, count] of await rows.write(seen, tx)) onLate?.(source, count);
    },
  };
}
