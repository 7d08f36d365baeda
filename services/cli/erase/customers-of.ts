// Erasures as the database asks for them: a row for each pseudonym, by hashes alone. Pure.
import type { ErasedCustomer } from '#core/store/erased-customers.ts';
import { subjectOf, ticketsUntil, type Erasure } from '../../archive/erasures.ts';

export function customersOf(erasures: readonly Erasure[]): readonly ErasedCustomer[] {
  return erasures.flatMap((erasure) =>
    erasure.subjects.map(({ hash, token }) => ({
      id: erasure.id,
      hash,
      token: token === null ? null : subjectOf(token),
      until: erasure.requestedAt,
      ticketsUntil: ticketsUntil(erasure),
    })),
  );
}
