import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { validatePost } from '../../services/gateway/sources/posts.ts';
import { validateSurvey } from '../../services/gateway/sources/surveys.ts';
import { validateTicket } from '../../services/gateway/sources/tickets.ts';
import type { SyntheticEvent } from '../../services/gateway/synthetic/event.ts';
import {
  DUPLICATE_SHARE,
  generate,
  LATE_SHARE,
} from '../../services/gateway/synthetic/generate.ts';
import { describeWorldEvent } from '../../services/gateway/synthetic/intensity.ts';
import { headlines, liveEvents } from '../../services/gateway/synthetic/live.ts';
import { GAZETTEER_URL, shippedProvider } from '../../services/gateway/synthetic/provider.ts';
import { stagedOutage, worldEvents } from '../../services/gateway/synthetic/world.ts';
import { readGazetteer } from '../../services/normalize/gazetteer.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MONDAY = Date.UTC(2026, 2, 2, 6); // midnight of the fictional country
const provider = shippedProvider();

const week = [...generate({ seed: 7, from: MONDAY, to: MONDAY + 7 * DAY_MS, ratePerHour: 250 })];

function bytesHash(events: Iterable<SyntheticEvent>): string {
  const hash = createHash('sha256');
  for (const event of events) hash.update(JSON.stringify(event));
  return hash.digest('hex');
}

/** A field that holds text; empty when it is not there. */
function textOf({ input }: SyntheticEvent, field: string): string {
  const value = input[field];
  return typeof value === 'string' ? value : '';
}

function areaOf({ input }: SyntheticEvent): string | undefined {
  const { place } = input;
  if (typeof place !== 'object' || place === null || !('area' in place)) return undefined;
  return typeof place.area === 'string' ? place.area : undefined;
}

function wordsOf(event: SyntheticEvent): string {
  const parts = ['name', 'description', 'title', 'text', 'verbatim', 'statusChangeReason'];
  return parts
    .map((part) => textOf(event, part))
    .filter((part) => part !== '')
    .join('\n');
}

function has(event: SyntheticEvent, trait: SyntheticEvent['truth']['traits'][number]): boolean {
  return event.truth.traits.includes(trait);
}

const key = (event: SyntheticEvent): string =>
  `${event.kind} ${textOf(event, 'id')} ${textOf(event, 'version')}`;

/** Names of what was said first: no follow-up, nothing repeated or late. */
function firstKeys(events: Iterable<SyntheticEvent>): string[] {
  return [...events]
    .filter(({ truth }) => truth.traits.length === 0)
    .map((event) => key(event))
    .filter((name) => /-\d+ 1?$/.test(name));
}

function firstOf(from: number, to: number, ratePerHour: number): unknown {
  return generate({ seed: 1, from, to, ratePerHour }).next();
}

const isPlain = ({ truth }: SyntheticEvent): boolean =>
  truth.traits.every((trait) => trait === 'no-words' || trait === 'personal-data');

