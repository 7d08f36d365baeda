// The detector as a fold: what it finds, where it says it is, when it says it is over, and that order and restarts change nothing.
import { describe, expect, it } from 'vitest';
import { createDetector, restoreDetector } from '../../services/alert/detect/detector.ts';
import {
  sliceMs,
  type Change,
  type DetectorOptions,
} from '../../services/alert/detect/detection.ts';
import {
  atItsEnd,
  beginning,
  changesOf,
  cities,
  historyOf,
  randomOf,
  type HistoryOptions,
  type Rise,
} from '../support/alert-history.ts';

const day = 96;
const options: DetectorOptions = {
  budgetPerWeek: 0.2,
  minCustomers: 4,
  warmUpDays: 14,
  latenessMs: 300_000,
};
const quietDays = 21;
const quiet = quietDays * day;

function changesIn(history: HistoryOptions): Change[] {
  return changesOf(createDetector(options), historyOf(history));
}

const began = (changes: readonly Change[]) => changes.filter(({ kind }) => kind === 'began');
/** As each incident was told last. */
const last = (changes: readonly Change[]) =>
  [...new Map(changes.map(({ incident }) => [incident.id, incident])).values()].filter(
    ({ mergedInto }) => mergedInto === null,
  );

const outage = (rise: Partial<Rise>): Rise => ({
  from: quiet + 40,
  to: quiet + 60,
  rate: 5,
  cities: ['Northport'],
  theme: 'outage',
  ...rise,
});

const startOf = ({ from }: Rise): number => beginning + from * 900_000;

