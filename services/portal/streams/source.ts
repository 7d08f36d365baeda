// What the feed reads: rows in the shape of `/v1/insights`, under the same row-level rules and with the same filters.
import { sql } from 'kysely';
import type { Db } from '#core/store/postgres.ts';
import type { Filters } from '../api/questions.ts';
import { asReader, type Reading } from '../queries/as-reader.ts';
import { newestInsights } from '../queries/insights.ts';
import { matching, type Condition } from '../queries/where.ts';
import type { Reader } from '../reader.ts';
import { afterRow, look, newBetween } from './changes.ts';
import type { FeedRow, FeedSource } from './feed.ts';
import type { Step } from './position.ts';

export interface FeedQuestion {
  readonly reader: Reader;
  readonly filters: Filters;
  /** Words, as in `/v1/insights`. */
  readonly q: string | undefined;
}

/** Sees that something was written, and tells nobody what. */
const watcher: Reader = {
  name: 'streams',
  role: 'admin',
  departments: null,
  suppressBelow: 0,
  mayJudge: false,
};

export function feedSource(db: Db): FeedSource<FeedQuestion> {
  return {
    look: (seen) => asReader(db, watcher, (reading) => look(reading, seen)),
    page: ({ reader, filters, q }, seen, to, after, most) =>
      asReader(db, reader, async (reading) => {
        const conditions = [newBetween(seen, to), matching(filters)];
        if (after !== null) conditions.push(afterRow(after));
        if (q !== undefined) conditions.push(says(q));
        const places = await placesOf(reading, conditions, most);
        return insightsAt(reading, places);
      }),
  };
}

/** Of the few rows that are new, so that the words of all others are not searched. */
function says(q: string): Condition {
  return sql`EXISTS (
    SELECT FROM signpost.words w WHERE w.entity = s.entity AND w.search @@ websearch_to_tsquery('simple', ${q}))`;
}

async function placesOf(
  { tx }: Reading,
  conditions: readonly Condition[],
  most: number,
): Promise<readonly Step['after'][]> {
  const { rows } = await sql<{ entity: string; occurred_at: Date }>`
    SELECT s.entity, s.occurred_at FROM signpost.signals s WHERE ${sql.join([...conditions], sql` AND `)}
    ORDER BY s.occurred_at, s.entity LIMIT ${most}`.execute(tx);
  return rows.map(({ entity, occurred_at }) => ({ entity, occurredAtMs: occurred_at.getTime() }));
}

const anyTime = { from: new Date('0001-01-01'), to: new Date('9999-12-31') };

/** In the transaction's snapshot the rows are still those that were found. */
async function insightsAt(
  reading: Reading,
  places: readonly Step['after'][],
): Promise<readonly FeedRow[]> {
  if (places.length === 0) return [];
  const entities = places.map(({ entity }) => entity);
  const isOne = sql<boolean>`s.entity = ANY (${entities}::uuid[])`;
  const found = await newestInsights(reading, anyTime, [isOne], places.length);
  const byThing = new Map(found.map(({ insight }) => [insight.thing, insight]));
  return places.flatMap((after) => {
    const insight = byThing.get(after.entity);
    return insight === undefined ? [] : [{ insight, after }];
  });
}
