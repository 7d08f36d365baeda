// What a customer may be talking about, and the words for it. Labels follow the rubric in docs/synthetic-data.md.

export type Department =
  | 'operations'
  | 'planning'
  | 'marketing'
  | 'customer-service'
  | 'billing'
  | 'it';

export type Theme =
  | 'outage'
  | 'unstable-service'
  | 'slow-speed'
  | 'data-cap'
  | 'coverage'
  | 'call-or-message'
  | 'tv-service'
  | 'equipment'
  | 'installation-or-technician'
  | 'billing-error'
  | 'price'
  | 'offer-or-contract'
  | 'cancellation'
  | 'contact-experience'
  | 'app-or-website'
  | 'account-access'
  | 'privacy-or-fraud'
  | 'product-wish'
  | 'brand-feeling'
  | 'general-fault'
  | 'none';

/** Phrases as grammar.ts reads them: `[a|b]` is a choice, `{slot}` a fact or a list of vocabulary.ts. */
export interface Wording {
  /** Names of tickets. */
  readonly titles: readonly string[];
  /** Whole sentences that say the matter by themselves. */
  readonly reports: readonly string[];
  /** Further sentences that only follow a report. */
  readonly details: readonly string[];
  /** The matter in few words, as in a post or a survey answer. */
  readonly short: readonly string[];
}

/**
 * `access` says which of the customer's lines it is about; `weights` how often it is the subject on an
 * ordinary day, per kind of record (0: only in the events of the world or as praise or indifference).
 */
export interface Topic extends Wording {
  readonly key: string;
  readonly theme: Theme;
  readonly departments: readonly Department[];
  readonly sentiment: -1 | 0 | 1;
  readonly churn?: true;
  readonly access: 'fixed' | 'mobile' | 'any';
  readonly weights: readonly [tickets: number, posts: number, surveys: number];
  readonly spanish?: Wording;
}

/** A sentence added to another matter, which makes it of concern to these departments too. */
export interface Rider {
  readonly departments: readonly Department[];
  readonly churn?: true;
  readonly texts: readonly string[];
}
