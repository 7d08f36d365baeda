// Whose words a dead letter or an intake record holds: customers are named there as the sources name them, so that it takes
// the pseudonym keys to tell. Nothing here keeps an id.
import type { RejectedRecord } from '#schemas/rejected-record.ts';
import type { Erased, Spoken, Taken } from '../../archive/erasures.ts';
import { createPseudonymizer, type PseudonymKey } from '../../normalize/pseudonym.ts';
import { decodeValue } from '../decode-value.ts';

export interface LetterJudge {
  /** The erasure that takes a dead letter. */
  letter(letter: RejectedRecord): Taken | undefined;
  /** The erasure that takes what a customer of this id said. */
  customer(id: string | null, spoken: Omit<Spoken, 'customer'>): Taken | undefined;
}

/** As long ids are, and nothing that is text. */
const mostLetters = 80;
const tokens = /[\p{L}\p{N}][\p{L}\p{N}\p{M}._:@+/-]*/gu;

/** @param raw the person's own id and erasure, where it was named by it: then what cannot be decoded is searched for it */
export function createLetterJudge(
  keys: readonly PseudonymKey[],
  erased: Erased,
  raw?: { readonly id: string; readonly taken: Taken },
): LetterJudge {
  const pseudonymizers = keys.map((key) => createPseudonymizer([key]));
  const customer: LetterJudge['customer'] = (id, spoken) => {
    if (id === null || id === '') return undefined;
    for (const pseudonym of pseudonymizers) {
      const taken = erased.of({ ...spoken, customer: pseudonym('', id) });
      if (taken !== undefined) return taken;
    }
    return undefined;
  };
  return {
    customer,
    letter({ payload, key, rejectedAt }) {
      const spoken = { receivedAt: rejectedAt, kind: 'post', revision: 1 } as const;
      const decoded = decodeValue(payload);
      if (decoded.kind === 'record') {
        const named = namedIn(decoded.value);
        const taken =
          customer(named.id, { ...spoken, receivedAt: named.receivedAt ?? rejectedAt }) ??
          erased.of({ ...spoken, customer: named.pseudonym });
        if (taken !== undefined) return taken;
      }
      const text = `${key ?? ''} ${Buffer.from(payload).toString('utf8')}`;
      for (const [token] of text.matchAll(tokens)) {
        if (token.length > mostLetters) continue;
        const taken = customer(token.replace(/[._:@+/-]+$/, ''), spoken);
        if (taken !== undefined) return taken;
      }
      if (raw !== undefined && rejectedAt <= raw.taken.erasure.requestedAt && names(text, raw.id))
        return raw.taken;
      return undefined;
    },
  };
}

interface Named {
  readonly id: string | null;
  readonly pseudonym: string | null;
  readonly receivedAt: number | null;
}

/** Of any record that there is. */
function namedIn(value: unknown): Named {
  const { customerId, authorId, customer, signal, receivedAt } = value as Record<string, unknown>;
  if (typeof signal === 'object' && signal !== null) return namedIn(signal);
  const text = (of: unknown): string | null => (typeof of === 'string' ? of : null);
  return {
    id: text(customerId) ?? text(authorId),
    pseudonym: text(customer),
    receivedAt: typeof receivedAt === 'number' ? receivedAt : null,
  };
}

const isLetter = /[\p{L}\p{N}]/u;

/** Whether the id stands there for itself, not within a longer word or number. */
function names(text: string, id: string): boolean {
  for (let at = text.indexOf(id); at >= 0; at = text.indexOf(id, at + 1)) {
    const before = text[at - 1] ?? ' ';
    const after = text[at + id.length] ?? ' ';
    if (!isLetter.test(before) && !isLetter.test(after)) return true;
  }
  return false;
}