describe('the generator', () => {
  it('gives the same bytes for the same seed and others for another', () => {
    const span = { from: MONDAY, to: MONDAY + 12 * HOUR_MS };
    const once = bytesHash(generate({ seed: 7, ...span }));
    expect(bytesHash(generate({ seed: 7, ...span }))).toBe(once);
    expect(bytesHash(generate({ seed: 8, ...span }))).not.toBe(once);
  });

  it('gives the same bytes when two run by turns', () => {
    const span = { seed: 7, from: MONDAY, to: MONDAY + HOUR_MS };
    const [left, right] = [generate(span), generate(span)];
    const pairs: [SyntheticEvent[], SyntheticEvent[]] = [[], []];
    for (;;) {
      const [one, other] = [left.next(), right.next()];
      if (one.done === true || other.done === true) break;
      pairs[0].push(one.value);
      pairs[1].push(other.value);
    }
    expect(pairs[0].length).toBeGreaterThan(100);
    expect(bytesHash(pairs[0])).toBe(bytesHash(pairs[1]));
  });

  it('says the same first things in two spans that meet as in one over both', () => {
    const middle = MONDAY + 3 * HOUR_MS;
    const to = MONDAY + 6 * HOUR_MS;
    const whole = firstKeys(generate({ seed: 7, from: MONDAY, to }));
    const parts = [
      ...firstKeys(generate({ seed: 7, from: MONDAY, to: middle })),
      ...firstKeys(generate({ seed: 7, from: middle, to })),
    ];
    expect(parts).toEqual(whole);
  });

  it('gives events in order of arrival, within the span', () => {
    expect(week.length).toBeGreaterThan(60_000);
    expect(week.findIndex((event, index) => index > 0 && event.at < week[index - 1]!.at)).toBe(-1);
    expect(week[0]!.at).toBeGreaterThanOrEqual(MONDAY);
    expect(week.at(-1)!.at).toBeLessThan(MONDAY + 7 * DAY_MS);
  });

  it('never lets a record arrive before it happened', () => {
    expect(week.filter(({ at, input }) => Number(input['occurredAt']) > at)).toEqual([]);
  });

  it('refuses spans and rates that make no sense', () => {
    expect(() => firstOf(2, 1, 1)).toThrow(RangeError);
    expect(() => firstOf(Number.NaN, 1, 1)).toThrow(RangeError);
    expect(() => firstOf(1, 2, -1)).toThrow(RangeError);
    expect(firstOf(0, HOUR_MS, 0)).toEqual({ done: true, value: undefined });
  });

  it('writes only what the intake accepts', () => {
    const check = { tickets: validateTicket, posts: validatePost, surveys: validateSurvey };
    const refused = week
      .map((event) => ({ event, result: check[event.kind](event.input, event.at) }))
      .filter(({ result }) => !result.ok);
    expect(refused.slice(0, 3)).toEqual([]);
  });

  it('repeats ids only for the stated share of duplicates, word for word', () => {
    const seen = new Map<string, SyntheticEvent>();
    let repeated = 0;
    for (const event of week) {
      const before = seen.get(key(event));
      if (before === undefined) {
        seen.set(key(event), event);
        continue;
      }
      repeated += 1;
      expect(has(event, 'duplicate')).toBe(true);
      expect(event.input).toEqual(before.input);
    }
    const firsts = week.filter((event) => !has(event, 'update') && !has(event, 'company')).length;
    expect(repeated / firsts).toBeGreaterThan(DUPLICATE_SHARE * 0.5);
    expect(repeated / firsts).toBeLessThan(DUPLICATE_SHARE * 1.5);
  });

  it('brings the stated share of posts and answers late', () => {
    const open = week.filter(({ kind }) => kind !== 'tickets');
    const late = open.filter((event) => has(event, 'late'));
    expect(late.length / open.length).toBeGreaterThan(LATE_SHARE * 0.4);
    expect(late.length / open.length).toBeLessThan(LATE_SHARE * 1.5);
    for (const { at, input } of late) {
      expect(at - Number(input['occurredAt'])).toBeGreaterThanOrEqual(HOUR_MS);
    }
  });

  it("lets a ticket's versions and times grow, up to its resolution", () => {
    const lives = new Map<unknown, SyntheticEvent[]>();
    for (const event of week) {
      if (event.kind !== 'tickets' || has(event, 'duplicate')) continue;
      const { id } = event.input;
      const life = lives.get(id);
      if (life === undefined) lives.set(id, [event]);
      else life.push(event);
    }
    let resolved = 0;
    const disordered: SyntheticEvent[][] = [];
    for (const life of lives.values()) {
      const versions = life.map(({ input }) => Number(input['version']));
      const times = life.map(({ input }) => Number(input['occurredAt']));
      const grows = life.every(
        (_, index) =>
          versions[index] === index + 1 && (index === 0 || times[index]! > times[index - 1]!),
      );
      if (!grows) disordered.push(life);
      if (life.some(({ input }) => input['resolvedAt'] !== undefined)) resolved += 1;
    }
    expect(disordered).toEqual([]);
    expect(resolved / lives.size).toBeGreaterThan(0.7);
  });
});

