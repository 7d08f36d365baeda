// What a pass removes, or would remove, by erasure and place.
import type { ErasedFiles } from '../../archive/erase-files.ts';
import type { ErasedPlace } from '../../archive/erasures.ts';

export type Counts = Partial<Record<ErasedPlace, number>>;

export type Tally = ReturnType<typeof createTally>;

export function createTally() {
  const counts = new Map<string, Counts>();
  const add = (id: string, place: ErasedPlace, count: number): void => {
    if (count === 0) return;
    const of = counts.get(id) ?? {};
    of[place] = (of[place] ?? 0) + count;
    counts.set(id, of);
  };
  return {
    add,
    addFiles({ rows }: ErasedFiles) {
      for (const [id, of] of rows)
        for (const [name, count] of Object.entries(of))
          add(id, `archive ${name}` as ErasedPlace, count);
    },
    of: (id: string): Counts => counts.get(id) ?? {},
  };
}

/** Rows of the archive's files among what was counted. */
export function archivedIn(counts: Counts): number {
  return Object.entries(counts).reduce(
    (sum, [place, rows]) => (place.startsWith('archive ') ? sum + rows : sum),
    0,
  );
}
