// How the bench of alerts judges incidents by the known truth.
import { describe, expect, it } from 'vitest';
import type { Change, Incident } from '../../services/alert/detect/detection.ts';
import { createIncidentLog, type FoundIncident } from '../../scripts/bench/alerts/found.ts';
import { judge } from '../../scripts/bench/alerts/judge.ts';
import type { Truth } from '../../scripts/bench/alerts/outages.ts';
import { createWorld, type WorldPlace } from '../../scripts/bench/alerts/world.ts';

const world = createWorld(
  { regions: 2, cities: 4, areas: 8, postcodes: 16, postcodesWithSites: 4, customersADay: 5000 },
  1,
);
const hour = 3_600_000;
const area = world.at.area[0]!;
const ofArea = (place: WorldPlace): WorldPlace => world.places[place.parent!]!;
const city = ofArea(area);
const region = ofArea(city);
const otherArea = world.at.area.find(({ parent }) => parent !== area.parent)!;

const truth: Truth = {
  index: 0,
  kind: 'outage',
  startedAt: 100 * hour,
  endedAt: 104 * hour,
  place: area,
  themes: ['outage', 'slow-speed'],
  product: null,
  customersPerHour: 10,
  shape: 'step',
};

function incident(
  id: string,
  detectedAt: number,
  place: WorldPlace,
  rest: Partial<FoundIncident> & { readonly themes?: readonly string[] } = {},
): FoundIncident {
  const { themes = ['outage'], ...others } = rest;
  const scope = { level: place.level, path: place.path };
  return {
    id,
    startedAt: detectedAt - hour / 2,
    detectedAt,
    resolvedAt: detectedAt + 2 * hour,
    said: [{ at: detectedAt, scope, themes }],
    reopenedAt: [],
    resolutions: [],
    ...others,
  };
}

const alone = (found: FoundIncident) => judge([truth], [found]).judgements[0]!;

describe('the judge of alerts', () => {
  it('finds an outage by an incident at its place, with the delay from its start', () => {
    const verdict = judge([truth], [incident('a', 101 * hour, area)]);
    expect(verdict.judgements[0]).toMatchObject({
      delayMs: hour,
      levelsOff: { atDetection: 0, atEnd: 0 },
    });
    expect(verdict.falseAlarms).toEqual([]);
  });

  it('takes an incident at a wider place for the same, and says how many levels it is off', () => {
    expect(alone(incident('a', 101 * hour, region)).levelsOff).toEqual({
      atDetection: -2,
      atEnd: -2,
    });
    const country = incident('a', 101 * hour, world.places[0]!);
    const everywhere = {
      ...country,
      said: [{ ...country.said[0]!, scope: { ...country.said[0]!.scope, level: 'everywhere' } }],
    } as const;
    expect(alone(everywhere).levelsOff?.atEnd).toBe(-3);
    expect(alone(country).levelsOff?.atEnd).toBe(-3);
  });

  it('judges the place by what was last said before it was over', () => {
    const narrowed = incident('a', 101 * hour, area);
    const at = (hours: number, place: WorldPlace) => ({
      at: hours * hour,
      scope: { level: place.level, path: place.path },
      themes: ['outage'],
    });
    expect(
      alone({ ...narrowed, said: [at(101, region), at(102, area), at(120, city)] }).levelsOff,
    ).toEqual({ atDetection: -2, atEnd: 0 });
  });

  it('calls an incident elsewhere or of another theme a false alarm, and the outage missed', () => {
    for (const found of [
      incident('a', 101 * hour, otherArea),
      incident('a', 101 * hour, area, { themes: ['price'] }),
      incident('a', 99 * hour, area, { resolvedAt: 99.5 * hour }),
    ]) {
      const verdict = judge([truth], [found]);
      expect(verdict.judgements[0]!.found).toBeUndefined();
      expect(verdict.falseAlarms).toEqual([found]);
    }
  });

  it('calls one that comes too late neither found nor false', () => {
    const late = incident('a', 110 * hour, area, { startedAt: 103 * hour });
    const verdict = judge([truth], [late]);
    expect(verdict.judgements[0]).toMatchObject({ found: undefined, incidents: [late] });
    expect(verdict.falseAlarms).toEqual([]);
  });

  it('counts each incident that an outage falls into, and the first of them finds it', () => {
    const [second, first] = [incident('b', 103 * hour, city), incident('a', 101 * hour, area)];
    const judged = judge([truth], [second, first]).judgements[0]!;
    expect(judged.incidents.map(({ id }) => id)).toEqual(['a', 'b']);
    expect(judged.found?.id).toBe('a');
  });

  it('counts the reopening of a false alarm as another one', () => {
    const again = incident('a', 10 * hour, area, { reopenedAt: [12 * hour, 14 * hour] });
    expect(judge([truth], [again])).toMatchObject({ falseAlarms: [again], falseReopenings: 2 });
  });
});

describe('the log of incidents', () => {
  const change = (kind: Change['kind'], at: number, rest: Partial<Incident>): Change => ({
    kind,
    at,
    incident: {
      id: 'one',
      startedAt: 0,
      detectedAt: hour,
      resolvedAt: null,
      scope: { level: area.level, path: area.path },
      themes: ['outage'],
      ...rest,
    } as Incident,
  });

  it('keeps what was said when, and not what only went on', () => {
    const log = createIncidentLog();
    log.take([change('began', hour, {})]);
    log.take([change('went-on', 2 * hour, { customers: 9 })]);
    log.take([
      change('widened', 3 * hour, { scope: { level: city.level, path: city.path } }),
      change('resolved', 4 * hour, { resolvedAt: 4 * hour }),
      change('reopened', 5 * hour, {}),
    ]);
    const [found] = log.incidents();
    expect(found!.said.map(({ at, scope }) => [at, scope.level])).toEqual([
      [hour, 'area'],
      [3 * hour, 'city'],
    ]);
    expect(found).toMatchObject({
      detectedAt: hour,
      resolvedAt: null,
      reopenedAt: [5 * hour],
      resolutions: [4 * hour],
    });
  });
});
