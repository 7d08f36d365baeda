// What an incident is, in one plain sentence. Pure.
import type { Incident } from '../detect/detection.ts';
import type { Told } from './lifecycle.ts';
import { placeInWords, plain } from './plain.ts';

const subjects: Readonly<Record<string, string>> = {
  'billing-error': 'billing errors',
  outage: 'outages',
  'unstable-service': 'an unstable service',
  'slow-speed': 'slow speeds',
  'data-cap': 'data caps',
  coverage: 'poor coverage',
  'offer-or-contract': 'trouble with offers or contracts',
  'product-wish': 'wishes for the product',
  'call-or-message': 'trouble with calls or messages',
  'privacy-or-fraud': 'trouble with privacy or fraud',
  'tv-service': 'trouble with TV',
  'general-fault': 'faults',
  equipment: 'trouble with equipment',
  'installation-or-technician': 'trouble with installations or technicians',
  'contact-experience': 'trouble with customer service',
  price: 'trouble with prices',
  cancellation: 'cancellations',
  'brand-feeling': 'what they think of the company',
  'account-access': 'trouble with their accounts',
  'app-or-website': 'trouble with the app or website',
  none: 'other things',
};
const mostSubjects = 3;

/** A theme as the object of `customers report …`. */
export function subjectOf(theme: string): string {
  return Object.hasOwn(subjects, theme) ? subjects[theme]! : plain(theme);
}

/**
 * For example `57 customers in Newark, California report outages since 14:15 UTC; about 4 are usual.`
 * @param at moment of the transition: days are named where they differ from its own
 */
export function summaryOf(incident: Incident, told: Told, at: number): string {
  const { customers, scope, themes, product, startedAt, resolvedAt, expectedCustomers } = incident;
  const isOver = told.state === 'resolved';
  const where =
    scope.level === 'everywhere' ? 'of all places' : `in ${placeInWords(scope.level, scope.path)}`;
  const what = listed(themes.map(subjectOf)) + (product === null ? '' : ` (${plain(product)})`);
  const since = moment(startedAt, at);
  const when = isOver ? `from ${since} to ${moment(resolvedAt ?? at, at)}` : `since ${since}`;
  const who = `${customers} ${customers === 1 ? 'customer' : 'customers'}`;
  const verb = isOver ? 'reported' : customers === 1 ? 'reports' : 'report';
  const sentence = `${who} ${where} ${verb} ${what} ${when} UTC; ${usual(expectedCustomers, isOver)}.`;
  return framed(sentence, told);
}

function framed(sentence: string, { state, reason, by }: Told): string {
  if (reason === 'settings-changed' && state === 'resolved')
    return `No longer an incident by the changed settings: ${sentence}`;
  if (reason === 'merged') return `Part of another incident: ${sentence}`;
  if (state === 'resolved') return `Over: ${sentence}`;
  if (state === 'acknowledged')
    return by === null ? sentence : `${sentence} ${plain(by)} has acknowledged it.`;
  if (state === 'suppressed')
    return `${sentence} ${reason === 'maintenance' ? 'There is maintenance there' : 'It is silenced'}.`;
  if (reason === 'widened') return `Wider than before: ${sentence}`;
  if (reason === 'rose-again') return `Again: ${sentence}`;
  return sentence;
}

function listed(items: readonly string[]): string {
  if (items.length === 0) return 'trouble';
  const shown =
    items.length > mostSubjects
      ? [...items.slice(0, mostSubjects), `${items.length - mostSubjects} more subjects`]
      : items;
  if (shown.length === 1) return shown[0]!;
  return `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)!}`;
}

function usual(expected: number, isOver: boolean): string {
  const rounded = Math.round(expected);
  const plural = isOver ? 'were' : 'are';
  if (rounded === 0) return `hardly any ${plural} usual`;
  return `about ${rounded} ${rounded === 1 ? (isOver ? 'was' : 'is') : plural} usual`;
}

const months =
  'January February March April May June July August September October November December';
const monthNames = months.split(' ');

function moment(ms: number, at: number): string {
  const date = new Date(ms);
  const [day, time] = [date.toISOString().slice(0, 10), date.toISOString().slice(11, 16)];
  if (day === new Date(at).toISOString().slice(0, 10)) return time;
  return `${date.getUTCDate()} ${monthNames[date.getUTCMonth()]}, ${time}`;
}