describe('a rise', () => {
  it.each([
    ['area', outage({ areas: ['Dock'] }), 'Northport Dock'],
    ['city', outage({}), 'Northport'],
    ['country', outage({ cities, rate: 20 }), 'NL'],
  ] as const)('in one %s is one incident, there', (level, rise, name) => {
    const incidents = last(changesIn({ seed: 1, buckets: quiet + 3 * day, rises: [rise] }));
    expect(incidents).toHaveLength(1);
    const [incident] = incidents;
    // A country of one region is as much as the region.
    const levels = level === 'country' ? ['country', 'region'] : [level];
    expect(levels).toContain(incident!.scope.level);
    expect(incident!.scope.path[level]).toBe(name);
    expect(incident!.themes).toEqual(['outage']);
    const startsAt = beginning + rise.from * 900_000;
    expect(Math.abs(incident!.startedAt - startsAt)).toBeLessThanOrEqual(2 * 900_000);
    expect(incident!.detectedAt - startsAt).toBeLessThanOrEqual(45 * 60_000 + options.latenessMs);
    expect(incident!.resolvedAt).toBeGreaterThanOrEqual(beginning + (rise.to - 2) * 900_000);
    expect(incident!.resolvedAt).toBeLessThanOrEqual(beginning + (rise.to + 8) * 900_000);
    expect(incident!.customers).toBeGreaterThan(incident!.expectedCustomers);
    expect(incident!.excess.low).toBeLessThanOrEqual(incident!.excess.estimate);
    expect(incident!.excess.high).toBeGreaterThan(incident!.excess.estimate);
  });

  it('of two themes at one place is one incident of both', () => {
    const rises = [outage({ rate: 6 }), outage({ rate: 6, theme: 'slow-speed' })];
    const incidents = last(changesIn({ seed: 2, buckets: quiet + 2 * day, rises }));
    expect(incidents.map(({ themes }) => themes.toSorted())).toEqual([['outage', 'slow-speed']]);
  });

  it('in each of two cities is an incident in each', () => {
    const rises = [
      outage({ rate: 8 }),
      outage({ rate: 8, cities: ['Westbrook'], theme: 'billing-error' }),
    ];
    const incidents = last(changesIn({ seed: 3, buckets: quiet + 2 * day, rises }));
    expect(incidents.map(({ scope }) => scope.path.city ?? '').toSorted()).toEqual([
      'Northport',
      'Westbrook',
    ]);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'of two hours is told once, and as over within hours of its end (seed %i)',
    (seed) => {
      const rise = outage({ rate: 4, to: quiet + 48 });
      const changes = changesIn({ seed, buckets: quiet + 3 * day, rises: [rise] });
      const told = last(changes).filter(({ startedAt }) => startedAt >= startOf(rise) - 900_000);
      expect(told.filter(({ themes }) => themes.includes('outage'))).toHaveLength(1);
      const over = changes.findLast(({ kind }) => kind === 'resolved')!;
      expect(over.at - (beginning + rise.to * 900_000)).toBeLessThanOrEqual(6 * 3_600_000);
    },
  );

  it('of themes of one family is found sooner when they are counted together too', () => {
    const families = { bills: ['billing-error', 'price'], service: ['outage', 'slow-speed'] };
    const rise = outage({ rate: 1.5, to: quiet + 64, cities });
    const rises = [
      { ...rise, theme: 'price' },
      { ...rise, theme: 'billing-error' },
    ];
    const history = historyOf({ seed: 9, buckets: quiet + 2 * day, rises });
    const foundBy = (of: DetectorOptions) =>
      began(changesOf(createDetector(of), history)).find(
        ({ incident }) => incident.detectedAt > startOf(rise),
      )!.incident;
    const alone = foundBy(options);
    const together = foundBy({ ...options, families });
    expect(together.themes.toSorted()).toEqual(['billing-error', 'price']);
    expect(together.scope.level).toBe('country');
    expect(together.detectedAt).toBeLessThan(alone.detectedAt);
    const apart = { one: ['billing-error', 'outage'], other: ['price', 'slow-speed'] };
    expect(foundBy({ ...options, families: apart }).detectedAt).toBeGreaterThan(
      together.detectedAt,
    );
  });

  it.each([1, 2, 3, 4])(
    'is found while its quarter of an hour fills, and so is nothing that would not be at its end (seed %i)',
    (seed) => {
      const next = { from: quiet + day + 40, to: quiet + day + 60, theme: 'price' };
      const rises = [outage({ rate: 9 }), outage({ rate: 4, areas: ['Mill'], ...next })];
      const history = historyOf({ seed, buckets: quiet + 2 * day, rises });
      const found = began(changesOf(createDetector(options), history));
      const atEnds = began(changesOf(createDetector(options), history, 0, atItsEnd));
      expect(found.flatMap(({ incident }) => incident.themes).toSorted()).toEqual(
        atEnds.flatMap(({ incident }) => incident.themes).toSorted(),
      );
      for (const [index, { incident }] of found.entries()) {
        const later = atEnds[index]!.incident.detectedAt - incident.detectedAt;
        expect(later).toBeGreaterThanOrEqual(0);
        expect(later).toBeLessThan(900_000);
      }
      const sooner = found.filter(
        ({ incident }, index) => incident.detectedAt < atEnds[index]!.incident.detectedAt,
      );
      expect(sooner.length).toBeGreaterThan(0);
    },
  );

  it('of one loud customer is none', () => {
    const rises = [outage({ rate: 10, customer: 'loud' })];
    expect(changesIn({ seed: 13, buckets: quiet + 2 * day, rises })).toEqual([]);
  });

  it('that comes back within six hours is the same incident, reopened', () => {
    const rises = [outage({ rate: 8 }), outage({ rate: 8, from: quiet + 72, to: quiet + 84 })];
    const changes = changesIn({ seed: 5, buckets: quiet + 3 * day, rises });
    expect(changes.map(({ kind }) => kind).filter((kind) => kind !== 'widened')).toEqual([
      'began',
      'resolved',
      'reopened',
      'resolved',
    ]);
    expect(new Set(changes.map(({ incident }) => incident.id)).size).toBe(1);
  });

  it('that is slow is found as a drift', () => {
    const rises = [
      outage({ from: quiet, to: quiet + 10 * day, rate: 0.5, cities, theme: 'price' }),
    ];
    const changes = changesIn({ seed: 6, buckets: quiet + 10 * day, rises });
    expect(last(changes).some(({ themes }) => themes.includes('price'))).toBe(true);
  });

  it('before the warm-up is over is none', () => {
    const rises = [outage({ from: 10 * day, to: 10 * day + 20, rate: 20 })];
    expect(changesIn({ seed: 7, buckets: 13 * day, rises })).toEqual([]);
  });
});

describe('a source that is dead', () => {
  const rises = [outage({ source: 'tickets', rate: 8, to: quiet + 3 * day })];

  it('resolves no incident that it saw, and is told as what holds it open', () => {
    const dead = [quiet + 50, quiet + 2 * day] as const;
    const detector = createDetector(options);
    const history = historyOf({ seed: 8, buckets: quiet + day, rises, dead });
    const changes = changesOf(detector, history);
    expect(began(changes)).toHaveLength(1);
    expect(changes.some(({ kind }) => kind === 'resolved')).toBe(false);
    expect(detector.incidents()[0]!.heldBy).toEqual(['tickets']);
    expect(detector.silentSources()).toEqual(['tickets']);
  });

  it('leaves what is usual as it was: its return is no rise', () => {
    const dead = [quiet, quiet + 4 * day] as const;
    expect(changesIn({ seed: 9, buckets: quiet + 8 * day, rate: 1, dead })).toEqual([]);
  });
});

describe('the same sightings', () => {
  const rises = [outage({ rate: 8 }), outage({ from: quiet + 90, to: quiet + 110, cities })];
  const history = historyOf({ seed: 10, buckets: quiet + 2 * day, rises });
  const straight = changesOf(createDetector(options), history);

  it('in any order within their bucket give the same changes', () => {
    const random = randomOf(11);
    const shuffled = history.map((bucket) =>
      bucket
        .map((sighting) => ({ sighting, key: random() }))
        .toSorted((a, b) => a.key - b.key)
        .map(({ sighting }) => sighting),
    );
    expect(straight).not.toEqual([]);
    expect(changesOf(createDetector(options), shuffled)).toEqual(straight);
  });

  it.each([5, quiet - 1, quiet + 45, quiet + 61])(
    'give the same changes from a snapshot after bucket %i',
    (cut) => {
      const first = createDetector(options);
      const before = changesOf(first, history.slice(0, cut));
      const second = restoreDetector(options, first.snapshot());
      expect([...before, ...changesOf(second, history.slice(cut), cut)]).toEqual(straight);
    },
  );
});

describe('quiet weeks', () => {
  it('raise no more than the budget', () => {
    const weeks = 26;
    const budgetPerWeek = 1;
    const detector = createDetector({ ...options, budgetPerWeek });
    const changes = changesOf(detector, historyOf({ seed: 12, buckets: (weeks + 2) * 7 * day }));
    expect(began(changes).length).toBeLessThanOrEqual(weeks * budgetPerWeek);
  });

  it('without a single sighting raise nothing', () => {
    const nothing = Array.from({ length: 20 * day }, () => []);
    expect(changesOf(createDetector(options), nothing)).toEqual([]);
  });
});

it('charts what was counted against what is usual, from its beginning', () => {
  const detector = createDetector(options);
  changesOf(detector, historyOf({ seed: 1, buckets: quiet + 50, rises: [outage({ rate: 8 })] }));
  const [incident] = detector.incidents();
  const counts = detector.counts(incident!.id, 96);
  expect(counts.length).toBeGreaterThanOrEqual(8);
  expect(counts.reduce((sum, { customers }) => sum + customers, 0)).toBe(incident!.customers);
  for (const { expected, low, high } of counts) {
    expect(low).toBeLessThanOrEqual(expected);
    expect(high).toBeGreaterThanOrEqual(Math.floor(expected));
  }
});

it('charts a quarter of an hour that still fills against what is usual of as much of it', () => {
  const detector = createDetector(options);
  const history = historyOf({ seed: 1, buckets: quiet + 51, rises: [outage({ rate: 8 })] });
  changesOf(detector, history.slice(0, -1));
  const lastOf = () => detector.counts(detector.incidents()[0]!.id, 1)[0]!;
  const start = beginning + (quiet + 50) * 900_000;
  const slices = [...Array(900_000 / sliceMs).keys()];
  const expected = slices.map((slice) => {
    detector.step({ start: start + slice * sliceMs, sightings: [] });
    return lastOf();
  });
  expect(new Set(expected.map((counts) => counts.start))).toEqual(new Set([start]));
  const [first, ...others] = expected.map((counts) => counts.expected);
  for (const [index, other] of others.entries())
    // An hour or a day may have been learnt at its end.
    expect(Math.abs(other / first! - (index + 2))).toBeLessThan(0.1);
});
