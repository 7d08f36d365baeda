// The rows of one feed: what is shown, and what came since and waits to be asked for. Pure.
import type { InsightAnswer } from '../../../api/answers.ts';
import type { Problem } from '../api/get.ts';

export interface Column {
  /** Newest first. */
  readonly shown: readonly InsightAnswer[];
  /** Newest first; not shown yet. */
  readonly waiting: readonly InsightAnswer[];
  /** More waits than is kept: what there is must be asked for anew. */
  readonly isCut: boolean;
  /** Of the next older page; null for none. */
  readonly next: string | null;
  readonly is: 'loading' | 'ready' | 'failed';
  readonly problem: Problem | null;
}

export const emptyColumn: Column = {
  shown: [],
  waiting: [],
  isCut: false,
  next: null,
  is: 'loading',
  problem: null,
};

export const mostWaiting = 500;

/** A row came in. Where nothing is shown that could move it is shown at once, else it waits. */
export function arrived(column: Column, insight: InsightAnswer): Column {
  if (column.shown.some(({ id }) => id === insight.id)) return column;
  if (column.is === 'ready' && column.shown.length === 0) return { ...column, shown: [insight] };
  if (column.isCut) return column;
  const waiting = [insight, ...without(column.waiting, [insight])];
  return waiting.length > mostWaiting ? cut(column) : { ...column, waiting };
}

/** More came in than was told or is kept. */
export function cut(column: Column): Column {
  return { ...column, waiting: [], isCut: true };
}

/** What waits comes above what is shown; an update takes the place of what it updates. */
export function asked(column: Column): Column {
  const { shown, waiting } = column;
  return { ...column, shown: [...waiting, ...without(shown, waiting)], waiting: [] };
}

/** The first page, and what came in after it was asked for stays waiting. */
export function begun(
  column: Column,
  insights: readonly InsightAnswer[],
  next: string | null,
): Column {
  const ids = new Set(insights.map(({ id }) => id));
  const waiting = column.isCut ? [] : column.waiting.filter(({ id }) => !ids.has(id));
  const begunColumn: Column = { ...emptyColumn, shown: insights, waiting, next, is: 'ready' };
  return insights.length === 0 ? asked(begunColumn) : begunColumn;
}

export function continued(
  column: Column,
  insights: readonly InsightAnswer[],
  next: string | null,
): Column {
  const older = without(insights, [...column.shown, ...column.waiting]);
  return { ...column, shown: [...column.shown, ...older], next, is: 'ready', problem: null };
}

/** What was there stays. */
export function failed(column: Column, problem: Problem): Column {
  return { ...column, is: 'failed', problem };
}

function without(
  rows: readonly InsightAnswer[],
  others: readonly InsightAnswer[],
): readonly InsightAnswer[] {
  if (others.length === 0) return rows;
  const things = new Set(others.map(({ thing }) => thing));
  return rows.filter(({ thing }) => !things.has(thing));
}
