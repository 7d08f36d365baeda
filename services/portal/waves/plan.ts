// What a rollout plan consists of: lines, and what may be wrong with a file of them.

/** Columns of the file; `finished` may be missing. */
export const planColumns = ['area', 'wave', 'technology', 'planned', 'finished'] as const;
export type PlanColumn = (typeof planColumns)[number];

/** An area in a wave, with a technology. Days are UTC, `2026-11-29`. */
export interface PlannedArea {
  readonly wave: string;
  readonly area: string;
  readonly technology: string;
  readonly plannedOn: string;
  /** Null while it is not finished. */
  readonly finishedOn: string | null;
}

export interface PlanLine extends PlannedArea {
  /** In the file, from 1. */
  readonly line: number;
}

export const flawReasons = [
  'too-large',
  'not-utf8',
  'quotes',
  'column-missing',
  'column-twice',
  'cells',
  'no-lines',
  'empty',
  'too-long',
  'characters',
  'not-a-day',
  'out-of-range',
  'not-yet',
  'duplicate',
] as const;
export type FlawReason = (typeof flawReasons)[number];

/** Quotes nothing of the file but the name of a column that was misspelt. */
export interface Flaw {
  /** From 1, the header's. */
  readonly line: number;
  /** Null for the line as a whole. */
  readonly column: PlanColumn | null;
  readonly reason: FlawReason;
  readonly detail: string;
}

/** What a file was read as. One with a single flaw is not taken at all. */
export type Plan =
  | {
      readonly ok: true;
      readonly lines: readonly PlanLine[];
      /** Columns that mean nothing here. */
      readonly passedOver: readonly string[];
    }
  | { readonly ok: false; readonly flaws: readonly Flaw[] };

/** `line 7, column planned: it is no day …`. */
export function flawText({ line, column, detail }: Flaw): string {
  return `line ${line}${column === null ? '' : `, column ${column}`}: ${detail}`;
}
