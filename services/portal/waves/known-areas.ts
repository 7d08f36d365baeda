// Names of areas in a plan against those that the gazetteer and signals have: another spelling of a known one is taken
// for it, and of an unknown one the nearest is told. Pure.
import { nearest } from '#core/nearest.ts';
import { tidyName } from '#core/place-name.ts';
import type { PlanLine } from './plan.ts';

export interface UnknownArea {
  readonly area: string;
  /** The first that names it. */
  readonly line: number;
  /** A known area that may be meant. */
  readonly nearest: string | null;
}

export interface Recognised {
  /** With areas spelt as they are known. */
  readonly lines: readonly PlanLine[];
  /** Areas that were spelt otherwise. */
  readonly respelt: readonly { readonly area: string; readonly known: string }[];
  /** None where no area is known at all. */
  readonly unknown: readonly UnknownArea[];
}

/** Each is compared with all known names. */
const mostCompared = 100;

export function recognise(lines: readonly PlanLine[], known: readonly string[]): Recognised {
  if (known.length === 0) return { lines, respelt: [], unknown: [] };
  const exact = new Set(known);
  const folded = new Map(known.map((area) => [fold(area), area]));
  const respelt = new Map<string, string>();
  const unknown = new Map<string, UnknownArea>();
  const recognised = lines.map((each) => {
    const { area, line } = each;
    if (exact.has(area)) return each;
    const spelling = folded.get(fold(area));
    if (spelling !== undefined) {
      respelt.set(area, spelling);
      return { ...each, area: spelling };
    }
    if (!unknown.has(area)) {
      const meant = unknown.size < mostCompared ? (nearest(area, known) ?? null) : null;
      unknown.set(area, { area, line, nearest: meant });
    }
    return each;
  });
  return {
    lines: recognised,
    respelt: [...respelt].map(([area, spelt]) => ({ area, known: spelt })),
    unknown: [...unknown.values()],
  };
}

/** Case, and what is tidied, make no other area. */
function fold(area: string): string {
  return tidyName(area).toLowerCase();
}
