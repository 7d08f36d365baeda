// What people do to alerts, as the HTTP side needs it; whoever composes the service brings it.
import { Problem } from '#core/http/problem.ts';
import type { Reader } from '../reader.ts';
import type { Rights } from './answers.ts';

export interface Acknowledgement {
  readonly incidentId: string;
  /** Name of the key or token. */
  readonly by: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export interface AlertActions {
  /**
   * Writes it with its transition and what is to be delivered, in one transaction: `unchanged` where somebody had done
   * so before, `over` where there is nothing to have in hand.
   * @throws SignpostError as `Db` does
   */
  acknowledge(action: Acknowledgement): Promise<'acknowledged' | 'unchanged' | 'over' | 'unknown'>;
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
