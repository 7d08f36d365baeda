// The places of the map and the list: one question, to the ranking or for figures by place; hexes with their outlines.
import { useMemo } from 'preact/hooks';
import type { AggregatesAnswer, Notice, RankAnswer } from '../../../api/answers.ts';
import { useAddress } from '../address/use-address.ts';
import { addressOf, type Params, type Problem } from '../api/get.ts';
import { useScope } from '../api/session.tsx';
import { useAnswer } from '../api/use-answer.ts';
import { placesIn, type PlacesGeojson } from './geojson-places.ts';
import { placesOfRows, type ShapedPlace } from './map-place.ts';
import type { MapState } from './map-state.ts';
import { measureOf } from './measures.ts';

/** As many as the API gives in one answer. */
const mostPlaces = 10_000;

export interface Places {
  readonly shown: readonly ShapedPlace[];
  /** Tickets in the range that name no place of the level; null where that is withheld. */
  readonly unplaced: number | null;
  /** What the question names that there is not. */
  readonly notices: readonly Notice[];
  /** There are more places than one answer holds. */
  readonly isCut: boolean;
  /** True from the first answer on. */
  readonly isKnown: boolean;
  readonly isLoading: boolean;
  readonly problem: Problem | null;
  readonly again: () => void;
  /** Changes with level, place and what is counted, not with time and themes: then the view stays where it is. */
  readonly about: string;
  /** Address of the same as a file. */
  readonly fileAddress: (format: 'csv' | 'geojson' | 'parquet') => string;
}

type Answer = RankAnswer | AggregatesAnswer | PlacesGeojson;

export function usePlaces(state: MapState): Places {
  const scope = useScope();
  const place = useAddress().query.get('place') ?? '';
  const { level, themes } = state;
  const { order, counts } = measureOf(state.measure);
  const path = order === null ? '/v1/aggregates' : '/v1/areas/rank';
  const params: Params = {
    ...scope,
    theme: themes,
    ...(order === null ? { groupBy: level, order: `-${counts}` } : { level, by: order }),
    limit: mostPlaces,
  };
  const isHex = level.startsWith('h3-');
  const asked = useAnswer<Answer>(
    scope === null ? null : path,
    isHex ? { ...params, format: 'geojson' } : params,
  );
  // While another level is under way the map shows nothing of the one before.
  const answered = useMemo(() => shapedIn(asked.answer), [asked.answer]);
  const isOther = answered.length > 0 && answered[0]!.ranked.place.level !== level;
  const answer = isOther ? null : asked.answer;
  return {
    shown: isOther ? none : answered,
    unplaced: answer?.unplaced ?? null,
    notices: answer?.notices ?? [],
    isCut: typeof answer?.next === 'string',
    isKnown: answer !== null,
    isLoading: scope === null || asked.isLoading,
    problem: asked.problem,
    again: asked.again,
    about: `${level} ${counts} ${place}`,
    fileAddress: (format) => addressOf(path, { ...params, format }),
  };
}

const none: readonly ShapedPlace[] = [];

function shapedIn(answer: Answer | null): readonly ShapedPlace[] {
  if (answer === null) return none;
  if ('features' in answer) return placesIn(answer);
  const places =
    'places' in answer
      ? answer.places.map((ranked) => ({ ...ranked, figures: null }))
      : placesOfRows(answer);
  return places.map((ranked) => ({ ranked, shape: null }));
}
