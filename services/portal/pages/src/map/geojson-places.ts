// Ranked places of the API's GeoJSON: its flat columns as the answer they were made of, and the shapes beside them.
import type { FeatureCollection, Geometry } from 'geojson';
import type { Estimate, RankAnswer, RankedPlace } from '../../../api/answers.ts';

export type RankedGeojson = FeatureCollection<Geometry | null, Cells> &
  Pick<RankAnswer, 'range' | 'next' | 'unplaced'>;
type Cells = Readonly<Record<string, string | number | boolean | null>>;

export interface ShapedPlace {
  readonly ranked: RankedPlace;
  /** Null where the API has no outline. */
  readonly shape: Geometry | null;
}

export function placesIn({ features }: RankedGeojson): readonly ShapedPlace[] {
  return features.map(({ geometry, properties }) => ({
    ranked: rankedIn(properties),
    shape: geometry?.type === 'Point' ? null : geometry,
  }));
}

const termNames = ['count', 'rate', 'lowerEnd', 'persistence', 'churnRisk', 'reach'] as const;

function rankedIn(cells: Cells): RankedPlace {
  const median = number(cells, 'median_week');
  return {
    rank: number(cells, 'rank') ?? 1,
    place: {
      key: text(cells, 'place'),
      level: text(cells, 'place_level') as RankedPlace['place']['level'],
      name: text(cells, 'place_name'),
      within: text(cells, 'place_within').split(' / ').filter(Boolean),
      lat: number(cells, 'lat'),
      lon: number(cells, 'lon'),
      subscribers: number(cells, 'subscribers'),
    },
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

function estimate(cells: Cells, name: string): Estimate | null {
  const value = number(cells, name);
  const low = number(cells, `${name}_low`);
  const high = number(cells, `${name}_high`);
  return value === null || low === null || high === null ? null : { value, low, high };
}

function number(cells: Cells, name: string): number | null {
  const value = cells[name];
  return typeof value === 'number' ? value : null;
}

function text(cells: Cells, name: string): string {
  return String(cells[name] ?? '');
}
