// Which silence or maintenance window covers an incident. Pure.
import { placeLevels, type SightingPlace } from '../sighting.ts';
import type { Cover } from './lifecycle.ts';

export interface Silence extends Cover {
  /** Place and all that lies in it, by its known names; null for everywhere. */
  readonly path: SightingPlace | null;
  /** Null for all. */
  readonly themes: readonly string[] | null;
  readonly product: string | null;
  /** Milliseconds since the epoch; `until` is the first moment after it, and comes earlier where it was ended. */
  readonly from: number;
  readonly until: number;
  readonly comment: string;
}

/** What an incident is about. */
export interface Subject {
  readonly path: SightingPlace;
  readonly themes: readonly string[];
  readonly product: string | null;
}

/** The one that covers it longest; undefined where none does at that moment. */
export function coverOf(
  silences: readonly Silence[],
  subject: Subject,
  at: number,
): Silence | undefined {
  return silences
    .filter((silence) => isAt(silence, at) && covers(silence, subject))
    .reduce<Silence | undefined>(
      (longest, each) =>
        longest === undefined ||
        each.until > longest.until ||
        (each.until === longest.until && each.id < longest.id)
          ? each
          : longest,
      undefined,
    );
}

/**
 * The incident must lie in the silence wholly: a silence for a street says nothing of a city, one for outages nothing
 * of an incident that is about bills as well. Names are compared in any case, since people write them.
 */
export function covers(silence: Omit<Silence, 'from' | 'until'>, subject: Subject): boolean {
  const { path, themes, product } = silence;
  return (
    (path === null || isWithin(subject.path, path)) &&
    (themes === null || subject.themes.every((theme) => hasName(themes, theme))) &&
    (product === null || (subject.product !== null && isSame(subject.product, product)))
  );
}

export function isAt({ from, until }: Pick<Silence, 'from' | 'until'>, at: number): boolean {
  return from <= at && at < until;
}

/** Whether a place is the other or lies in it, by the names that the other has. */
export function isWithin(place: SightingPlace, other: SightingPlace): boolean {
  return placeLevels.every((level) => {
    const wanted = other[level];
    const name = place[level];
    return wanted === null || (name !== null && isSame(name, wanted));
  });
}

/** Whether one of the places lies in the other. */
export function isOnBranch(a: SightingPlace, b: SightingPlace): boolean {
  return isWithin(a, b) || isWithin(b, a);
}

function hasName(names: readonly string[], name: string): boolean {
  return names.some((each) => isSame(each, name));
}

function isSame(a: string, b: string): boolean {
  return a === b || a.toLowerCase() === b.toLowerCase();
}
