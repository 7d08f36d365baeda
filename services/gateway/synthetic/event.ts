// What the generator gives out: a record as the HTTP intake accepts it, and beside it what was meant by it.
import type { Department, Theme } from './phrases/topic.ts';

export type SyntheticKind = 'tickets' | 'posts' | 'surveys';

/**
 * What sets a record apart: sent again with the same id, sent hours after it happened, an update of a
 * ticket, written by the provider itself, holding personal data or hostile text, saying nothing in words.
 */
export type Trait =
  | 'duplicate'
  | 'late'
  | 'update'
  | 'company'
  | 'personal-data'
  | 'hostile-text'
  | 'no-words';

/** What was meant; for measuring a classifier or a detector, never sent on. */
export interface Truth {
  readonly departments: readonly Department[];
  readonly theme: Theme;
  readonly sentiment: -1 | 0 | 1;
  readonly churn: boolean;
  /** The event of the world behind it (world.ts); null for everyday matters. */
  readonly worldEventId: string | null;
  readonly outageId: string | null;
  readonly campaignId: string | null;
  readonly traits: readonly Trait[];
}

/** `at`: when it reaches the intake, ms since the epoch (`input.occurredAt` is when it happened). */
export interface SyntheticEvent {
  readonly at: number;
  readonly kind: SyntheticKind;
  readonly source: string;
  readonly input: Record<string, unknown>;
  readonly truth: Truth;
}
