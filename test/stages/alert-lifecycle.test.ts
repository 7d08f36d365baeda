// The life of an incident, whatever happens to it in any order, and what is said of it.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { IncidentState } from '#core/store/alert-tables.ts';
import type { Incident } from '../../services/alert/detect/detection.ts';
import { affectedOf, userMinutesOf } from '../../services/alert/lifecycle/estimates.ts';
import {
  isFiring,
  stepOf,
  type Cover,
  type Happening,
  type Standing,
  type Step,
} from '../../services/alert/lifecycle/lifecycle.ts';
import { placeInWords } from '../../services/alert/lifecycle/plain.ts';
import {
  coverOf,
  covers,
  type Silence,
  type Subject,
} from '../../services/alert/lifecycle/silences.ts';
import { summaryOf } from '../../services/alert/lifecycle/summary.ts';
import { risenWords } from '../../services/alert/lifecycle/words.ts';
import type { SightingPlace } from '../../services/alert/sighting.ts';

const nowhere: SightingPlace = {
  country: null,
  region: null,
  city: null,
  area: null,
  postcode: null,
  site: null,
};
const newark: SightingPlace = {
  ...nowhere,
  country: 'US',
  region: 'California',
  city: 'Newark',
};

const cover = fc.option(
  fc.record({
    id: fc.constantFrom('s1', 's2'),
    kind: fc.constantFrom('silence' as const, 'maintenance' as const),
  }),
  { nil: undefined },
);
const whatHappens: fc.Arbitrary<Happening> = fc.oneof(
  cover.map((each): Happening => ({ kind: 'covered', cover: each })),
  cover.map((each): Happening => ({ kind: 'widened', reopened: 0, cover: each })),
  cover.map((each): Happening => ({ kind: 'went-on', reopened: 0, cover: each })),
  fc.constant<Happening>({ kind: 'acknowledged', at: 5, by: 'ann' }),
  cover.map((each): Happening => ({ kind: 'resolved', reopened: 0, cover: each })),
  cover.map((each): Happening => ({ kind: 'reopened', reopened: 1, cover: each })),
);

/** Histories as the detector has them: nothing rises again that is not over, nothing ends twice. */
function lifeOf(happenings: readonly Happening[], first: Cover | undefined): readonly Step[] {
  const steps: Step[] = [stepOf(undefined, { kind: 'began', reopened: 0, cover: first })];
  let isOver = false;
  let reopened = 0;
  for (const each of happenings) {
    const needsStanding = ['widened', 'went-on', 'resolved'].includes(each.kind);
    if ((needsStanding && isOver) || (each.kind === 'reopened' && !isOver)) continue;
    if (each.kind === 'resolved') isOver = true;
    if (each.kind === 'reopened') [isOver, reopened] = [false, reopened + 1];
    const happening = 'reopened' in each ? { ...each, reopened } : each;
    steps.push(stepOf(steps.at(-1)!.after, happening));
  }
  return steps;
}
const lives = fc
  .tuple(fc.array(whatHappens, { maxLength: 20 }), cover)
  .map(([happenings, first]) => ({ happenings, steps: lifeOf(happenings, first) }));

