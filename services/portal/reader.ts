// Who asks: what a key or token lets its holder see.

import type { Role } from '#core/http/roles.ts';

export { roles, type Role } from '#core/http/roles.ts';

export interface Reader {
  /** Of the key or token, for limits on rates and for judgements; never a person's. */
  readonly name: string;
  /** `reader` sees insights of its departments and suppressed counts; `planner` every count; `admin` all there is. */
  readonly role: Role;
  /** Names of the departments whose rows are seen; null for all. */
  readonly departments: readonly string[] | null;
  /** Counts from 1 to one less than this are suppressed; 0 for none. */
  readonly suppressBelow: number;
  readonly mayJudge: boolean;
}

/** Counts below this are suppressed for readers. */
export const usualSuppression = 5;
