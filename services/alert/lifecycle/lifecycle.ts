// The life of an incident: what the counts say, what people do and what is planned, put together. Pure.
import type { IncidentState } from '#core/store/alert-tables.ts';
import type { Change } from '../detect/detection.ts';

/** Why an incident is in a state. */
export const reasons = [
  'began',
  'widened',
  'rose-again',
  'counts-are-usual',
  'merged',
  'acknowledged',
  'silenced',
  'maintenance',
  'silence-ended',
  'settings-changed',
] as const;
export type Reason = (typeof reasons)[number];

/** The silence or maintenance window that covers an incident. */
export interface Cover {
  readonly id: string;
  readonly kind: 'silence' | 'maintenance';
}

/** What is remembered of an incident beside its counts. */
export interface Standing {
  readonly state: IncidentState;
  /** How often it rose again after it was over. */
  readonly reopened: number;
  /** Since when; milliseconds since the epoch. Forgotten when it widens or rises again. */
  readonly acknowledged: { readonly at: number; readonly by: string } | null;
  readonly suppressedBy: string | null;
}

export type Happening =
  | {
      readonly kind: Change['kind'];
      readonly reopened: number;
      readonly cover: Cover | undefined;
      /** Whether it ends as part of another one. */
      readonly isMerged?: boolean;
    }
  | { readonly kind: 'acknowledged'; readonly at: number; readonly by: string }
  /** The silences and windows as they are now. */
  | { readonly kind: 'covered'; readonly cover: Cover | undefined }
  /** After a change of settings the detector knows the incident no more, or for the first time. */
  | { readonly kind: 'let-go' }
  | { readonly kind: 'taken-up'; readonly reopened: number; readonly cover: Cover | undefined };

export interface Told {
  readonly state: IncidentState;
  readonly reason: Reason;
  /** Who did it; null for the counts and for silences. */
  readonly by: string | null;
}

export interface Step {
  readonly after: Standing;
  /** The transition; undefined where there is none. */
  readonly told: Told | undefined;
}

const fresh: Standing = { state: 'firing', reopened: 0, acknowledged: null, suppressedBy: null };

/**
 * - Counts alone end an incident; a silence never does.
 * - Who acknowledged it has it: silences change nothing then. Widening or rising again tells it anew.
 * - What a silence kept back is told when the silence ends and the incident still stands.
 * @param before undefined for one that was not there
 */
export function stepOf(before: Standing | undefined, happening: Happening): Step {
  const was = before ?? fresh;
  switch (happening.kind) {
    case 'began':
    case 'taken-up': {
      const { reopened, cover } = happening;
      const reason = happening.kind === 'began' ? 'began' : 'settings-changed';
      return tell({ ...fresh, reopened }, cover, reason);
    }
    case 'reopened':
      return tell({ ...fresh, reopened: happening.reopened }, happening.cover, 'rose-again');
    case 'widened':
      return widened(was, happening.cover);
    case 'went-on':
      return { after: was, told: undefined };
    case 'resolved':
      return over(was, happening.isMerged === true ? 'merged' : 'counts-are-usual');
    case 'let-go':
      return over(was, 'settings-changed');
    case 'acknowledged':
      return acknowledged(was, happening);
    case 'covered':
      return covered(was, happening.cover);
  }
}

/** Whether it is told to whoever listens, and again and again. */
export function isFiring(state: IncidentState): boolean {
  return state === 'firing' || state === 'reopened';
}

function firing({ reopened }: Standing): IncidentState {
  return reopened > 0 ? 'reopened' : 'firing';
}

function tell(standing: Standing, cover: Cover | undefined, reason: Reason): Step {
  if (cover !== undefined) return suppressed(standing, cover);
  const state = firing(standing);
  const after = { ...standing, state, acknowledged: null, suppressedBy: null };
  return { after, told: { state, reason, by: null } };
}

function suppressed(standing: Standing, cover: Cover): Step {
  const after: Standing = { ...standing, state: 'suppressed', suppressedBy: cover.id };
  const reason = cover.kind === 'maintenance' ? 'maintenance' : 'silenced';
  return { after, told: { state: 'suppressed', reason, by: null } };
}

function widened(was: Standing, cover: Cover | undefined): Step {
  if (was.state === 'resolved') return { after: was, told: undefined };
  if (cover === undefined) return tell(was, undefined, 'widened');
  if (was.state === 'suppressed')
    return { after: { ...was, suppressedBy: cover.id }, told: undefined };
  return suppressed({ ...was, acknowledged: null }, cover);
}

function over(was: Standing, reason: Reason): Step {
  if (was.state === 'resolved') return { after: was, told: undefined };
  const after: Standing = { ...was, state: 'resolved', suppressedBy: null };
  return { after, told: { state: 'resolved', reason, by: null } };
}

function acknowledged(was: Standing, { at, by }: { at: number; by: string }): Step {
  if (was.state === 'resolved' || was.state === 'acknowledged')
    return { after: was, told: undefined };
  const after: Standing = {
    ...was,
    state: 'acknowledged',
    acknowledged: { at, by },
    suppressedBy: null,
  };
  return { after, told: { state: 'acknowledged', reason: 'acknowledged', by } };
}

function covered(was: Standing, cover: Cover | undefined): Step {
  if (isFiring(was.state) && cover !== undefined) return suppressed(was, cover);
  if (was.state !== 'suppressed') return { after: was, told: undefined };
  if (cover === undefined) return tell(was, undefined, 'silence-ended');
  const after = cover.id === was.suppressedBy ? was : { ...was, suppressedBy: cover.id };
  return { after, told: undefined };
}
