// What people do to alerts, as the HTTP side needs it; whoever composes the service brings it.
import { Problem } from '#core/http/problem.ts';
import type { StoredPath } from '#core/store/alert-tables.ts';
import type { NamedLevel } from '../queries/place-keys.ts';
import type { Reader } from '../reader.ts';
import type { Rights } from './answers.ts';

/** Who does it, by the name of the key or token, and when in milliseconds since the epoch. */
export interface Doing {
  readonly by: string;
  readonly at: number;
}

export interface Acknowledging extends Doing {
  /** Without personal data. */
  readonly comment?: string | undefined;
}

export interface NewSilence {
  readonly kind: 'silence' | 'maintenance';
  /** A place and all that lies in it; null for everywhere. */
  readonly place: { readonly level: NamedLevel; readonly path: StoredPath } | null;
  /** Null for all. */
  readonly themes: readonly string[] | null;
  readonly product: string | null;
  /** Milliseconds since the epoch; `until` is after `from`. */
  readonly from: number;
  readonly until: number;
  readonly comment: string;
  readonly by: string;
}

/**
 * Each writes what is done with the transitions and deliveries that follow from it.
 * @throws SignpostError as `Db` does, all of them
 */
export interface AlertActions {
  acknowledge(
    incidentId: string,
    doing: Acknowledging,
  ): Promise<'acknowledged' | 'already-acknowledged' | 'over' | 'unknown'>;
  /** @returns its id */
  addSilence(silence: NewSilence, now: number): Promise<string>;
  endSilence(id: string, doing: Doing): Promise<'ended' | 'already-over' | 'unknown'>;
}

/**
 * Whoever may judge may say that it has an alert in hand. A silence is of all departments, and so not for those who see
 * a part of them.
 */
export function rightsOf({ role, mayJudge, departments }: Reader): Rights {
  const mayAct = mayJudge || role === 'admin';
  return { acknowledge: mayAct, silence: mayAct && departments === null };
}

/** @throws Problem 403 */
export function checkRight(reader: Reader, right: keyof Rights): void {
  if (rightsOf(reader)[right]) return;
  if (right === 'silence' && rightsOf(reader).acknowledge) {
    throw new Problem(403, 'department-not-allowed', 'A silence holds for every department.', {
      hint: `This key sees ${reader.departments?.join(', ') ?? 'all'} alone: acknowledge the alert, or ask somebody who sees all.`,
    });
  }
  throw new Problem(403, 'acting-not-allowed', 'This key reads; it may not act on alerts.', {
    hint: '`signpost keys create --read --kinds judgements` makes one that may.',
  });
}
