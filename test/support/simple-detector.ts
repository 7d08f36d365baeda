// A detector with rules that a test can see through: in a city, five customers or more of a theme in one bucket begin an
// incident; a further theme widens it; a bucket with one at most ends it; within two hours it rises again.
import {
  bucketMs,
  sliceMs,
  type Change,
  type Detector,
  type DetectorSlice,
  type DetectorOptions,
  type Incident,
} from '../../services/alert/detect/detection.ts';
import type { DetectorForm } from '../../services/alert/detector-state.ts';
import type { Sighting } from '../../services/alert/sighting.ts';

const risen = 5;
const quiet = 1;
const reopenedWithinMs = 2 * 3_600_000;

interface State {
  incidents: Incident[];
  buckets: number;
  /** Of the bucket under way; it decides at its end. */
  filling: Sighting[];
}

export const simpleOptions: DetectorOptions = {
  budgetPerWeek: 1,
  minCustomers: 3,
  warmUpDays: 0,
  latenessMs: 5 * 60_000,
};

export function simpleForm(options: DetectorOptions = simpleOptions): DetectorForm {
  return {
    options,
    release: 1,
    create: () => simpleDetector(options, { incidents: [], buckets: 0, filling: [] }),
    restore: (given, bytes) =>
      simpleDetector(given, JSON.parse(Buffer.from(bytes).toString()) as State),
  };
}

function simpleDetector({ latenessMs }: DetectorOptions, state: State): Detector {
  let last: DetectorSlice | undefined;
  /** The last whole bucket. */
  let bucket: DetectorSlice | undefined;

  function step(slice: DetectorSlice): readonly Change[] {
    if (last !== undefined && slice.start !== last.start + sliceMs)
      throw new Error('A slice does not follow the one before');
    last = slice;
    state.filling = state.filling.concat(slice.sightings);
    const end = slice.start + sliceMs;
    if (end % bucketMs !== 0) return [];
    bucket = { start: end - bucketMs, sightings: state.filling };
    state.filling = [];
    state.buckets += 1;
    const at = end + latenessMs;
    const inCities = Map.groupBy(
      bucket.sightings.filter(({ place }) => place.city !== null),
      ({ place }) => place.city!,
    );
    const cities = new Set([...inCities.keys(), ...state.incidents.map(cityOf)]);
    return [...cities].toSorted().flatMap((city) => stepOf(city, inCities.get(city) ?? [], at));
  }

  function stepOf(city: string, sightings: readonly Sighting[], at: number): readonly Change[] {
    const themes = [...Map.groupBy(sightings, ({ theme }) => theme)]
      .filter(([, its]) => customersOf(its) >= risen)
      .map(([theme]) => theme)
      .toSorted();
    const index = state.incidents.findIndex(
      (one) => cityOf(one) === city && at - (one.resolvedAt ?? at) < reopenedWithinMs,
    );
    const known = state.incidents[index];
    const set = (kind: Change['kind'], incident: Incident): readonly Change[] => {
      if (index < 0) state.incidents.push(incident);
      else state.incidents[index] = incident;
      return [{ kind, at, incident }];
    };
    if (known === undefined || known.resolvedAt !== null) {
      if (themes.length === 0) return [];
      const started = incidentOf(city, themes, sightings, at);
      return known === undefined
        ? set('began', started)
        : set('reopened', { ...known, resolvedAt: null, reopened: known.reopened + 1 });
    }
    if (customersOf(sightings) <= quiet)
      return set('resolved', { ...known, resolvedAt: at - latenessMs });
    const all = [...new Set([...known.themes, ...themes])].toSorted();
    const grown = {
      ...known,
      customers: known.customers + customersOf(sightings),
      themes: all,
      examples: [...sightings.map(({ id }) => id).toReversed(), ...known.examples].slice(0, 20),
    };
    return set(all.length > known.themes.length ? 'widened' : 'went-on', grown);
  }

  function incidentOf(
    city: string,
    themes: readonly string[],
    sightings: readonly Sighting[],
    at: number,
  ): Incident {
    const { country, region } = sightings[0]!.place;
    const customers = customersOf(sightings);
    return {
      id: `${city}/${at}`,
      startedAt: at - bucketMs - latenessMs,
      detectedAt: at,
      resolvedAt: null,
      scope: {
        level: 'city',
        path: { country, region, city, area: null, postcode: null, site: null },
      },
      themes,
      product: null,
      customers,
      expectedCustomers: 0.5,
      excess: { estimate: customers - 0.5, low: customers / 2, high: customers * 2 },
      pValue: 1e-9,
      departments: [...new Set(sightings.flatMap(({ departments }) => departments))].toSorted(),
      sources: [...new Set(sightings.map(({ source }) => source))].toSorted(),
      examples: sightings.map(({ id }) => id).toReversed(),
      reopened: 0,
      heldBy: [],
      mergedInto: null,
    };
  }

  return {
    step,
    incidents: () => state.incidents,
    seriesTested: () => state.buckets,
    silentSources: () => [],
    counts(id) {
      const incident = state.incidents.find((one) => one.id === id);
      if (incident === undefined || bucket === undefined) return [];
      const its = bucket.sightings.filter(({ place }) => place.city === cityOf(incident));
      return [{ start: bucket.start, customers: customersOf(its), expected: 0.5, low: 0, high: 3 }];
    },
    snapshot: () => Buffer.from(JSON.stringify(state)),
  };
}

function cityOf({ scope }: Incident): string {
  return scope.path.city!;
}

function customersOf(sightings: readonly Sighting[]): number {
  return new Set(sightings.map(({ customer, id }) => customer ?? id)).size;
}
