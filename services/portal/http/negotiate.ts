// Which form of an answer is wanted: `?format=` says it, else the Accept header (RFC 9110, section 12.5.1).
import { Problem } from '#core/http/problem.ts';
import { nearest } from '#core/nearest.ts';
import { invalidParameter } from './question.ts';

export const formats = {
  json: { type: 'application/json; charset=utf-8', name: 'JSON' },
  csv: { type: 'text/csv; charset=utf-8; header=present', name: 'CSV' },
  geojson: { type: 'application/geo+json', name: 'GeoJSON' },
  parquet: { type: 'application/vnd.apache.parquet', name: 'Parquet' },
} as const;
export type Format = keyof typeof formats;

/**
 * The first of `offered` that the caller takes as gladly as any other.
 * @param asked value of `format` in the query
 * @throws Problem 400 `invalid-parameter`, 406 `not-acceptable`.
 */
export function formatFor(
  offered: readonly Format[],
  asked: unknown,
  accept: string | undefined,
): Format {
  if (asked !== undefined) return named(offered, asked);
  const ranges = (accept ?? '*/*').split(',').map(rangeOf);
  let best: Format | undefined;
  let bestQuality = 0;
  for (const format of offered) {
    const quality = qualityOf(essenceOf(format), ranges);
    if (quality > bestQuality) [best, bestQuality] = [format, quality];
  }
  if (best !== undefined) return best;
  throw new Problem(406, 'not-acceptable', 'There is no form of this answer that is accepted.', {
    hint: `There are ${offered.map((format) => `${formats[format].name} (${essenceOf(format)}, ?format=${format})`).join(', ')}.`,
  });
}

/** The media type without its parameters. */
export function essenceOf(format: Format): string {
  return formats[format].type.split(';')[0]!;
}

function named(offered: readonly Format[], asked: unknown): Format {
  const format = offered.find((one) => one === asked);
  if (format !== undefined) return format;
  throw invalidParameter('format', formatSays(offered, asked) ?? '');
}

/** What the value of `format` must be; undefined where it is. */
export function formatSays(offered: readonly Format[], asked: unknown): string | undefined {
  if (offered.some((one) => one === asked)) return undefined;
  const near = typeof asked === 'string' ? nearest(asked, offered) : undefined;
  const meant = near === undefined ? '' : `; perhaps ${near} was meant`;
  return `must be one of ${offered.join(', ')} here${meant}`;
}

interface MediaRange {
  readonly range: string;
  readonly quality: number;
}

function rangeOf(text: string): MediaRange {
  const [range = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const q = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
  const quality = q === undefined ? 1 : Number(q);
  return { range, quality: Number.isFinite(quality) ? Math.min(1, Math.max(0, quality)) : 0 };
}

/** Of the most specific range that takes `type`; 0 for none. */
function qualityOf(type: string, ranges: readonly MediaRange[]): number {
  for (const range of [type, type.replace(/\/.*/, '/*'), '*/*']) {
    const found = ranges.find((one) => one.range === range);
    if (found !== undefined) return found.quality;
  }
  return 0;
}
