// Pages of an answer: in an order that does not depend on where a page ends, with a cursor that says where it did.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { QuestionRefused } from '../api/queries.ts';
import type { Range } from './range.ts';

/** What rows are ordered by: null is last. */
export type SortValue = number | null;

const content = z.strictObject({
  /** Of the question, so that a cursor is not taken for one of another. */
  q: z.string(),
  from: z.iso.datetime(),
  to: z.iso.datetime(),
  after: z.tuple([z.number().nullable(), z.string()]),
});

export interface Position {
  /** The range of the page before, since the usual one moves with time. */
  readonly range: Range;
  readonly after: readonly [SortValue, string];
}

/** A question but for where a page begins and how long it is. */
type Asked = Readonly<Record<string, unknown>>;

export function writeCursor(question: Asked, { range, after }: Position): string {
  const { from, to } = range;
  const said: z.input<typeof content> = {
    q: fingerprint(question),
    from: from.toISOString(),
    to: to.toISOString(),
    after: [after[0], after[1]],
  };
  return Buffer.from(JSON.stringify(said)).toString('base64url');
}

export const cursorSays = 'must be `next` of an answer to the same question';

/** Whether some answer may have given it, to this question or another. */
export function isCursor(text: string): boolean {
  return content.safeParse(decoded(text)).success;
}

/**
 * Where the page before ended; undefined for the first.
 * @throws QuestionRefused for what no answer to this question gave
 */
export function readCursor(
  question: Asked & { readonly cursor?: string | undefined },
): Position | undefined {
  if (question.cursor === undefined) return undefined;
  const parsed = content.safeParse(decoded(question.cursor));
  if (!parsed.success || parsed.data.q !== fingerprint(question)) {
    throw new QuestionRefused('cursor', cursorSays);
  }
  const { from, to, after } = parsed.data;
  return { range: { from: new Date(from), to: new Date(to) }, after };
}

function decoded(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}

function fingerprint(question: Asked): string {
  const { cursor: _cursor, limit: _limit, ...asked } = question;
  const text = JSON.stringify(
    Object.entries(asked).toSorted(([one], [other]) => (one < other ? -1 : 1)),
  );
  return createHash('sha256').update(text).digest('base64url').slice(0, 16);
}

export interface Sortable {
  readonly value: SortValue;
  /** Tells rows apart, and orders those of the same value. */
  readonly key: string;
}

/** The page after `after`, how many rows come before it, and whether there is another page. */
export function pageOf<T extends Sortable>(
  rows: readonly T[],
  order: { readonly descending: boolean; readonly limit: number },
  after: Position['after'] | undefined,
): { readonly page: readonly T[]; readonly start: number; readonly more: boolean } {
  const compare = (one: Sortable, other: Sortable): number =>
    compared(one, other, order.descending);
  const sorted = rows.toSorted(compare);
  const start =
    after === undefined
      ? 0
      : sorted.findIndex((row) => compare(row, { value: after[0], key: after[1] }) > 0);
  if (start < 0) return { page: [], start: rows.length, more: false };
  const end = start + order.limit;
  return { page: sorted.slice(start, end), start, more: end < sorted.length };
}

function compared(one: Sortable, other: Sortable, descending: boolean): number {
  if (one.value !== other.value) {
    if (one.value === null) return 1;
    if (other.value === null) return -1;
    return descending ? other.value - one.value : one.value - other.value;
  }
  return one.key < other.key ? -1 : one.key > other.key ? 1 : 0;
}
