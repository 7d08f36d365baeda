// What the address says of the map: level, measure, themes, wave, the place that is open, map or table.
import { useMemo } from 'preact/hooks';
import type { FacetsAnswer } from '../../../api/answers.ts';
import type { Address } from '../address/address.ts';
import { useAddress } from '../address/use-address.ts';
import { listIn } from '../api/get.ts';
import { useSession } from '../api/session.tsx';
import { measures, usualMeasure, type MeasureKey } from './measures.ts';

export interface MapState {
  readonly level: string;
  readonly measure: MeasureKey;
  readonly themes: readonly string[];
  readonly wave: string | null;
  /** Key of the place whose drawer is open. */
  readonly opened: string | null;
  readonly isTable: boolean;
}

/** Levels that can be shown, in the order they are offered. */
export const mapLevels = [
  'country',
  'region',
  'city',
  'area',
  'postcode',
  'site',
  'h3-4',
  'h3-6',
  'h3-8',
] as const;

/** Which of them there are places of. */
export function levelsOf(facets: FacetsAnswer | null): readonly string[] {
  const known = new Set<string>(
    (facets?.levels ?? []).filter(({ places }) => places > 0).map(({ level }) => level),
  );
  return mapLevels.filter((level) => known.has(level));
}

export function mapStateOf({ query }: Address, facets: FacetsAnswer | null): MapState {
  const asked = query.get('level');
  const level = mapLevels.find((each) => each === asked) ?? usualLevel(facets);
  const measure = measures.find(({ key }) => key === query.get('measure'))?.key;
  return {
    level,
    measure: measure ?? usualMeasure(facets, level),
    themes: listIn(query.get('theme')),
    wave: query.get('wave'),
    opened: query.get('open'),
    isTable: query.get('view') === 'table',
  };
}

/** A planner begins with the whole country: with its regions where they are enough to compare, else one level down. */
function usualLevel(facets: FacetsAnswer | null): string {
  const levels = facets?.levels ?? [];
  const wanted = ['region', 'area', 'city', 'postcode', 'h3-4', 'h3-6', 'country'];
  const withAtLeast = (count: number): string | undefined =>
    wanted.find((level) => levels.some((each) => each.level === level && each.places >= count));
  return withAtLeast(fewRegions) ?? withAtLeast(1) ?? 'region';
}

const fewRegions = 5;

export function useMapState(): MapState {
  const address = useAddress();
  const { facets } = useSession();
  return useMemo(() => mapStateOf(address, facets.answer), [address, facets.answer]);
}
