// Numbers in words: with their unit, their interval and what they rest on. Pure, and the same in every browser.
import type { Estimate } from '../../../api/answers.ts';

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const twoDigits = new Intl.NumberFormat('en', {
  minimumSignificantDigits: 2,
  maximumSignificantDigits: 2,
});
const short = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 });

/** 12,345 */
export function countText(value: number): string {
  return whole.format(value);
}

/** 1.23M: for axes and where room is scarce. */
export function shortText(value: number): string {
  return short.format(value);
}

/** Two significant digits below ten, then whole numbers: 0.034, 0.60, 3.1, 57, 1,234. */
export function decimalText(value: number): string {
  const size = Math.abs(value);
  const format = size >= 10 || Number.isInteger(value) ? whole : twoDigits;
  return format.format(value).replace('-', '−');
}

/** As above, and 3.0: among other rates a whole one has its decimal too. */
export function rateText(value: number): string {
  const isSmall = value !== 0 && Math.abs(value) < 10;
  return isSmall ? twoDigits.format(value).replace('-', '−') : decimalText(value);
}

/** 0.41 → 41 %; below 10 % with one decimal. The space does not break. */
export function shareText(share: number): string {
  const percent = share * 100;
  const digits = Math.abs(percent) < 10 && !Number.isInteger(percent) ? 1 : 0;
  return `${percent.toFixed(digits)}\u00a0%`;
}

/** 2.4–4.0, 24–38 %, −41 to −20 % */
export function intervalText(
  { low, high }: Pick<Estimate, 'low' | 'high'>,
  text: (value: number) => string = decimalText,
): string {
  const [from, to] = [text(low).replace(/\u00a0%$/, ''), text(high)];
  return /[−+±]/.test(from + to) ? `${from} to ${to}` : `${from}–${to}`;
}

/** A ratio as what it changes: 1.18 → +18 %. */
export function changeText(ratio: number): string {
  const percent = Math.round((ratio - 1) * 100);
  const sign = percent > 0 ? '+' : percent < 0 ? '−' : '±';
  return `${sign}${whole.format(Math.abs(percent))}\u00a0%`;
}

/** 31 h; from two days on in days. */
export function hoursText(hours: number): string {
  return hours < 48 ? `${decimalText(hours)} h` : `${decimalText(hours / 24)} days`;
}

/** Whether the interval of a ratio leaves out "no change": only then may an arrow be drawn. */
export function isClear({ low, high }: Estimate): boolean {
  return low > 1 || high < 1;
}

/** `no-clear-change` → No clear change; names of themes and departments as people write them. */
export function titleOf(name: string): string {
  if (name === '' || name === 'none') return 'No theme';
  const words = name.replaceAll('-', ' ').replace(/^tv\b/, 'TV');
  return words.length <= 2 ? words.toUpperCase() : words.charAt(0).toUpperCase() + words.slice(1);
}

const countries = new Intl.DisplayNames('en', { type: 'region' });

/** Readable name of a country that is given by its code (ISO 3166-1); other names stand as they are. */
export function countryTitle(given: string): string {
  return /^[A-Z]{2}$/.test(given) ? (countries.of(given) ?? given) : given;
}

const levelTitles: Readonly<Record<string, readonly [one: string, many: string]>> = {
  country: ['Country', 'Countries'],
  region: ['Region', 'Regions'],
  city: ['City', 'Cities'],
  area: ['Area', 'Areas'],
  postcode: ['Postcode', 'Postcodes'],
  site: ['Site', 'Sites'],
  'h3-4': ['Hex of 1,770 km²', 'Hexes, 1,770 km²'],
  'h3-6': ['Hex of 36 km²', 'Hexes, 36 km²'],
  'h3-8': ['Hex of 0.7 km²', 'Hexes, 0.7 km²'],
};

export function levelTitle(level: string, many = false): string {
  return levelTitles[level]?.[many ? 1 : 0] ?? level;
}
