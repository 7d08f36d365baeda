// What the kinds of intake record have in common once complete: every field there, null where the source says nothing.
import type { z } from 'zod';
import type { Place } from '#schemas/shared.ts';
import { stated } from '#core/text-fields.ts';
import type { commonFields, place } from './fields.ts';

/** Who sent a record and when it was taken in (milliseconds since the epoch). */
export interface Reception {
  readonly source: string;
  readonly receivedAt: number;
}

type Common = z.output<z.ZodObject<typeof commonFields>>;

/** The fields that all intake records share, complete. */
export function commonPart(record: Common, { source, receivedAt }: Reception) {
  return {
    source,
    id: record.id,
    version: stated(record.version),
    occurredAt: record.occurredAt,
    timePrecision: record.timePrecision ?? 'instant',
    receivedAt,
    channel: stated(record.channel),
    product: stated(record.product),
    technology: stated(record.technology),
    language: primaryLanguage(record.language),
    place: placeOf(record.place),
    attributes: record.attributes ?? {},
  } as const;
}

function primaryLanguage(tag: string | null | undefined): string | null {
  if (tag === undefined || tag === null || tag === '') return null;
  const end = tag.search(/[-_]/);
  return (end === -1 ? tag : tag.slice(0, end)).toLowerCase();
}

function placeOf(given: z.output<typeof place>): Place {
  return {
    country: stated(given?.country),
    region: stated(given?.region),
    city: stated(given?.city),
    area: stated(given?.area),
    postcode: stated(given?.postcode),
    lat: given?.lat ?? null,
    lon: given?.lon ?? null,
    h3: null,
    site: stated(given?.site),
  };
}
