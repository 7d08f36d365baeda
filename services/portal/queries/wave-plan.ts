// The plan's lines as waves: their areas, technologies and days. Pure.
import type { PlannedArea } from '../waves/plan.ts';

export interface WaveArea {
  readonly area: string;
  /** The latest of its technologies; null until all are finished. */
  readonly finishedOn: string | null;
}

export interface Wave {
  readonly wave: string;
  /** In the order of their names. */
  readonly technologies: readonly string[];
  readonly areas: readonly WaveArea[];
  /** The earliest of its areas. */
  readonly plannedOn: string;
  /** The latest of its areas; null until all are finished. */
  readonly finishedOn: string | null;
}

/** By the day planned, then by name, so that wave 2 comes before wave 10. */
export function wavesOf(lines: readonly PlannedArea[]): Wave[] {
  const byWave = Map.groupBy(lines, ({ wave }) => wave);
  return [...byWave].map(([wave, own]) => waveOf(wave, own)).toSorted(compareWaves);
}

function waveOf(wave: string, lines: readonly PlannedArea[]): Wave {
  const byArea = Map.groupBy(lines, ({ area }) => area);
  const areas = [...byArea].map(([area, own]) => ({
    area,
    finishedOn: latest(own.map(({ finishedOn }) => finishedOn)),
  }));
  return {
    wave,
    technologies: [...new Set(lines.map(({ technology }) => technology))].toSorted(compareNames),
    areas: areas.toSorted((a, b) => compareNames(a.area, b.area)),
    plannedOn: lines.map(({ plannedOn }) => plannedOn).reduce((a, b) => (a < b ? a : b)),
    finishedOn: latest(areas.map(({ finishedOn }) => finishedOn)),
  };
}

/** Null when one of them is; days compare as text. */
function latest(days: readonly (string | null)[]): string | null {
  return days.reduce((a, b) => (a === null || b === null ? null : a > b ? a : b));
}

function compareWaves(a: Wave, b: Wave): number {
  if (a.plannedOn !== b.plannedOn) return a.plannedOn < b.plannedOn ? -1 : 1;
  return compareNames(a.wave, b.wave);
}

/** Numbers in names count as numbers. By hand: the first use of Intl costs a start 50 ms. */
function compareNames(a: string, b: string): number {
  const [left, right] = [a, b].map((name) =>
    name.replace(/\d+/g, (digits) => digits.padStart(12, '0')),
  );
  return left! < right! ? -1 : left! > right! ? 1 : 0;
}
