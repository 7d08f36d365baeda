// Messages about an alert, drafted for those who tell others of it; people read and send them. Pure.
import type { StoredPath } from '#core/store/alert-tables.ts';
import type { AlertAnswer, Draft } from './answers.ts';
import {
  chanceWords,
  listed,
  momentWords,
  plain,
  roundWords,
  themeWords,
  usualWords,
} from './wording.ts';

/** What is known of the alert; drafts quote nobody. */
export type DraftedOf = Pick<AlertAnswer, 'alert' | 'words' | 'planned'>;

/** What customers notice, as it may be said to them; other themes are said in general. */
const noticed: Readonly<Record<string, string>> = {
  outage: 'no service',
  'unstable-service': 'service that drops',
  'slow-speed': 'slow connections',
  coverage: 'weak or no coverage',
  'call-or-message': 'trouble with calls and messages',
  'tv-service': 'trouble with TV',
  'general-fault': 'trouble with their service',
  equipment: 'trouble with their equipment',
  'billing-error': 'questions about their bills',
  price: 'questions about prices',
  'data-cap': 'questions about data limits',
  'offer-or-contract': 'questions about offers and contracts',
  'account-access': 'trouble with signing in to their accounts',
  'app-or-website': 'trouble with the app or the website',
  'installation-or-technician': 'trouble with appointments and installations',
  'contact-experience': 'trouble with reaching us',
};
/** Of these a credit or a repair is often asked for. */
const ofTheNetwork = new Set([
  'outage',
  'unstable-service',
  'slow-speed',
  'coverage',
  'call-or-message',
  'tv-service',
  'general-fault',
]);

/**
 * One for each audience.
 * @param path of the alert's place, for what customers may be told of it
 */
export function draftsOf(told: DraftedOf, path: StoredPath): Draft[] {
  const { alert } = told;
  const isOver = alert.state === 'resolved';
  const place = publicPlace(path);
  return [
    forOperations(told),
    isOver ? serviceAfter(told, place) : serviceDuring(told, place),
    isOver ? marketingAfter(told, place) : marketingDuring(told, place),
  ];
}

/** As customers know it: sites and areas are the provider's own names. */
export function publicPlace({ country, region, city, postcode }: StoredPath): string {
  const own = city ?? (postcode === null ? null : `postcode ${plain(postcode)}`);
  if (own !== null)
    return [own, region]
      .flatMap((name) => name ?? [])
      .map((each) => plain(each))
      .join(', ');
  if (region !== null) return plain(region);
  return country === null ? 'all places' : countryWords(country);
}

const countries = new Intl.DisplayNames('en', { type: 'region' });

function countryWords(country: string): string {
  return /^[A-Z]{2}$/.test(country) ? (countries.of(country) ?? country) : plain(country);
}

function forOperations({ alert, words, planned }: DraftedOf): Draft {
  const { customers, expected, affected, place, themes, product } = alert;
  const isOver = alert.resolvedAt !== null;
  const what = listed(themes.map(themeWords)) + (product === null ? '' : ` (${plain(product)})`);
  const where = place.level === 'everywhere' ? 'everywhere' : plain(place.name);
  const lines = [
    `What: ${what}, by what customers report`,
    `Where: ${where}${place.level === 'everywhere' ? '' : ` (${place.level})`}`,
    isOver
      ? `When: ${momentWords(alert.startedAt)} to ${momentWords(alert.resolvedAt!)}`
      : `Since: ${momentWords(alert.startedAt)}, noticed ${momentWords(alert.detectedAt)}`,
    `How many: ${customers} ${customers === 1 ? 'customer' : 'customers'} said so, ${usualWords(expected)}`,
    `Affected: ${affectedWords(affected)} customers, an estimate from how few of them say so`,
    `How sure: ${chanceWords(alert.pValue)}`,
    ...(words.length === 0
      ? []
      : [`Words that rose: ${words.map((each) => plain(each)).join(', ')}`]),
    ...(planned.length === 0
      ? ['Planned work nearby: none known']
      : planned.map(({ says }) => `Planned work nearby: ${says}`)),
    ...(alert.heldBy.length === 0
      ? []
      : [
          `Not resolved because these sources are silent: ${alert.heldBy.map((each) => plain(each)).join(', ')}`,
        ]),
    `Now: ${nowWords(alert)}`,
  ];
  return {
    audience: 'operations',
    subject: `${isOver ? 'Over: ' : ''}${capital(what)}, ${where}, since ${momentWords(alert.startedAt)}`,
    text: lines.join('\n'),
  };
}

