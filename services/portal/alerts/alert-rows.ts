// Incidents and silences of the store as the API shows them. Pure.
import type { Selectable } from 'kysely';
import type { IncidentRow, SilenceRow, StoredPath } from '#core/store/alert-tables.ts';
import type { Estimate } from '../api/answers.ts';
import {
  isNamedLevel,
  keyAt,
  parseKey,
  partsIn,
  type Homonyms,
  type NamedLevel,
} from '../queries/place-keys.ts';
import { placeLevels } from '../api/questions.ts';
import type { AlertRow, SilenceAnswer } from './answers.ts';

export type Incident = Selectable<IncidentRow>;
export type Silence = Selectable<SilenceRow>;

export const everywhere = 'everywhere';

/** @param homonyms areas that are told apart by their region */
export function alertOf(row: Incident, homonyms: Homonyms): AlertRow {
  const level = namedLevel(row.level);
  return {
    id: row.id,
    state: row.state,
    startedAt: row.started_at.toISOString(),
    detectedAt: row.detected_at.toISOString(),
    resolvedAt: row.resolved_at?.toISOString() ?? null,
    place: {
      level: level ?? everywhere,
      key: level === null ? null : keyAt(level, row.path, homonyms),
      name: row.place,
    },
    themes: row.themes,
    product: row.product,
    customers: row.customers,
    expected: row.expected,
    excess: estimateOf(row.excess, row.excess_low, row.excess_high),
    affected: estimateOf(row.affected, row.affected_low, row.affected_high),
    userMinutes: estimateOf(row.user_minutes, row.user_minutes_low, row.user_minutes_high),
    pValue: row.p_value,
    departments: row.departments,
    sources: row.sources,
    heldBy: row.held_by,
    reopened: row.reopened,
    isPast: row.is_past,
    acknowledgedAt: row.acknowledged_at?.toISOString() ?? null,
    acknowledgedBy: row.acknowledged_by,
    suppressedBy: row.suppressed_by,
    updatedAt: row.updated_at.toISOString(),
  };
}

export function silenceOf(row: Silence, now: Date): SilenceAnswer {
  const level = row.level === null ? null : namedLevel(row.level);
  const end = row.ended_at ?? row.until_at;
  return {
    id: row.id,
    kind: row.kind,
    place:
      level === null || row.path === null
        ? { key: null, name: everywhere }
        : { key: keyAt(level, row.path), name: row.path[level] ?? level },
    themes: row.themes,
    product: row.product,
    from: row.from_at.toISOString(),
    until: row.until_at.toISOString(),
    comment: row.comment,
    createdBy: row.created_by,
    createdAt: row.created_at.toISOString(),
    endedAt: row.ended_at?.toISOString() ?? null,
    endedBy: row.ended_by,
    state: end <= now ? 'over' : row.from_at > now ? 'planned' : 'in-force',
  };
}

/** Null for what names no place that an alert may be at: nonsense, and cells. */
export function pathOfKey(
  key: string,
): { readonly level: NamedLevel; readonly path: StoredPath } | null {
  const parsed = parseKey(key);
  if (parsed === null || !isNamedLevel(parsed.level)) return null;
  const none = {
    country: null,
    region: null,
    city: null,
    area: null,
    postcode: null,
    site: null,
  };
  return { level: parsed.level, path: { ...none, ...Object.fromEntries(partsIn(parsed)) } };
}

function namedLevel(name: string): NamedLevel | null {
  const level = placeLevels.find((each) => each === name);
  return level !== undefined && isNamedLevel(level) ? level : null;
}

function estimateOf(value: number, low: number, high: number): Estimate {
  return { value, low, high };
}
