// The one time range: by the address either the last so many days of what there is, or from one day to another.
import type { Address } from './address.ts';

export interface Range {
  readonly from: string;
  readonly to: string;
}

const dayMs = 86_400_000;

/** `to` is exclusive, both are moments as the API has them. */
export const presets: readonly { readonly key: string; readonly title: string }[] = [
  { key: '7d', title: 'Last 7 days' },
  { key: '28d', title: 'Last 28 days' },
  { key: '90d', title: 'Last 90 days' },
  { key: '365d', title: 'Last 365 days' },
  { key: 'all', title: 'Everything' },
];

/** As the API does when nothing is asked. */
export const usualPreset = '90d';

/**
 * What is asked of the API. A preset ends with the day of the newest signal (UTC), not with today: of data that was
 * imported the last days may be long ago. It does not begin before the first one.
 * @param known from the first to the last signal; null without any.
 */
export function rangeAsked({ query }: Address, known: Range | null): Partial<Range> {
  const from = query.get('from');
  const to = query.get('to');
  if (from !== null || to !== null) {
    return {
      ...(isDay(from) && { from: `${from}T00:00:00Z` }),
      ...(isDay(to) && { to: `${to}T00:00:00Z` }),
    };
  }
  if (known === null) return {};
  const end = endOfDay(known.to);
  const key = presetOf(query);
  if (key === 'all') return { from: startOfDay(known.from), to: end };
  const start = new Date(Date.parse(end) - Number.parseInt(key, 10) * dayMs).toISOString();
  // Days before the first signal are none without tickets: nobody was asked then.
  return { from: start > startOfDay(known.from) ? start : startOfDay(known.from), to: end };
}

/** The preset that is chosen; the usual one where the address says something else. */
export function presetOf(query: URLSearchParams): string {
  const last = query.get('last');
  return presets.some(({ key }) => key === last) ? last! : usualPreset;
}

export function rangeTitle({ query }: Address): string {
  const from = query.get('from');
  const to = query.get('to');
  if (isDay(from) || isDay(to)) {
    const last = isDay(to) ? lastDay(to) : '…';
    return `${isDay(from) ? from : '…'} – ${last}`;
  }
  const key = presetOf(query);
  return presets.find((preset) => preset.key === key)!.title;
}

/** The last day within a range that ends before `to`. */
export function lastDay(to: string): string {
  return new Date(Date.parse(to) - dayMs).toISOString().slice(0, 10);
}

/** The day after: the exclusive end of a range whose last day is `day`. */
export function dayAfter(day: string): string {
  return new Date(Date.parse(day) + dayMs).toISOString().slice(0, 10);
}

export function isDay(text: string | null): text is string {
  return text !== null && /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text));
}

function startOfDay(moment: string): string {
  return `${moment.slice(0, 10)}T00:00:00.000Z`;
}

function endOfDay(moment: string): string {
  return new Date(Date.parse(startOfDay(moment)) + dayMs).toISOString();
}