function affectedWords({ value, low, high }: AlertAnswer['alert']['affected']): string {
  return `about ${roundWords(value)} (${roundWords(low)} to ${roundWords(high)})`;
}

function nowWords({ state, acknowledgedBy }: AlertAnswer['alert']): string {
  if (state === 'resolved') return 'over, by the counts';
  if (state === 'acknowledged')
    return `${acknowledgedBy === null ? 'somebody' : plain(acknowledgedBy)} has it in hand`;
  if (state === 'suppressed') return 'silenced, nobody is told';
  return 'firing, nobody has acknowledged it';
}

function serviceDuring({ alert, planned }: DraftedOf, place: string): Draft {
  const isNetwork = alert.themes.some((theme) => ofTheNetwork.has(theme));
  const work = planned.find(({ kind }) => kind === 'maintenance');
  const since = momentWords(alert.startedAt);
  return {
    audience: 'customer-service',
    subject: `What to tell callers: ${noticedWords(alert.themes)}, ${place}`,
    text: [
      'Say:',
      `- We see that more customers than usual in ${place} report ${noticedWords(alert.themes)} since ${since}. We are looking into it.`,
      ...(work === undefined ? [] : ['- There is planned work in the region at this time.']),
      '',
      'Ask, and note in the ticket:',
      `- where they are, since when, and what they see${isNetwork ? '; whether it is all devices or one' : ''}.`,
      '',
      'Do not promise:',
      '- when it will be over: nobody knows yet;',
      '- what the cause is: customers report it, and it is not confirmed;',
      `- ${isNetwork ? 'a credit or a visit by a technician for this alone' : 'a refund or a correction for this alone'}; the usual rules hold.`,
      '',
      'Do not name numbers of customers or sites.',
    ].join('\n'),
  };
}

function serviceAfter({ alert }: DraftedOf, place: string): Draft {
  const { startedAt, resolvedAt } = alert;
  const when = `from ${momentWords(startedAt)} to ${momentWords(resolvedAt ?? alert.updatedAt)}`;
  return {
    audience: 'customer-service',
    subject: `Over: ${noticedWords(alert.themes)}, ${place}`,
    text: [
      'Say:',
      `- More customers than usual in ${place} reported ${noticedWords(alert.themes)} ${when}. By what customers report it is over.`,
      '',
      'Who still has trouble:',
      '- open a ticket of its own: it is no longer part of this.',
      '',
      'Do not promise:',
      '- that it will not come again, or what the cause was, until Operations has said so.',
    ].join('\n'),
  };
}

function marketingDuring({ alert }: DraftedOf, place: string): Draft {
  return {
    audience: 'marketing',
    subject: `Hold campaigns: ${place}`,
    text: [
      'Public wording:',
      `“Some customers in ${place} may have ${noticedWords(alert.themes)} at the moment. We are looking into it and are sorry for the trouble. We will write here as soon as we know more.”`,
      '',
      `Hold campaigns, offers and posts that were planned for ${place} until this is over.`,
      'Answer posts about it with the wording above; do not say a cause, a time or a number of customers.',
      `Subjects to leave alone meanwhile: ${listed(alert.themes.map(themeWords))}.`,
    ].join('\n'),
  };
}

function marketingAfter({ alert }: DraftedOf, place: string): Draft {
  return {
    audience: 'marketing',
    subject: `Campaigns may go on: ${place}`,
    text: [
      'Public wording:',
      `“The trouble that some customers in ${place} had (${noticedWords(alert.themes)}) is over, by all that we hear. Thank you for your patience. Who still has trouble: please write to us.”`,
      '',
      `What was held for ${place} may go on. Look at it once more: who was affected hears it differently.`,
    ].join('\n'),
  };
}

function noticedWords(themes: readonly string[]): string {
  const known = themes.flatMap((theme) => (Object.hasOwn(noticed, theme) ? noticed[theme]! : []));
  const few = [...new Set(known)].slice(0, 3);
  return few.length === 0 ? 'trouble with our service' : listed(few);
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