describe('the world of the generator', () => {
  const everyday = week.filter((event) => event.truth.worldEventId === null && isPlain(event));
  const atLocalHour = (from: number, to: number): number =>
    everyday.filter(({ at }) => {
      const hour = ((at + provider.utcOffsetMs) % DAY_MS) / HOUR_MS;
      return hour >= from && hour < to;
    }).length;

  it('is busy in the evening and quiet at night', () => {
    expect(atLocalHour(18, 22)).toBeGreaterThan(8 * atLocalHour(1, 5));
  });

  it('keeps to its mean rate over an ordinary week', () => {
    expect(everyday.length / (7 * 24) / 250).toBeGreaterThan(0.9);
    expect(everyday.length / (7 * 24) / 250).toBeLessThan(1.25);
  });

  it('has an outage rise in its area, end with the repair, and lower the scores after it', () => {
    const startsAt = MONDAY + 38 * HOUR_MS;
    const endsAt = startsAt + 3 * HOUR_MS;
    const outage = stagedOutage(
      provider,
      'Harbour North',
      { startsAt, endsAt, rampMs: 600_000 },
      12,
      -1_002,
    );
    const span = { seed: 7, from: MONDAY, to: MONDAY + 4 * DAY_MS, ratePerHour: 400 };
    const events = [...generate({ ...span, staged: [outage] })];
    const tickets = (from: number, to: number): number =>
      events.filter(
        (event) =>
          event.kind === 'tickets' &&
          event.input['status'] === 'acknowledged' &&
          areaOf(event) === 'Harbour North' &&
          event.at >= from &&
          event.at < to,
      ).length;
    const usual = tickets(startsAt - DAY_MS, endsAt - DAY_MS);
    expect(tickets(startsAt, endsAt)).toBeGreaterThan(4 * Math.max(3, usual));
    expect(tickets(endsAt + 4 * HOUR_MS, endsAt + 7 * HOUR_MS)).toBeLessThan(
      4 * Math.max(3, usual),
    );

    const ours = events.filter(({ truth }) => truth.outageId === outage.id);
    const resolutions = ours.filter(({ input }) => input['resolvedAt'] !== undefined);
    expect(resolutions.length).toBeGreaterThan(50);
    expect(
      Math.min(...resolutions.map(({ input }) => Number(input['resolvedAt']))),
    ).toBeGreaterThan(endsAt);
    const scores = ours.filter(({ input }) => input['scale'] === 'nps');
    expect(scores.length).toBeGreaterThan(5);
    const low = scores.filter(({ input }) => Number(input['score']) <= 6);
    expect(low.length / scores.length).toBeGreaterThan(0.7);
  });

  it('agrees on its events whichever span is looked at', () => {
    const long = worldEvents(7, provider, MONDAY, MONDAY + 30 * DAY_MS);
    const late = worldEvents(7, provider, MONDAY + 10 * DAY_MS, MONDAY + 20 * DAY_MS);
    const ids = new Set(long.map(({ id }) => id));
    expect(late.filter(({ id }) => !ids.has(id))).toEqual([]);
    expect(new Set(long.map(({ number }) => number)).size).toBe(long.length);
  });

  it('holds every kind of event, each put in one short sentence', () => {
    const events = worldEvents(7, provider, MONDAY, MONDAY + 200 * DAY_MS);
    expect([...new Set(events.map(({ kind }) => kind))].toSorted()).toEqual([
      'app-release',
      'bill-run',
      'campaign',
      'congestion',
      'coverage-gap',
      'outage',
      'price-change',
      'rival-offer',
    ]);
    for (const event of events) {
      const now = Math.max(MONDAY, event.startsAt) + 12 * 60_000;
      expect(describeWorldEvent(event, now, provider)).toMatch(/^[A-Z][^\n{}]{10,110}$/);
    }
  });

  it('lives in the shipped gazetteer, which normalize can read', () => {
    const entries = readGazetteer(GAZETTEER_URL.pathname);
    expect(entries.length).toBe(40);
    expect(new Set(entries.map(({ area }) => area)).size).toBe(40);
    expect(new Set(entries.map(({ postcode }) => postcode)).size).toBe(40);
    expect(new Set(entries.map(({ city }) => city)).size).toBe(8);
    const areas = new Set(entries.map(({ area }) => area));
    const unknown = week.map((event) => areaOf(event)).filter((area) => area && !areas.has(area));
    expect(unknown).toEqual([]);
  });
});