describe('an incident', () => {
  it('is told of when its state changes, and else only when it widens', () => {
    fc.assert(
      fc.property(lives, ({ steps }) => {
        let before: IncidentState | undefined;
        for (const { after, told } of steps) {
          expect(told?.state ?? before).toBe(after.state);
          const isNews = told?.state !== before || told?.reason === 'widened';
          expect(told === undefined || isNews).toBe(true);
          before = after.state;
        }
      }),
    );
  });

  it('is over by counts alone, and then nothing but counts brings it back', () => {
    fc.assert(
      fc.property(lives, ({ steps }) => {
        for (const [index, { after, told }] of steps.entries()) {
          const ends = told?.state === 'resolved';
          expect(!ends || told.reason === 'counts-are-usual').toBe(true);
          const isBack = steps[index - 1]?.after.state === 'resolved' && after.state !== 'resolved';
          const brings = ['rose-again', 'silenced', 'maintenance'];
          expect(!isBack || brings.includes(told?.reason ?? '')).toBe(true);
        }
      }),
    );
  });

  it('is suppressed exactly while it names its silence, and acknowledged only with a name', () => {
    fc.assert(
      fc.property(lives, ({ steps }) => {
        for (const { after } of steps) {
          expect(after.suppressedBy !== null).toBe(after.state === 'suppressed');
          const name = after.acknowledged?.by;
          expect(after.state !== 'acknowledged' || name === 'ann').toBe(true);
          expect(!isFiring(after.state) || name === undefined).toBe(true);
        }
      }),
    );
  });

  it('that a silence kept back fires when it ends and the incident still stands', () => {
    fc.assert(
      fc.property(lives, ({ steps }) => {
        const last = steps.at(-1)!.after;
        const { told } = stepOf(last, { kind: 'covered', cover: undefined });
        const expected = last.state === 'suppressed' ? 'silence-ended' : undefined;
        expect(told?.reason).toBe(expected);
      }),
    );
  });

  it('that somebody has is not taken from them by a silence, but by its widening or rising again', () => {
    const began = stepOf(undefined, { kind: 'began', reopened: 0, cover: undefined }).after;
    const held = stepOf(began, { kind: 'acknowledged', at: 5, by: 'ann' }).after;
    const silence: Cover = { id: 's1', kind: 'silence' };
    expect(stepOf(held, { kind: 'covered', cover: silence })).toEqual({
      after: held,
      told: undefined,
    });
    expect(stepOf(held, { kind: 'acknowledged', at: 9, by: 'bob' }).told).toBeUndefined();
    const wider = stepOf(held, { kind: 'widened', reopened: 0, cover: undefined });
    expect(wider.told).toEqual({ state: 'firing', reason: 'widened', by: null });
    const over: Standing = stepOf(held, { kind: 'resolved', reopened: 0, cover: undefined }).after;
    const again = stepOf(over, { kind: 'reopened', reopened: 1, cover: undefined });
    expect(again.told).toEqual({ state: 'reopened', reason: 'rose-again', by: null });
    expect(again.after.acknowledged).toBeNull();
  });
});

describe('a silence', () => {
  const silence: Silence = {
    id: 's',
    kind: 'silence',
    path: { ...nowhere, country: 'US', region: 'california' },
    themes: null,
    product: null,
    from: 10,
    until: 20,
    comment: '',
  };
  const subject = { path: newark, themes: ['outage'], product: null };

  it.each<[string, Partial<Silence>, Partial<Subject>, boolean]>([
    ['what lies in its place, whatever the case of names', {}, {}, true],
    ['no place around it', {}, { path: { ...nowhere, country: 'US' } }, false],
    ['no other branch', {}, { path: { ...newark, region: 'Nevada' } }, false],
    ['everything without a place', { path: null }, { path: nowhere }, true],
    ['its themes', { themes: ['outage', 'price'] }, {}, true],
    ['nothing that is about more', { themes: ['outage'] }, { themes: ['outage', 'price'] }, false],
    ['its product', { product: 'TV' }, { product: 'tv' }, true],
    ['nothing of all products', { product: 'TV' }, {}, false],
  ])('covers %s', (_, told, about, expected) => {
    expect(covers({ ...silence, ...told }, { ...subject, ...about })).toBe(expected);
  });

  it('holds from its first moment to before its last', () => {
    const at = (moment: number) => coverOf([silence], subject, moment)?.id;
    expect([at(9), at(10), at(19), at(20)]).toEqual([undefined, 's', 's', undefined]);
  });

  it('that lasts longest is the one that an incident names, so that it does not change for nothing', () => {
    const longer = { ...silence, id: 'z', until: 30 };
    expect(coverOf([silence, longer], subject, 15)?.id).toBe('z');
    expect(coverOf([longer, silence], subject, 15)?.id).toBe('z');
  });
});

