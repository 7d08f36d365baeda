// The kinds of field that input records are made of, as zod schemas shared by HTTP intake and file import. All are
// compiled by `validatorOf`; none repairs what it was given, except that numbers as ids become strings.
import { z } from 'zod';
import { badCharacters, badIdentifier, isIdentifier, isText, textUpTo } from '#core/text-fields.ts';
import { because, refusalIn, refuse, type Refusal, type Validated } from '#core/refusal.ts';
import { clockSkewMs, readTime, startOfPeriod } from './time.ts';

export const maxTextLength = 65_536;
const maxTitleLength = 2000;
const maxLabelLength = 500;
const maxIdLength = 200;
const maxAttributes = 50;
const maxAttributeNameLength = 100;
const maxNotes = 200;

/** Words of a customer; kept as they are. */
export const words = textUpTo(maxTextLength);
/** A title, question or other single sentence. */
export const title = textUpTo(maxTitleLength);
/** A name of something: a product, a channel, a severity. */
export const label = textUpTo(maxLabelLength);
/** Words that must be there. */
export const requiredWords = z.string().min(1).max(maxTextLength).refine(isText, badCharacters);

// A larger number has lost digits by the time JSON is parsed, and two ids would become one.
const idNumber = z
  .number()
  .refine(
    Number.isSafeInteger,
    because('wrong-type', 'must be text, or a whole number below 2^53'),
  );

export const requiredId = z
  .union([z.string().min(1).max(maxIdLength).refine(isIdentifier, badIdentifier), idNumber])
  .transform(String);

export const optionalId = z
  .union([z.string().max(maxIdLength).refine(isIdentifier, badIdentifier), idNumber])
  .transform(String)
  .nullish();

export const time = z
  .union([
    z.string().meta({ format: 'date-time' }),
    z.number().meta({ description: 'Milliseconds since the epoch, UTC.' }),
  ])
  .transform((value, context) => {
    const read = readTime(value);
    if (typeof read === 'number') return read;
    context.addIssue({ code: 'custom', message: read.detail, params: { reason: read.reason } });
    return z.NEVER;
  });

// BCP 47: a language subtag, then subtags joined by one separator each, so the pattern is linear.
const languageTag = /^[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{1,8}){0,5}$/;
const language = z
  .string()
  .max(64)
  .refine(
    (value) => value === '' || languageTag.test(value),
    because('invalid-language', 'must be a language tag, like en or pt-BR'),
  )
  .nullish();

export const place = z
  .strictObject({
    country: label,
    region: label,
    city: label,
    area: label,
    postcode: label,
    lat: z.number().min(-90).max(90).nullish(),
    lon: z.number().min(-180).max(180).nullish(),
    site: label,
  })
  .nullish();

/** Reference numbers come as attributes too: one that JSON has rounded is no longer the sender's. */
const attributeNumber = z
  .number()
  .refine(
    (value) => !Number.isInteger(value) || Number.isSafeInteger(value),
    because('wrong-type', 'must be text where it is a whole number beyond 2^53'),
  );

const attributes = z
  .record(
    z.string().min(1).max(maxAttributeNameLength).refine(isIdentifier, badIdentifier),
    z
      .union([
        z.string().max(maxLabelLength).refine(isText, badCharacters),
        attributeNumber,
        z.boolean(),
      ])
      .transform(String),
  )
  .nullish();

export const note = z.strictObject({
  id: optionalId,
  at: time.nullish(),
  author: label,
  text: requiredWords,
});
export const notes = z.array(note).max(maxNotes).nullish();

export const commonFields = {
  id: requiredId.describe('Id within the source; resending the same id does no harm.'),
  version: optionalId.describe(
    'Version of this record within its id, where the source numbers them.',
  ),
  occurredAt: time.describe(
    'When it happened: ISO 8601 with a zone, or milliseconds since the epoch.',
  ),
  timePrecision: z.enum(['instant', 'day', 'month']).nullish(),
  channel: label,
  product: label,
  technology: label,
  language,
  place,
  attributes: attributes.describe(
    `Further structured facts: up to ${maxAttributes} short values by name.`,
  ),
};

/** Fields of a record that lie in the past, by name. */
type PastTimes = Readonly<Record<string, unknown>>;

/**
 * A validator of `schema`, compiled ahead: about four times as fast as zod's interpreter. `now` (milliseconds since
 * the epoch) refuses times more than a day ahead of it in `pastFields`; without it only year 2100 is the limit.
 */
export function validatorOf<S extends z.ZodObject>(
  schema: S,
  pastFields: readonly string[],
): (input: unknown, now?: number) => Validated<z.output<S>> {
  // Strict: a schema that cannot be compiled must fail here and not silently become slow.
  const compiled = z.compile(schema, { strict: true });
  return (input, now) => {
    const crowd = crowded(input);
    if (crowd !== undefined) return crowd;
    const result = compiled.safeParse(input);
    if (!result.success) return refusalIn(schema, result.error, input);
    toPeriod(result.data, input);
    const ahead = now === undefined ? undefined : aheadOf(result.data, pastFields, now);
    return ahead ?? { ok: true, record: result.data };
  };
}

/** Counts before zod does: it would gather an issue for each of a million wrong entries. */
function crowded(input: unknown): Refusal | undefined {
  if (typeof input !== 'object' || input === null) return undefined;
  const { attributes: facts, notes: list } = input as { attributes?: unknown; notes?: unknown };
  if (typeof facts === 'object' && facts !== null) {
    if (Object.keys(facts).length > maxAttributes) {
      return refuse('too-many', 'attributes', `must have at most ${maxAttributes} entries`);
    }
    // As an own key it comes from JSON alone; zod would pass over it in silence.
    if (Object.hasOwn(facts, '__proto__')) {
      return refuse('invalid-characters', 'attributes.__proto__', 'is not a usable name');
    }
  }
  if (Array.isArray(list) && list.length > maxNotes) {
    return refuse('too-many', 'notes', `must have at most ${maxNotes} entries`);
  }
  return undefined;
}

/** Here alone are both known: how exact the time is, and the date as it was written. */
function toPeriod(record: { occurredAt?: unknown; timePrecision?: unknown }, input: unknown): void {
  const { timePrecision: precision } = record;
  if (precision !== 'day' && precision !== 'month') return;
  const { occurredAt } = input as { occurredAt: string | number };
  record.occurredAt = startOfPeriod(occurredAt, precision);
}

function aheadOf(record: PastTimes, fields: readonly string[], now: number): Refusal | undefined {
  for (const field of fields) {
    const value = record[field];
    if (typeof value === 'number' && value > now + clockSkewMs) {
      return refuse('implausible-time', field, 'lies more than a day ahead');
    }
  }
  return undefined;
}
