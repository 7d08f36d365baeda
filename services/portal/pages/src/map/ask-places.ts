// The places of the map and the list: one question to the ranking, hexes with their outlines.
import { useMemo } from 'preact/hooks';
import type { RankAnswer } from '../../../api/answers.ts';
import { useAddress } from '../address/use-address.ts';
import { addressOf, type Params, type Problem } from '../api/get.ts';
import { useScope } from '../api/session.tsx';
import { useAnswer } from '../api/use-answer.ts';
import { placesIn, type RankedGeojson, type ShapedPlace } from './geojson-places.ts';
import type { MapState } from './map-state.ts';
import { measureOf } from './measures.ts';

/** As many as the API gives in one answer. */
const mostPlaces = 10_000;

export interface Places {
  readonly shown: readonly ShapedPlace[];
  /** Tickets in the range that name no place of the level; null where that is withheld. */
  readonly unplaced: number | null;
  /** There are more places than one answer holds. */
  readonly isCut: boolean;
  /** True from the first answer on. */
  readonly isKnown: boolean;
  readonly isLoading: boolean;
  readonly problem: Problem | null;
  readonly again: () => void;
  /** Changes with level and place, not with time, themes and measure: then the view stays where it is. */
  readonly about: string;
  /** Address of the same as a file. */
  readonly fileAddress: (format: 'csv' | 'geojson' | 'parquet') => string;
}

export function usePlaces(state: MapState): Places {
  const scope = useScope();
  const place = useAddress().query.get('place') ?? '';
  const { level } = state;
  const isHex = level.startsWith('h3-');
  const params: Params = {
    ...scope,
    theme: state.themes,
    level,
    by: measureOf(state.measure).order,
    limit: mostPlaces,
  };
  const path = scope === null ? null : '/v1/areas/rank';
  // One path each, so that hexes never stand in for regions while those are under way.
  const listed = useAnswer<RankAnswer>(isHex ? null : path, params);
  const hexes = useAnswer<RankedGeojson>(isHex ? path : null, { ...params, format: 'geojson' });
  const asked = isHex ? hexes : listed;
  const answer =
    levelIn(asked.answer) === level || levelIn(asked.answer) === null ? asked.answer : null;
  const shown = useMemo(() => shapedIn(answer), [answer]);
  return {
    shown,
    unplaced: answer?.unplaced ?? null,
    isCut: typeof answer?.next === 'string',
    isKnown: answer !== null,
    isLoading: scope === null || asked.isLoading,
    problem: asked.problem,
    again: asked.again,
    about: `${level} ${place}`,
    fileAddress: (format) => addressOf('/v1/areas/rank', { ...params, format }),
  };
}

/** The level an answer is of: while another one is under way the map shows nothing of the one before. */
function levelIn(answer: RankAnswer | RankedGeojson | null): string | null {
  if (answer === null) return null;
  if ('places' in answer) return answer.level;
  const level = answer.features[0]?.properties['place_level'];
  return typeof level === 'string' ? level : null;
}

function shapedIn(answer: RankAnswer | RankedGeojson | null): readonly ShapedPlace[] {
  if (answer === null) return [];
  return 'places' in answer
    ? answer.places.map((ranked) => ({ ranked, shape: null }))
    : placesIn(answer);
}
