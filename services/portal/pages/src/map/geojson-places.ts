// Places of the API's GeoJSON: its flat columns as the answers they were made of, and the shapes beside them.
import type { FeatureCollection, Geometry } from 'geojson';
import type { Estimate, Figures, Place, RankAnswer, RankedPlace } from '../../../api/answers.ts';
import { placeOfFigures, type Ends, type ShapedPlace } from './map-place.ts';

export type PlacesGeojson = FeatureCollection<Geometry | null, Cells> &
  Pick<RankAnswer, 'range' | 'next' | 'unplaced' | 'notices'>;
type Cells = Readonly<Record<string, string | number | boolean | null>>;

/** Of the ranking or of aggregates by place: the first has ranks. What names no place is left out. */
export function placesIn({ features }: PlacesGeojson): readonly ShapedPlace[] {
  return features.flatMap(({ geometry, properties }): ShapedPlace[] => {
    const place = placeIn(properties);
    if (place === null) return [];
    const ranked =
      'rank' in properties
        ? { ...rankedIn(place, properties), figures: null }
        : placeOfFigures(place, figuresIn(properties));
    return [{ ranked, shape: geometry?.type === 'Point' ? null : geometry }];
  });
}

const termNames = ['count', 'rate', 'lowerEnd', 'persistence', 'churnRisk', 'reach'] as const;

function placeIn(cells: Cells): Place | null {
  const key = cells['place'];
  if (typeof key !== 'string' || key === '') return null;
  return {
    key,
    level: text(cells, 'place_level') as Place['level'],
    name: text(cells, 'place_name'),
    within: text(cells, 'place_within').split(' / ').filter(Boolean),
    lat: number(cells, 'lat'),
    lon: number(cells, 'lon'),
    subscribers: number(cells, 'subscribers'),
  };
}

function rankedIn(place: Place, cells: Cells): RankedPlace {
  const median = number(cells, 'median_week');
  return {
    rank: number(cells, 'rank') ?? 1,
    place,
    suppressed: cells['suppressed'] === true,
    tickets: number(cells, 'tickets'),
    rate: estimate(cells, 'rate'),
    weeks:
      median === null
        ? null
        : {
            whole: number(cells, 'whole_weeks') ?? 0,
            median,
            burstShare: number(cells, 'burst_share') ?? 0,
            spikes: number(cells, 'spikes') ?? 0,
          },
    busyHourShare: estimate(cells, 'busy_hour_share'),
    churnRisk: number(cells, 'churn_risk'),
    churnRiskInterval: ends(cells, 'churn_risk'),
    score: number(cells, 'score'),
    terms: termNames.flatMap((name) => termIn(cells, name)),
  };
}

function termIn(cells: Cells, name: (typeof termNames)[number]): RankedPlace['terms'] {
  const prefix = `term_${name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`;
  const points = number(cells, `${prefix}_points`);
  if (points === null) return [];
  return [
    {
      name,
      value: number(cells, `${prefix}_value`),
      share: number(cells, `${prefix}_share`) ?? 0,
      weight: number(cells, `${prefix}_weight`) ?? 0,
      points,
    },
  ];
}

function figuresIn(cells: Cells): Figures {
  return {
    suppressed: cells['suppressed'] === true,
    opened: number(cells, 'opened'),
    reopened: number(cells, 'reopened'),
    resolved: number(cells, 'resolved'),
    stillOpen: number(cells, 'still_open'),
    customers: number(cells, 'customers'),
    medianHoursToResolve: number(cells, 'median_hours_to_resolve'),
    p90HoursToResolve: number(cells, 'p90_hours_to_resolve'),
    meanSentiment: number(cells, 'mean_sentiment'),
    meanSentimentInterval: ends(cells, 'mean_sentiment'),
    severities: {},
    posts: number(cells, 'posts'),
    surveyAnswers: number(cells, 'survey_answers'),
    meanCsat: number(cells, 'mean_csat'),
    meanCsatInterval: ends(cells, 'mean_csat'),
    meanCes: number(cells, 'mean_ces'),
    meanCesInterval: ends(cells, 'mean_ces'),
    nps: number(cells, 'nps'),
    npsInterval: ends(cells, 'nps'),
    rate: estimate(cells, 'rate'),
  };
}

function estimate(cells: Cells, name: string): Estimate | null {
  const value = number(cells, name);
  const known = ends(cells, name);
  return value === null || known === null ? null : { value, ...known };
}

function ends(cells: Cells, name: string): Ends | null {
  const low = number(cells, `${name}_low`);
  const high = number(cells, `${name}_high`);
  return low === null || high === null ? null : { low, high };
}

function number(cells: Cells, name: string): number | null {
  const value = cells[name];
  return typeof value === 'number' ? value : null;
}

function text(cells: Cells, name: string): string {
  return String(cells[name] ?? '');
}
