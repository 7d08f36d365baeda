// The records of something first said: inputs as the HTTP intake accepts them, with JSON names.
import type { SyntheticKind } from './event.ts';
import { QUESTIONS } from './phrases/company.ts';
import type { Theme } from './phrases/topic.ts';
import { pick, type Random } from './random.ts';
import type { Subject } from './subject.ts';
import type { Said } from './wording.ts';

export type Input = Record<string, unknown>;

export const SOURCES: Readonly<Record<SyntheticKind, string>> = {
  tickets: 'brindlewave-care',
  posts: 'brindlewave-forum',
  surveys: 'brindlewave-pulse',
};

const CHANNELS: Readonly<Record<SyntheticKind, readonly string[]>> = {
  tickets: ['phone', 'phone', 'app', 'web', 'shop', 'chat'],
  posts: ['forum', 'forum', 'social', 'app-store'],
  surveys: ['sms', 'email', 'app'],
};
/** Share that names a place at all. */
const PLACE_SHARE: Readonly<Record<SyntheticKind, number>> = {
  tickets: 0.88,
  posts: 0.4,
  surveys: 0.6,
};
/** Degrees: within about a kilometre of the area's centre. */
const SPREAD = 0.012;

/** A ticket as it is opened: version 1. */
export function openedTicket(subject: Subject, said: Said, id: string, random: Random): Input {
  const outage = subject.cause?.kind === 'outage';
  const input = common(subject, id, '1', random);
  if (said.title !== null) input['name'] = said.title;
  if (said.text !== null) input['description'] = said.text;
  input['ticketType'] = random.chance(0.07) ? 'other' : ticketType(subject.topic.theme);
  input['severity'] = outage
    ? random.chance(0.6)
      ? 'major'
      : 'critical'
    : pick(random, ['minor', 'minor', 'moderate', 'major']);
  input['priority'] = outage ? 'high' : pick(random, ['low', 'medium', 'medium', 'high']);
  input['status'] = 'acknowledged';
  input['createdAt'] = subject.at;
  return input;
}

/** A post. Authors of a forum are known by other names than customers are. */
export function publishedPost(subject: Subject, said: Said, id: string, random: Random): Input {
  const input = common(subject, id, null, random);
  input['authorId'] = authorOf(subject);
  input['authorRole'] = random.chance(0.04) ? 'unknown' : 'customer';
  if (input['channel'] === 'forum' && random.chance(0.5)) {
    input['title'] = FORUM_TITLES[subject.topic.theme] ?? 'General';
    input['threadId'] = `th-${id.slice(3)}`;
  }
  input['text'] = said.text ?? '';
  return input;
}

/** The name a customer goes by in the forum; the intake knows no link to the customer id. */
export function authorOf(subject: Subject): string {
  return `user-${(Number(subject.customerId.slice(2)) * 7919) % 9_999_991}`;
}

/** An answer; `afterTicket` when it asks about one just closed. */
export function answeredSurvey(
  subject: Subject,
  said: Said,
  id: string,
  random: Random,
  afterTicket: boolean,
): Input {
  const input = common(subject, id, null, random);
  const draw = random.float();
  const scale = afterTicket
    ? draw < 0.7
      ? 'csat'
      : 'ces'
    : draw < 0.62
      ? 'nps'
      : draw < 0.86
        ? 'csat'
        : 'ces';
  input['scale'] = scale;
  input['score'] = score(scale, subject.mood, random);
  input['question'] = QUESTIONS[scale];
  if (said.text !== null) input['verbatim'] = said.text;
  input['attributes'] = { occasion: afterTicket ? 'ticket-closed' : 'quarterly' };
  return input;
}

function common(subject: Subject, id: string, version: string | null, random: Random): Input {
  const { kind } = subject;
  const input: Input = { id };
  if (version !== null) input['version'] = version;
  input['occurredAt'] = subject.at;
  if (kind !== 'posts' && random.chance(0.96)) input['customerId'] = subject.customerId;
  input['channel'] = pick(random, CHANNELS[kind]);
  if (kind !== 'posts' && random.chance(0.7)) input['product'] = subject.product;
  if (subject.technology !== null && (kind === 'tickets' || random.chance(0.3)))
    input['technology'] = subject.technology;
  if (random.chance(0.3)) input['language'] = subject.spanish ? 'es' : 'en';
  if (random.chance(PLACE_SHARE[kind])) input['place'] = place(subject, random);
  return input;
}

/** Sources know places in different depth: all of it, the postcode alone, the area alone. */
function place(subject: Subject, random: Random): Input {
  const { area, kind } = subject;
  const draw = random.float();
  if (kind === 'tickets' && draw < 0.6) {
    const full: Input = {
      country: area.country,
      region: area.region,
      city: area.city,
      area: area.name,
      postcode: area.postcode,
    };
    if (draw < 0.4) {
      full['lat'] = degrees(area.lat + (random.float() - 0.5) * SPREAD);
      full['lon'] = degrees(area.lon + (random.float() - 0.5) * SPREAD * 1.4);
    }
    if (draw < 0.25) full['site'] = `${area.postcode}-${1 + random.below(6)}`;
    return full;
  }
  if (kind === 'posts')
    return draw < 0.6 ? { city: area.city, area: area.name } : { area: area.name };
  return draw < 0.8 ? { country: area.country, postcode: area.postcode } : { area: area.name };
}

function degrees(value: number): number {
  return Math.round(value * 100_000) / 100_000;
}

function score(scale: 'nps' | 'csat' | 'ces', mood: -1 | 0 | 1, random: Random): number {
  switch (scale) {
    case 'nps':
      return mood === 1 ? 9 + random.below(2) : mood === 0 ? 6 + random.below(3) : random.below(6);
    case 'csat':
      return mood === 1 ? 4 + random.below(2) : mood === 0 ? 3 : 1 + random.below(2);
    default:
      return mood === 1
        ? 6 + random.below(2)
        : mood === 0
          ? 4 + random.below(2)
          : 1 + random.below(3);
  }
}

function ticketType(theme: Theme): string {
  switch (theme) {
    case 'billing-error':
    case 'privacy-or-fraud':
      return 'billing';
    case 'price':
    case 'offer-or-contract':
    case 'cancellation':
    case 'data-cap':
      return 'contract';
    case 'account-access':
    case 'app-or-website':
      return 'account';
    case 'contact-experience':
    case 'brand-feeling':
      return 'complaint';
    case 'product-wish':
    case 'none':
      return 'enquiry';
    default:
      return 'technical';
  }
}

const FORUM_TITLES: Partial<Readonly<Record<Theme, string>>> = {
  outage: 'Network status',
  'unstable-service': 'Home internet',
  'slow-speed': 'Home internet',
  coverage: 'Mobile coverage',
  'call-or-message': 'Mobile',
  'tv-service': 'BrindleTV',
  equipment: 'Routers and boxes',
  'billing-error': 'Bills and payments',
  price: 'Plans and prices',
  'offer-or-contract': 'Plans and prices',
  'app-or-website': 'MyBrindle app',
  'account-access': 'My account',
  none: 'Off topic',
};
