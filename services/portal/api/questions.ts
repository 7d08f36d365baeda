// What may be asked of the query API: the parameters of its addresses, checked. One name means the same everywhere.
import { z } from 'zod';
import { tidyName } from '#core/place-name.ts';

export const kinds = ['ticket', 'post', 'survey'] as const;
export const buckets = ['none', 'hour', 'day', 'week', 'month'] as const;
/** Levels of the hierarchy of places, and H3 cells at three resolutions (about 1,770, 36 and 0.7 km²). */
export const placeLevels = [
  'country',
  'region',
  'city',
  'area',
  'postcode',
  'site',
  'h3-4',
  'h3-6',
  'h3-8',
] as const;
export type PlaceLevel = (typeof placeLevels)[number];
export const dimensions = [...placeLevels, 'theme', 'technology', 'department', 'kind'] as const;
export type Dimension = (typeof dimensions)[number];
export const measures = [
  'opened',
  'reopened',
  'resolved',
  'stillOpen',
  'posts',
  'surveyAnswers',
  'customers',
  'rate',
] as const;

/** Comma-separated, or the parameter several times; a comma of a name after a backslash; no value twice. */
export function listOf<T extends z.ZodType<string, string>>(item: T, most = 50) {
  return z
    .union([z.string(), z.array(z.string())])
    .transform((given) => [
      ...new Set(
        (Array.isArray(given) ? given : [given])
          .flatMap((one) => one.split(/(?<!\\),/))
          .map((one) => one.replaceAll('\\,', ',')),
      ),
    ])
    .pipe(z.array(item).min(1).max(most));
}

/** No database keeps a text with U+0000 in it, and no name has a line break. */
const printable = /^\P{Cc}*$/u;
const unprintable = 'must not hold control characters';
export const name = z.string().min(1).max(200).regex(printable, unprintable);
/** Places are known by tidy names, and asked for by others that look the same. */
const placeName = name.transform(tidyName).pipe(z.string().min(1));
const instant = z
  .union([z.iso.datetime({ offset: true }), z.iso.date()], {
    error: 'must be a moment (2026-11-29T08:00:00Z) or a day (2026-11-29)',
  })
  .transform((text) => new Date(text))
  .describe('A moment (2026-11-29T08:00:00Z) or a day (2026-11-29, its start in UTC).');

/** Asked whatever else is wrong, so that all is told at once; what is no moment is told as such. */
export const inOrder = [
  ({ from, to }: { readonly from?: Date | undefined; readonly to?: Date | undefined }) =>
    !(from instanceof Date && to instanceof Date) || from < to,
  { message: 'must be after from', path: ['to'] as string[], when: () => true },
] as const;

/** A range of time: `from` inclusive, `to` exclusive. By default the 90 days before the newest signal. */
export const timeRange = {
  from: instant.optional(),
  to: instant.optional(),
};

export const filters = {
  kind: listOf(z.enum(kinds))
    .optional()
    .describe(`Of ${kinds.join(', ')}.`),
  theme: listOf(name).optional().describe('Themes; none for signals without one.'),
  department: listOf(name).optional(),
  technology: listOf(name).optional().describe('Access technologies; unknown for none.'),
  country: listOf(placeName).optional(),
  region: listOf(placeName).optional(),
  city: listOf(placeName).optional(),
  area: listOf(placeName).optional(),
  postcode: listOf(placeName).optional(),
  site: listOf(placeName).optional(),
  h3: listOf(z.string().regex(/^8[0-9a-f]{14}$/, 'must be an H3 cell, 15 hexadecimal digits'))
    .optional()
    .describe('H3 cells of resolution 0 to 9.'),
};

export const limit = (most: number, usual: number) =>
  z.coerce.number().int().min(1).max(most).default(usual);
export const cursor = z.string().max(500).optional().describe('`next` of the answer before.');

export const aggregatesQuestion = z
  .strictObject({
    ...timeRange,
    ...filters,
    bucket: z.enum(buckets).default('none'),
    groupBy: listOf(z.enum(dimensions), 3).optional(),
    order: z
      .enum(['start', '-start', ...measures, ...measures.map((each) => `-${each}` as const)])
      .optional()
      .describe(
        'A measure, with a minus for the largest first. By default the start of the bucket, else -opened.',
      ),
    limit: limit(10_000, 1000),
    cursor,
  })
  .refine(...inOrder);

export const rankOrders = ['score', 'rate', 'lowerEnd', 'count'] as const;

export const rankQuestion = z
  .strictObject({
    ...timeRange,
    ...filters,
    level: z.enum(placeLevels).default('area'),
    by: z.enum(rankOrders).default('score'),
    limit: limit(10_000, 100),
    cursor,
  })
  .refine(...inOrder);

export const placeQuestion = z.strictObject({ ...timeRange, ...filters }).refine(...inOrder);

export const wavesQuestion = z.strictObject({ ...timeRange, ...filters }).refine(...inOrder);

export const insightsQuestion = z
  .strictObject({
    ...timeRange,
    ...filters,
    q: z
      .string()
      .trim()
      .min(1)
      .max(200)
      .regex(printable, unprintable)
      .optional()
      .describe('Words: all of them; "in quotes" one after the other; -without.'),
    limit: limit(200, 50),
    cursor,
  })
  .refine(...inOrder);

/** Blank text is no number: coerced, it would be 0. */
function degrees(most: number) {
  return z.preprocess(
    (given) => (typeof given === 'string' && given.trim() === '' ? Number.NaN : given),
    z.coerce.number().min(-most).max(most),
  );
}

export const areaStatusQuestion = z
  .strictObject({
    area: placeName.optional(),
    postcode: placeName.optional(),
    country: placeName.optional(),
    lat: degrees(90).optional(),
    lon: degrees(180).optional(),
  })
  .superRefine(({ area, postcode, lat, lon }, context) => {
    const refuse = (field: string, message: string) =>
      context.addIssue({ code: 'custom', message, path: [field] });
    const isPoint = lat !== undefined || lon !== undefined;
    if (area === undefined && postcode === undefined && !isPoint) {
      refuse('area', 'or a postcode, or lat and lon must be said');
    } else if (area !== undefined && postcode !== undefined) {
      refuse('postcode', 'may not be said beside an area: a place is named one way');
    } else if (isPoint && (area !== undefined || postcode !== undefined)) {
      const other = area === undefined ? 'a postcode' : 'an area';
      refuse(
        lat === undefined ? 'lon' : 'lat',
        `may not be said beside ${other}: a place is named one way`,
      );
    } else if (isPoint && lat === undefined) refuse('lat', 'must be said with lon');
    else if (isPoint && lon === undefined) refuse('lon', 'must be said with lat');
  });

export type AggregatesQuestion = z.output<typeof aggregatesQuestion>;
export type RankQuestion = z.output<typeof rankQuestion>;
export type PlaceQuestion = z.output<typeof placeQuestion>;
export type WavesQuestion = z.output<typeof wavesQuestion>;
export type InsightsQuestion = z.output<typeof insightsQuestion>;
export type AreaStatusQuestion = z.output<typeof areaStatusQuestion>;
export type Filters = z.output<z.ZodObject<typeof filters>>;
