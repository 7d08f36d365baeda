// The words of facts, by the record that stands: kept apart, for they are forgotten first.
import { sql, type Transaction } from 'kysely';
import type { Insight } from '#schemas/insight.ts';
import type { Tables } from '#core/store/tables.ts';
import { namesOf, unnested, type Column } from '#core/store/unnest.ts';
import type { Fact } from './fact.ts';
import type { Numbered } from './names.ts';
import { storable } from '#core/store/stored-names.ts';

/** A fact and the insight that stands for it. */
export interface Speaking {
  readonly fact: Fact<Numbered>;
  readonly insight: Insight;
  /** Whether the fact was not there before, and so no words of it. */
  readonly isNew: boolean;
}

const columns: readonly Column<Speaking>[] = [
  { name: 'entity', type: 'uuid', of: ({ fact }) => fact.entity },
  { name: 'received_at', type: 'moment', of: ({ fact }) => fact.rank.receivedAt },
  { name: 'departments', type: 'bigint', of: ({ fact }) => fact.says.departments },
  { name: 'text', type: 'text', of: ({ insight }) => storable(insight.signal.text ?? '') },
  { name: 'language', type: 'text', of: ({ insight }) => insight.signal.language },
  { name: 'relevances', type: 'jsonb', of: ({ insight }) => relevancesOf(insight) },
];

/** @param from words received before this moment are forgotten already */
export async function writeWords(
  speaking: readonly Speaking[],
  tx: Transaction<Tables>,
  from: number,
): Promise<void> {
  const isKept = ({ fact, insight }: Speaking): boolean =>
    insight.signal.text !== null && fact.rank.receivedAt >= from;
  const silent = speaking.filter((one) => !one.isNew && !isKept(one));
  if (silent.length > 0) {
    const entities = `{${silent.map(({ fact }) => fact.entity).join(',')}}`;
    await sql`DELETE FROM signpost.words WHERE entity = ANY (${entities}::uuid[])`.execute(tx);
  }
  const kept = speaking.filter(isKept);
  if (kept.length === 0) return;
  await sql`
    INSERT INTO signpost.words (${namesOf(columns)})
    SELECT * FROM ${unnested(columns, kept)} AS new
    ON CONFLICT (entity) DO UPDATE SET received_at = EXCLUDED.received_at,
      departments = EXCLUDED.departments, text = EXCLUDED.text, language = EXCLUDED.language,
      relevances = EXCLUDED.relevances`.execute(tx);
}

function relevancesOf({ departments }: Insight): string {
  const json = JSON.stringify(departments);
  if (!json.includes('\\u0000')) return json;
  return JSON.stringify(departments, (_, value: unknown) =>
    typeof value === 'string' ? storable(value) : value,
  );
}
