// Who speaks, where, about what: drawn from the event's own randomness, so it can be drawn again for a follow-up.
import type { SyntheticKind } from './event.ts';
import { surveyPart } from './intensity.ts';
import { TOPICS } from './phrases/catalogue.ts';
import type { Topic } from './phrases/topic.ts';
import { pick, type Random } from './random.ts';
import type { Area, Provider, Technology } from './provider.ts';
import { weightedArea, type WorldEvent } from './world.ts';

/** `cause`: the event of the world it is about, null for everyday matters. `mood`: of the speaker. */
export interface Subject {
  readonly provider: Provider;
  readonly at: number;
  readonly kind: SyntheticKind;
  readonly cause: WorldEvent | null;
  readonly topic: Topic;
  readonly mood: -1 | 0 | 1;
  readonly area: Area;
  readonly customerId: string;
  /** Of the line spoken of; null when it is about no line. */
  readonly technology: Technology | null;
  readonly product: string;
  readonly spanish: boolean;
}

const SPANISH_SHARE = 0.06;

/** What is talked about in an event of the world; a topic named more often comes more often. */
const EVENT_TOPICS: Readonly<Record<Exclude<WorldEvent['kind'], 'outage'>, readonly Topic[]>> = {
  congestion: topics('congestion', 'congestion', 'congestion', 'slow'),
  'coverage-gap': topics('coverage', 'coverage', 'coverage', 'calls'),
  campaign: topics('campaign', 'campaign', 'campaign', 'contract'),
  'price-change': topics('price-rise', 'price-rise', 'price-rise', 'price', 'cancel'),
  'app-release': topics('app-release', 'app-release', 'app-release', 'login'),
  'bill-run': topics('bill-run', 'bill-run', 'bill-run', 'wrong-charge'),
  'rival-offer': topics('rival-offer', 'rival-offer', 'price'),
};
const FIXED_OUTAGE = topics(...Array<string>(18).fill('outage-fixed'), 'general-fault', 'contact');
const MOBILE_OUTAGE = topics(
  ...Array<string>(18).fill('outage-mobile'),
  'general-fault',
  'contact',
);
const PRAISE = topics(
  'reliable',
  'reliable',
  'reliable',
  'brand-love',
  'brand-love',
  'brand-love',
  'app-praise',
  'app-praise',
  'contact-praise',
  'contact-praise',
  'technician-praise',
);
const SHRUG = topics('indifferent', 'indifferent', 'indifferent', 'wish', 'price', 'slow');

/** Share of tickets and of posts in what is said (the rest are survey answers), by cause. */
const KIND_SHARES: Readonly<
  Record<WorldEvent['kind'] | 'everyday', readonly [tickets: number, posts: number]>
> = {
  everyday: [0.42, 0.34],
  outage: [0.58, 0.42],
  congestion: [0.5, 0.35],
  'coverage-gap': [0.45, 0.3],
  campaign: [0.15, 0.7],
  'price-change': [0.25, 0.6],
  'app-release': [0.35, 0.5],
  'bill-run': [0.6, 0.35],
  'rival-offer': [0.2, 0.65],
};

const EVERYDAY: Readonly<Record<SyntheticKind, readonly Topic[]>> = {
  tickets: everyday(0),
  posts: everyday(1),
  surveys: everyday(2),
};

export function drawSubject(
  random: Random,
  provider: Provider,
  cause: WorldEvent | null,
  at: number,
): Subject {
  const kind = drawKind(random, cause, at);
  let mood: -1 | 0 | 1 = -1;
  if (kind === 'surveys') {
    const happy = random.float();
    if (cause === null) mood = happy < 0.5 ? 1 : happy < 0.7 ? 0 : -1;
    else mood = happy < 0.88 ? -1 : 0;
  }
  const place = drawArea(random, provider, cause);
  const area = provider.areas[place]!;
  const customer = random.below(area.subscribers);
  const topic = drawTopic(random, cause, kind, mood);
  if (kind !== 'surveys') mood = topic.sentiment;
  const causeTechnology = cause?.technology ?? null;
  const mobileCause = causeTechnology !== null && causeTechnology !== area.technology;
  const lineNamed = topic.access !== 'any' || random.chance(0.4);
  const line =
    topic.access === 'mobile' || (topic.access === 'any' && (mobileCause || random.chance(0.35)))
      ? (causeTechnology ?? area.mobile)
      : area.technology;
  const plans = provider.plans[line];
  return {
    provider,
    at,
    kind,
    cause,
    topic,
    mood,
    area,
    customerId: `BW${10_000_000 + place * 100_000 + customer}`,
    technology: lineNamed || cause?.kind === 'outage' ? line : null,
    product: plans[customer % plans.length]!,
    spanish: topic.spanish !== undefined && random.chance(SPANISH_SHARE),
  };
}

function drawKind(random: Random, cause: WorldEvent | null, at: number): SyntheticKind {
  if (cause?.kind === 'outage' && random.chance(surveyPart(cause, at))) return 'surveys';
  const [tickets, posts] = KIND_SHARES[cause?.kind ?? 'everyday'];
  const draw = random.float();
  return draw < tickets ? 'tickets' : draw < tickets + posts ? 'posts' : 'surveys';
}

function drawArea(random: Random, provider: Provider, cause: WorldEvent | null): number {
  const areas = cause?.areas ?? [];
  if (areas.length === 0 || cause === null) return weightedArea(random, provider);
  let left = random.float() * cause.share;
  for (const index of areas) {
    left -= provider.areas[index]!.share;
    if (left < 0) return index;
  }
  return areas[0]!;
}

function drawTopic(
  random: Random,
  cause: WorldEvent | null,
  kind: SyntheticKind,
  mood: number,
): Topic {
  if (cause === null) {
    if (kind === 'surveys' && mood !== -1) return pick(random, mood === 1 ? PRAISE : SHRUG);
    return pick(random, EVERYDAY[kind]);
  }
  if (cause.kind !== 'outage') return pick(random, EVENT_TOPICS[cause.kind]);
  // A cell that also serves homes (4G at home) goes down for phones too: the mobile words fit both.
  const mobile = cause.technology === '4G' || cause.technology === '5G';
  return pick(random, mobile ? MOBILE_OUTAGE : FIXED_OUTAGE);
}

function topics(...keys: readonly string[]): readonly Topic[] {
  return keys.map((key) => {
    const topic = TOPICS.find((each) => each.key === key);
    if (topic === undefined) throw new Error(`No topic has the key ${key}`);
    return topic;
  });
}

function everyday(kind: 0 | 1 | 2): readonly Topic[] {
  return TOPICS.flatMap((topic) => Array<Topic>(topic.weights[kind]).fill(topic));
}
