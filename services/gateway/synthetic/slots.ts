// The slots of phrases that are facts of the speaker, the place or the event, and the compiler that knows them.
import { createCompiler, expand, type Phrase, type Slot } from './grammar.ts';
import { CARDS, FIRST_NAMES, IBANS, IMEIS, LAST_NAMES, STREETS } from './phrases/asides.ts';
import { SPANISH_VOCABULARY } from './phrases/spanish.ts';
import { VOCABULARY } from './phrases/vocabulary.ts';
import { pick, type Random } from './random.ts';
import type { Subject } from './subject.ts';

const MINUTE_MS = 60_000;
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
const WORK_DAY_MINUTES = 1_440;
/** Area codes in front of 555-0100 to 555-0199, the numbers set aside for fiction. */
const AREA_CODES = ['406', '605', '701', '212'];

const twoDigits = (value: number): string => (value < 10 ? `0${value}` : `${value}`);
const priceOf = (subject: Subject): number => 25 + (subject.product.length % 9) * 5;

const SLOTS: Readonly<Record<string, Slot<Subject>>> = {
  area: (subject) => subject.area.name,
  city: (subject) => subject.area.city,
  cityTag: (subject) => subject.area.city.toLowerCase().replaceAll(' ', ''),
  region: (subject) => subject.area.region,
  // All who speak of one outage name one site and one damage.
  site: (subject, random) =>
    `${subject.area.postcode}-${1 + ((outageNumber(subject) ?? random.below(6)) % 6)}`,
  damage: (subject, random) => DAMAGES[(outageNumber(subject) ?? random.below(3)) % 3]!,
  brand: (subject) => subject.provider.name,
  rival: (subject, random) =>
    subject.cause?.kind === 'rival-offer'
      ? subject.cause.name
      : pick(random, subject.provider.rivals),
  technology: (subject) => subject.technology ?? subject.area.technology,
  product: (subject) => subject.product,
  customerId: (subject) => subject.customerId,
  price: (subject) => `$${priceOf(subject)}`,
  oldPrice: (subject) => `$${subject.cause?.oldPrice || priceOf(subject)}`,
  newPrice: (subject, random) => {
    const named = subject.cause?.newPrice ?? 0;
    if (named > 0) return `$${named}`;
    return `$${Math.max(9, priceOf(subject) - 5 - random.below(15))}`;
  },
  campaign: (subject) => (subject.cause?.kind === 'campaign' ? subject.cause.name : 'Welcome'),
  version: (subject, random) =>
    subject.cause?.kind === 'app-release' ? subject.cause.name : `6.${random.below(10)}.0`,
  month: (subject) => MONTHS[new Date(subject.at + subject.provider.utcOffsetMs).getUTCMonth()]!,
  count: (_, random) => `${2 + random.below(14)}`,
  speed: (_, random) => `${random.below(18)}.${1 + random.below(9)}`,
  amount: (_, random) => `$${4 + random.below(160)}.${twoDigits(random.below(100))}`,
  clock: (subject, random) => clock(subject, random),
  elapsed: (subject) => elapsed(subject),
  since: (subject, random) =>
    expand(subject.cause?.kind === 'outage' ? SINCE_OUTAGE : SINCE_USUAL, subject, random),
  first: (_, random) => pick(random, FIRST_NAMES),
  last: (_, random) => pick(random, LAST_NAMES),
  phoneNumber: (_, random) => phoneNumber(random),
  email: (_, random) => email(random),
  card: (_, random) => pick(random, CARDS),
  iban: (_, random) => pick(random, IBANS),
  imei: (_, random) => pick(random, IMEIS),
  mac: (_, random) => `00:00:5E:00:53:${(16 + random.below(240)).toString(16).toUpperCase()}`,
  ip: (_, random) =>
    `${pick(random, ['192.0.2', '198.51.100', '203.0.113'])}.${1 + random.below(254)}`,
  house: (_, random) => `${1 + random.below(180)}`,
  street: (_, random) => pick(random, STREETS),
};

/** Compiles a phrase that may use every slot above and every list of the vocabularies. */
export const compilePhrase: (text: string) => Phrase<Subject> = createCompiler(SLOTS, {
  ...VOCABULARY,
  ...SPANISH_VOCABULARY,
});

const SINCE_OUTAGE: Phrase<Subject> = compilePhrase('{sinceOutage}');
const SINCE_USUAL: Phrase<Subject> = compilePhrase('{sinceUsual}');

const DAMAGES = ['cable', 'power supply', 'line card'];

function outageNumber(subject: Subject): number | null {
  return subject.cause?.kind === 'outage' ? Math.abs(subject.cause.number) : null;
}

/** A time of day: near its beginning for an outage, any other time before now else. */
function clock(subject: Subject, random: Random): string {
  const began = subject.cause?.kind === 'outage' ? subject.cause.startsAt : null;
  const moment =
    began === null
      ? subject.at - random.below(WORK_DAY_MINUTES) * MINUTE_MS
      : began + random.below(6) * MINUTE_MS;
  const minutes = Math.floor((moment + subject.provider.utcOffsetMs) / MINUTE_MS);
  const ofDay = ((minutes % 1_440) + 1_440) % 1_440;
  return `${twoDigits(Math.floor(ofDay / 60))}:${twoDigits(ofDay % 60)}`;
}

function elapsed(subject: Subject): string {
  const cause = subject.cause;
  if (cause === null || !Number.isFinite(cause.startsAt)) return 'some time';
  const minutes = Math.floor((Math.min(subject.at, cause.endsAt) - cause.startsAt) / MINUTE_MS);
  if (minutes < 8) return 'a few minutes';
  if (minutes < 100) return `${Math.round(minutes / 5) * 5} minutes`;
  return `${Math.round(minutes / 60)} hours`;
}

function phoneNumber(random: Random): string {
  const area = pick(random, AREA_CODES);
  const line = `01${twoDigits(random.below(100))}`;
  switch (random.below(4)) {
    case 0:
      return `+1 ${area} 555 ${line}`;
    case 1:
      return `(${area}) 555-${line}`;
    case 2:
      return `${area}-555-${line}`;
    default:
      return `${area}555${line}`;
  }
}

function email(random: Random): string {
  const first = pick(random, FIRST_NAMES).toLowerCase();
  const last = pick(random, LAST_NAMES).toLowerCase();
  const domain = pick(random, ['example.com', 'example.org', 'example.net']);
  switch (random.below(3)) {
    case 0:
      return `${first}.${last}@${domain}`;
    case 1:
      return `${first}${1 + random.below(98)}@${domain}`;
    default:
      return `${first[0]}_${last}+${subjectWord(random)}@${domain}`;
  }
}

function subjectWord(random: Random): string {
  return pick(random, ['internet', 'bills', 'home']);
}
