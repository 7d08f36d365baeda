// A ticket update as it may be kept once its words are erased: what later updates are merged with, and nothing said. Pure.
import type { TicketUpdate } from './ticket-state.ts';

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/**
 * @param payload as normalize claims it
 * @param isOf who it is from now on, where the words of this customer are erased; undefined where they stay. Asked of
 *   updates that name a customer: the others are of whoever the ticket is of
 * @returns the payload itself where nothing is to go
 */
export function stripUpdate(
  payload: Uint8Array,
  isOf: (customer: string) => string | null | undefined,
): Uint8Array {
  const update = JSON.parse(decoder.decode(payload)) as TicketUpdate;
  const { version, occurredAt, customer, language, channel, product, technology, place } = update;
  const another = customer === undefined ? null : isOf(customer);
  if (another === undefined) return payload;
  const { lat: _, lon: __, ...spot } = place ?? {};
  const { statusChangeReason: ___, ...ticket } = update.ticket ?? {};
  const stripped = {
    version,
    occurredAt,
    ...(customer === undefined || another === null ? {} : { customer: another }),
    language,
    channel,
    product,
    technology,
    ...(place === undefined ? {} : { place: spot }),
    ...(update.ticket === undefined ? {} : { ticket }),
  };
  const bytes = encoder.encode(JSON.stringify(stripped));
  return Buffer.compare(bytes, payload) === 0 ? payload : bytes;
}

/** The entity that updates of a ticket are claimed for. @param sourceId as in its signals */
export function ticketEntity(source: string, sourceId: string): string {
  return `ticket/${source}/${sourceId}`;
}
