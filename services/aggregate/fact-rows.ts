// A fact as a row of signpost.signals, and back. Pure.
import type { Column } from '#core/store/unnest.ts';
import { countsOf, type Counts, type Fact, type Turn } from './fact.ts';
import type { Numbered } from './names.ts';

export interface FactRow {
  readonly fact: Fact<Numbered>;
  readonly counts: Counts;
}

export function rowOf(fact: Fact<Numbered>): FactRow {
  return { fact, counts: countsOf(fact) };
}

/** The columns of signpost.signals but `changed`. */
export const factColumns: readonly Column<FactRow>[] = [
  { name: 'entity', type: 'uuid', of: ({ fact }) => fact.entity },
  { name: 'id', type: 'text', of: ({ fact }) => fact.rank.id },
  { name: 'source', type: 'integer', of: ({ fact }) => fact.says.source },
  { name: 'source_id', type: 'text', of: ({ fact }) => fact.says.sourceId },
  { name: 'kind', type: 'smallint', of: ({ fact }) => fact.kind },
  { name: 'revision', type: 'integer', of: ({ fact }) => fact.rank.revision },
  { name: 'at', type: 'moment', of: ({ counts }) => counts.at },
  { name: 'occurred_at', type: 'moment', of: ({ fact }) => fact.rank.occurredAt },
  { name: 'received_at', type: 'moment', of: ({ fact }) => fact.rank.receivedAt },
  { name: 'reopened_at', type: 'moment', of: ({ counts }) => counts.reopenedAt },
  { name: 'resolved_at', type: 'moment', of: ({ counts }) => counts.resolvedAt },
  { name: 'is_open', type: 'boolean', of: ({ counts }) => counts.isOpen },
  { name: 'is_exact', type: 'boolean', of: ({ counts }) => counts.isExact },
  { name: 'place', type: 'integer', of: ({ fact }) => fact.says.place.id },
  { name: 'h3', type: 'bigint', of: ({ fact }) => fact.says.h3 },
  { name: 'technology', type: 'integer', of: ({ fact }) => fact.says.technology },
  { name: 'theme', type: 'integer', of: ({ fact }) => fact.says.theme },
  { name: 'departments', type: 'bigint', of: ({ fact }) => fact.says.departments },
  { name: 'customer', type: 'uuid', of: ({ fact }) => fact.says.customer },
  { name: 'severity', type: 'integer', of: ({ fact }) => fact.says.severity },
  { name: 'sentiment', type: 'smallint', of: ({ fact }) => fact.says.sentiment },
  { name: 'urgency', type: 'smallint', of: ({ fact }) => fact.says.urgency },
  { name: 'churn', type: 'real', of: ({ fact }) => fact.says.churn },
  { name: 'scale', type: 'smallint', of: ({ fact }) => fact.says.scale },
  { name: 'score', type: 'real', of: ({ fact }) => fact.says.score },
  { name: 'model', type: 'integer', of: ({ fact }) => fact.says.model },
  { name: 'judged_at', type: 'moment', of: ({ fact }) => fact.rank.judgedAt },
  { name: 'judged_offset', type: 'bigint', of: ({ fact }) => fact.rank.judgedOffset },
  { name: 'turns', type: 'jsonb', of: turnsOf },
];

/** A row as the statement of `rows.ts` reads it: moments as milliseconds since the epoch, numbers as such. */
export interface StoredFact {
  readonly entity: string;
  readonly id: string;
  readonly source: number;
  readonly source_id: string;
  readonly kind: number;
  readonly revision: number;
  readonly at: number;
  readonly occurred_at: number;
  readonly received_at: number;
  readonly resolved_at: number | null;
  readonly is_open: boolean;
  readonly is_exact: boolean;
  readonly place: number;
  readonly area: string | null;
  readonly h3: string | null;
  readonly technology: number;
  readonly theme: number;
  readonly departments: string;
  readonly customer: string | null;
  readonly severity: number;
  readonly sentiment: number;
  readonly urgency: number;
  readonly churn: number;
  readonly scale: number | null;
  readonly score: number | null;
  readonly model: number;
  readonly judged_at: number | null;
  readonly judged_offset: number | null;
  readonly turns: StoredTurns | null;
}

const ticket = 0;

/** What the row's columns do not tell of a ticket. */
export interface StoredTurns {
  readonly createdAt: number | null;
  readonly resolvedAt: number | null;
  readonly isExact: boolean;
  /** Revision, state, when it was said and received (milliseconds since the epoch); 0 behind them for no exact moment. */
  readonly turns: readonly (readonly [number, Turn['state'], number, number, 0?])[];
}

/** Null for the most frequent ticket by far: a single turn, which columns tell. */
function turnsOf({ fact, counts }: FactRow): string | null {
  const { turns, createdAt, resolvedAt, isExact, rank, kind } = fact;
  if (kind !== ticket) return null;
  const isTold =
    turns.length === 1 &&
    turns[0]!.at === rank.occurredAt &&
    turns[0]!.isExact === isExact &&
    createdAt === counts.at &&
    resolvedAt === counts.resolvedAt;
  if (isTold) return null;
  const stored: StoredTurns = {
    createdAt,
    resolvedAt,
    isExact,
    turns: turns.map(({ revision, state, at, receivedAt, isExact: exactly }) =>
      exactly ? [revision, state, at, receivedAt] : [revision, state, at, receivedAt, 0],
    ),
  };
  return JSON.stringify(stored);
}

export function factIn(row: StoredFact): Fact<Numbered> {
  const { turns: stored } = row;
  const occurredAt = Math.round(row.occurred_at);
  const receivedAt = Math.round(row.received_at);
  const told: Turn = {
    revision: row.revision,
    state: row.is_open ? 'open' : row.resolved_at === null ? 'ended' : 'resolved',
    at: occurredAt,
    receivedAt,
    isExact: row.is_exact,
  };
  return {
    entity: row.entity,
    kind: row.kind,
    rank: {
      revision: row.revision,
      occurredAt,
      receivedAt,
      id: row.id,
      judgedAt: rounded(row.judged_at),
      judgedOffset: row.judged_offset,
    },
    says: {
      source: row.source,
      sourceId: row.source_id,
      place: { id: row.place, area: row.area },
      h3: row.h3 === null ? null : BigInt(row.h3),
      technology: row.technology,
      theme: row.theme,
      severity: row.severity,
      model: row.model,
      departments: BigInt(row.departments),
      customer: row.customer,
      sentiment: row.sentiment,
      urgency: row.urgency,
      churn: Math.fround(row.churn),
      scale: row.scale,
      score: row.score === null ? null : Math.fround(row.score),
    },
    isExact: stored === null ? row.is_exact : stored.isExact,
    createdAt: row.kind !== ticket ? null : stored === null ? Math.round(row.at) : stored.createdAt,
    resolvedAt: stored === null ? rounded(row.resolved_at) : stored.resolvedAt,
    turns:
      row.kind !== ticket
        ? []
        : (stored?.turns.map(([revision, state, at, received, inexact]) => ({
            revision,
            state,
            at,
            receivedAt: received,
            isExact: inexact === undefined,
          })) ?? [told]),
  };
}

function rounded(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms);
}
