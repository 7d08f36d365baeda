// Alerts in the words of the pages. Pure.
import type { AlertRow } from '../../../alerts/answers.ts';
import { countryTitle, titleOf } from '../show/figures.ts';

export type State = AlertRow['state'];

const stateTitles: Readonly<Record<State, string>> = {
  firing: 'Firing',
  reopened: 'Firing again',
  acknowledged: 'In hand',
  suppressed: 'Silenced',
  resolved: 'Over',
};

export function stateTitle(state: State): string {
  return stateTitles[state];
}

export function isFiring(state: State): boolean {
  return state === 'firing' || state === 'reopened';
}

/** Outage, Unstable service and 2 more */
export function themesTitle(themes: readonly string[]): string {
  const shown = themes.slice(0, 3).map(titleOf);
  const left = themes.length - shown.length;
  return left > 0 ? `${shown.join(', ')} and ${left} more` : shown.join(', ');
}

export function placeTitleOf({ place }: Pick<AlertRow, 'place'>): string {
  if (place.level === 'everywhere') return 'everywhere';
  return place.level === 'country' ? countryTitle(place.name) : place.name;
}

/** The page of one alert. */
export function alertPath(id: string): string {
  return `/alerts/${encodeURIComponent(id)}`;
}

/** Null for the list. */
export function alertIn(path: string): string | null {
  const [, id] = /^\/alerts\/([^/]+)$/.exec(path) ?? [];
  if (id === undefined) return null;
  try {
    return decodeURIComponent(id);
  } catch {
    return id;
  }
}

const about = new Intl.NumberFormat('en', { maximumSignificantDigits: 2 });

/** An estimate in two digits: 37, 1,900, 12,000. */
export function aboutText(value: number): string {
  return value < 10 ? about.format(Math.round(value)) : about.format(value);
}

/** about 4 usual */
export function usualText(expected: number): string {
  return expected < 0.5 ? 'hardly any usual' : `about ${aboutText(expected)} usual`;
}

/** 45 min, 3 h 20 min, 2 days 4 h */
export function lastedText(ms: number): string {
  const minutes = Math.max(0, Math.round(ms / 60_000));
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  const days = Math.floor(hours / 24);
  const name = days === 1 ? 'day' : 'days';
  return hours % 24 === 0 ? `${days} ${name}` : `${days} ${name} ${hours % 24} h`;
}

/** How seldom chance gives as much in one look at one place and theme: below one in a million models mean little. */
export function chanceText(pValue: number): string {
  return pValue > 1e-6 ? `1 in ${about.format(1 / pValue)}` : 'below 1 in 1 million';
}

const deliveryTitles = {
  waiting: 'waits',
  delivered: 'delivered',
  'given-up': 'given up',
} as const;

export function deliveryTitle(delivery: keyof typeof deliveryTitles): string {
  return deliveryTitles[delivery];
}