describe('estimates', () => {
  const share = { low: 0.01, high: 0.02 };
  it('are never more than there are customers, nor fewer than those who say so', () => {
    const positive = fc.double({ min: 0, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(
        positive,
        positive,
        positive,
        fc.option(positive),
        (estimate, a, b, subscribers) => {
          const excess = { estimate, low: Math.min(a, estimate), high: Math.max(b, estimate) };
          const affected = affectedOf(excess, share, subscribers);
          expect(affected.low).toBeLessThanOrEqual(affected.estimate);
          expect(affected.estimate).toBeLessThanOrEqual(affected.high);
          expect(affected.estimate).toBeGreaterThanOrEqual(estimate);
          const most = subscribers === null ? Infinity : Math.max(subscribers, estimate);
          expect(affected.high).toBeLessThanOrEqual(most);
        },
      ),
    );
  });

  it('take the ends of the share and of the excess together', () => {
    const affected = affectedOf({ estimate: 53, low: 40, high: 68 }, share, null);
    expect([affected.low, affected.high]).toEqual([2000, 6800]);
    expect(affected.estimate).toBeCloseTo(3748, 0);
    expect(userMinutesOf(affected, 0, 90 * 60_000).low).toBe(180_000);
  });
});

describe('the sentence', () => {
  const at = Date.UTC(2026, 5, 12, 15, 0);
  const incident: Incident = {
    id: 'i',
    startedAt: Date.UTC(2026, 5, 12, 14, 15),
    detectedAt: at,
    resolvedAt: null,
    scope: { level: 'city', path: newark },
    themes: ['outage'],
    product: null,
    customers: 57,
    expectedCustomers: 4.2,
    excess: { estimate: 53, low: 40, high: 68 },
    pValue: 1e-9,
    departments: [],
    sources: [],
    examples: [],
    reopened: 0,
    heldBy: [],
    mergedInto: null,
  };
  const fires = { state: 'firing', reason: 'began', by: null } as const;

  it.each<[Partial<Incident>, Parameters<typeof summaryOf>[1], string]>([
    [
      {},
      fires,
      '57 customers in Newark, California report outages since 14:15 UTC; about 4 are usual.',
    ],
    [
      { themes: ['outage', 'data-cap', 'price', 'x', 'y'], expectedCustomers: 0.2 },
      { ...fires, reason: 'widened' },
      'Wider than before: 57 customers in Newark, California report outages, data caps, trouble with prices and 2 more subjects since 14:15 UTC; hardly any are usual.',
    ],
    [
      { scope: { level: 'everywhere', path: nowhere }, startedAt: at - 86_400_000, customers: 1 },
      fires,
      '1 customer of all places reports outages since 11 June, 15:00 UTC; about 4 are usual.',
    ],
    [
      { resolvedAt: Date.UTC(2026, 5, 12, 14, 45), product: 'home' },
      { state: 'resolved', reason: 'counts-are-usual', by: null },
      'Over: 57 customers in Newark, California reported outages (home) from 14:15 to 14:45 UTC; about 4 were usual.',
    ],
    [
      {},
      { state: 'acknowledged', reason: 'acknowledged', by: 'ann' },
      '57 customers in Newark, California report outages since 14:15 UTC; about 4 are usual. ann has acknowledged it.',
    ],
    [
      {
        scope: { level: 'city', path: { ...newark, city: '\u001b[31m\u202eNew\nark\u0000' } },
        themes: ['<b>\r\nx'],
      },
      fires,
      '57 customers in [31m New ark, California report <b> x since 14:15 UTC; about 4 are usual.',
    ],
  ])('is plain: %#', (told, how, expected) => {
    expect(summaryOf({ ...incident, ...told }, how, at)).toBe(expected);
  });

  it('names a place with the next wider one that is known', () => {
    const path = { ...newark, area: 'newark-west', postcode: '94560', site: 'BTS-7' };
    expect(placeInWords('site', path)).toBe('site BTS-7, newark-west');
    expect(placeInWords('postcode', { ...path, area: null })).toBe('postcode 94560, Newark');
    expect(placeInWords('city', { ...nowhere, city: 'x'.repeat(500) })).toHaveLength(80);
    expect(placeInWords('country', path)).toBe('US');
  });
});

describe('words that rose', () => {
  const said = (text: string, customers: number, from = 0) =>
    Array.from({ length: customers }, (_, i) => ({ text, customer: `c${from + i}` }));
  const before = [
    ...said('The internet is slow in the evening', 200),
    ...said('Router keeps losing the connection', 200),
  ];

  it('are those that tell the incident from the week before', () => {
    const now = [
      ...said('Storm broke the mast, no internet', 6),
      ...said('internet gone after storm at Thornton', 5, 50),
    ];
    const words = risenWords(now, before);
    expect(words[0]).toBe('storm');
    expect(words).toEqual(expect.arrayContaining(['mast', 'thornton']));
    expect(words).not.toContain('router');
    expect(words.length).toBeLessThanOrEqual(5);
  });

  it('are never those of one customer, however often they are said', () => {
    const loud = Array.from({ length: 40 }, () => ({ text: 'Zyxwv Smith 0800', customer: 'c1' }));
    expect(risenWords([...loud, ...said('storm', 4)], before)).toEqual(['storm']);
  });

  it('are no stop words, numbers, addresses or placeholders', () => {
    const now = said('because they [phone] 12345 http://example.com/storm @desk #down the', 9);
    expect(risenWords(now, before)).toEqual([]);
  });

  it('are none where nothing was said', () => {
    expect(risenWords([], before)).toEqual([]);
    expect(risenWords(said('storm', 5), [])).toEqual([]);
  });
});