describe('the words of the generator', () => {
  const count = (test: (event: SyntheticEvent) => boolean): number => said.filter(test).length;
  const said = week.filter((event) => !has(event, 'update') && !has(event, 'duplicate'));
  const spoken = said.filter((event) => wordsOf(event) !== '');

  it('hardly ever repeats a longer text', () => {
    const long = spoken
      .filter((event) => !has(event, 'company'))
      .map((event) =>
        ['description', 'text', 'verbatim'].map((part) => textOf(event, part)).join(''),
      )
      .filter((text) => text.length > 60);
    expect(long.length).toBeGreaterThan(10_000);
    expect(new Set(long).size / long.length).toBeGreaterThan(0.93);
  });

  it('leaves no slot, bracket or doubled space of its phrases behind', () => {
    const left = spoken
      .filter((event) => !has(event, 'hostile-text'))
      .map((event) => wordsOf(event))
      .filter((text) => /[[\]{}|]|undefined|\bnull\b|NaN| {2}| [.,?]/.test(text));
    expect(left.slice(0, 5)).toEqual([]);
  });

  it('speaks to every department, and to none', () => {
    const share = (department: string): number =>
      said.filter(({ truth }) => (truth.departments as readonly string[]).includes(department))
        .length / said.length;
    for (const name of [
      'operations',
      'planning',
      'marketing',
      'customer-service',
      'billing',
      'it',
    ]) {
      expect(share(name)).toBeGreaterThan(0.05);
    }
    expect(said.filter(({ truth }) => truth.departments.length === 0).length).toBeGreaterThan(
      1_000,
    );
  });

  it('names only telephone numbers, domains and addresses set aside for examples', () => {
    const text = spoken.map((event) => wordsOf(event)).join('\n');
    const domains = [...text.matchAll(/@([a-z0-9-]{1,40}\.[a-z]{2,10})/gi)].map(([, name]) => name);
    expect(domains.length).toBeGreaterThan(100);
    expect(domains.filter((name) => !/^example\.(?:com|org|net)$/.test(name ?? ''))).toEqual([]);
    const numbers = [...text.matchAll(/\b\d{3}[)-]? ?-?\d{3}[- ]?\d{4}\b/g)].map(([found]) =>
      found.replace(/\D/g, ''),
    );
    const phones = numbers.filter((digits) => /^(?:406|605|701|212)/.test(digits));
    expect(phones.length).toBeGreaterThan(100);
    expect(phones.filter((digits) => !/^\d{3}55501\d\d$/.test(digits))).toEqual([]);
    const links = [...text.matchAll(/\/\/([a-z0-9.-]{1,60})/gi)].map(([, name]) => name);
    expect(links.filter((name) => name !== 'example.com')).toEqual([]);
  });

  it('holds personal data, hostile text, Spanish, emoji, silence and placeless tickets', () => {
    expect(count((event) => has(event, 'personal-data'))).toBeGreaterThan(500);
    expect(count((event) => has(event, 'hostile-text'))).toBeGreaterThan(20);
    expect(count((event) => event.input['language'] === 'es')).toBeGreaterThan(100);
    expect(count((event) => /\p{Extended_Pictographic}/u.test(wordsOf(event)))).toBeGreaterThan(
      300,
    );
    expect(
      count(({ kind, input }) => kind === 'surveys' && !('verbatim' in input)),
    ).toBeGreaterThan(2_000);
    expect(count(({ kind, input }) => kind === 'tickets' && !('place' in input))).toBeGreaterThan(
      500,
    );
    expect(count(({ input }) => input['authorRole'] === 'company')).toBeGreaterThan(1_000);
  });

  it('keeps to itself what was meant', () => {
    const told = week
      .filter(({ truth }) => truth.worldEventId !== null)
      .filter(({ input, truth }) => JSON.stringify(input).includes(truth.worldEventId ?? ''));
    expect(told).toEqual([]);
    expect(week.filter(({ input }) => 'truth' in input)).toEqual([]);
  });
});

describe('the live play', () => {
  it('gives the backlog at once, then keeps to the clock, and shows an outage within a minute', async () => {
    let now = Date.UTC(2026, 2, 4, 1);
    const beganAt = now;
    const stop = new AbortController();
    const sleep = (ms: number): Promise<void> => {
      now += ms;
      return Promise.resolve();
    };
    const { events, headlines: news } = liveEvents({
      seed: 7,
      clock: () => now,
      sleep,
      signal: stop.signal,
    });
    let backlog = 0;
    let early = 0;
    let live = 0;
    let firstOutageAt = Infinity;
    for await (const event of events) {
      if (event.at > now) early += 1;
      if (event.at >= beganAt) live += 1;
      else if (now === beganAt) backlog += 1;
      if (event.truth.outageId === 'outage-staged-1001')
        firstOutageAt = Math.min(firstOutageAt, event.at);
      if (now - beganAt > 180_000) stop.abort();
    }
    expect(early).toBe(0);
    expect(backlog).toBeGreaterThan(20_000);
    expect(live / 180).toBeGreaterThan(5);
    expect(live / 180).toBeLessThan(40);
    expect(firstOutageAt - beganAt).toBeLessThan(60_000);
    expect(news().join('\n')).toContain('Outage in Harbour North (fibre) began 2 min ago');
  });

  it('starts as lively by night', async () => {
    let now = Date.UTC(2026, 2, 4, 9); // three in the morning there
    const beganAt = now;
    const stop = new AbortController();
    const sleep = (ms: number): Promise<void> => {
      now += ms;
      return Promise.resolve();
    };
    const { events } = liveEvents({
      seed: 7,
      clock: () => now,
      sleep,
      signal: stop.signal,
      backlogMs: 60_000,
    });
    let count = 0;
    for await (const _ of events) {
      count += 1;
      if (now - beganAt > 120_000) stop.abort();
    }
    expect(count / 120).toBeGreaterThan(1.5);
  });

  it('ends at once when it was stopped before', async () => {
    const stop = new AbortController();
    stop.abort();
    const { events } = liveEvents({
      seed: 7,
      clock: () => MONDAY,
      sleep: () => Promise.resolve(),
      signal: stop.signal,
    });
    expect((await events.next()).done).toBe(true);
  });

  it('names the loudest event first', () => {
    const found = headlines(7, provider, MONDAY + 20 * HOUR_MS);
    expect(found.length).toBeGreaterThan(0);
    expect(found.every((line) => line.length < 120)).toBe(true);
  });
});
