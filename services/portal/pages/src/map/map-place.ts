// A place of the map: what the ranking says of it, and where its figures were asked for, those.
import type { Geometry } from 'geojson';
import type {
  AggregatesAnswer,
  Estimate,
  Figures,
  Place,
  RankedPlace,
} from '../../../api/answers.ts';

/** Of a 95 % interval. */
export type Ends = Pick<Estimate, 'low' | 'high'>;

export interface MapPlace extends RankedPlace {
  /** Null where the ranking was asked. */
  readonly figures: Figures | null;
}

export interface ShapedPlace {
  readonly ranked: MapPlace;
  /** Null where the API has no outline: all but hexes. */
  readonly shape: Geometry | null;
}

/** Of the figures of a place what the ranking would say too; the rest is not known. */
export function placeOfFigures(place: Place, figures: Figures): MapPlace {
  const { suppressed, opened, rate } = figures;
  return {
    rank: 1,
    place,
    suppressed,
    tickets: opened,
    rate,
    weeks: null,
    busyHourShare: null,
    churnRisk: null,
    churnRiskInterval: null,
    score: null,
    terms: [],
    figures,
  };
}

export function placesOfRows({ rows }: AggregatesAnswer): readonly MapPlace[] {
  return rows.flatMap(({ place, ...figures }) =>
    place === null ? [] : [placeOfFigures(place, figures)],
  );
}
