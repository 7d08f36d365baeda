// A sighting: one customer said that something is wrong, there and then. What the detector counts.
import { createHash } from 'node:crypto';
import type { Insight } from '#schemas/insight.ts';

/** From the widest to the narrowest. */
export const placeLevels = ['country', 'region', 'city', 'area', 'postcode', 'site'] as const;
export type PlaceLevel = (typeof placeLevels)[number];
/** Names as the signal has them; null is unknown. */
export type SightingPlace = Readonly<Record<PlaceLevel, string | null>>;

export interface Sighting {
  /** Of the insight. */
  readonly id: string;
  /** When it was said; of a ticket when it was opened. Milliseconds since the epoch, UTC. */
  readonly at: number;
  /** When the gateway took it in. */
  readonly receivedAt: number;
  readonly source: string;
  readonly place: SightingPlace;
  /** `none` where the insight has none. */
  readonly theme: string;
  readonly product: string | null;
  /** 16 hex digits of a hash of the pseudonym; null when unknown. */
  readonly customer: string | null;
  /** Departments that received the insight. */
  readonly departments: readonly string[];
}

/**
 * The sighting that an insight is; undefined for what does not say that something happens now: later updates of a ticket,
 * survey answers, what is known to the day only, and posts that concern nobody.
 * @param receivers departments that received it
 */
export function sightingOf(
  { id, signal, theme }: Insight,
  receivers: readonly string[],
): Sighting | undefined {
  const { kind, place } = signal;
  if (signal.revision !== 1 || signal.timePrecision !== 'instant') return undefined;
  if (kind !== 'ticket' && !(kind === 'post' && theme !== null && receivers.length > 0))
    return undefined;
  const { country, region, city, area, postcode, site } = place;
  return {
    id,
    at: signal.ticket?.createdAt ?? signal.occurredAt,
    receivedAt: signal.receivedAt,
    source: signal.source,
    place: { country, region, city, area, postcode, site },
    theme: theme ?? 'none',
    product: signal.product,
    customer: signal.customer === null ? null : customerHash(signal.customer),
    departments: receivers,
  };
}

function customerHash(pseudonym: string): string {
  return createHash('sha256').update(pseudonym).digest('hex').slice(0, 16);
}

export function isPlaceLevel(name: string): name is PlaceLevel {
  return placeLevels.some((level) => level === name);
}
