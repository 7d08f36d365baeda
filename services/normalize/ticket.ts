// Partial ticket updates: what one update adds, made safe, and the signal of a ticket as known by then.
import type { Signal } from '#schemas/signal.ts';
import type { TroubleTicket } from '#schemas/trouble-ticket.ts';
import type { Redactor } from './redact.ts';
import { redactionTypes } from './redaction/span.ts';
import { cut, maxTextLength, newestNotes, withinBounds } from './ticket-bounds.ts';
import type { Known, TicketUpdate } from './ticket-state.ts';

/** How a ticket's own fields are made safe; see `draft.ts`. */
export interface Safeguards {
  readonly redact: Redactor;
  readonly language: (text: string) => string | null;
  readonly field: (value: string | null) => string | null;
  readonly idOf: (id: string | null) => string | null;
}

/** What `ticket` adds; `signal` holds its common fields made safe already. */
export function ticketUpdate(
  ticket: TroubleTicket,
  signal: Signal,
  { redact, language, field, idOf }: Safeguards,
): TicketUpdate {
  const words = (text: string | null): string | undefined =>
    text === null || text.trim() === '' ? undefined : redact(text).text;
  const name = words(ticket.name);
  const description = words(ticket.description);
  const notes = newestNotes(ticket.notes).flatMap(({ id, text }) => {
    const safe = words(text);
    return safe === undefined ? [] : [{ id: idOf(id), text: safe }];
  });
  const said = description ?? name;
  const { customer, channel, product, technology, place, attributes } = signal;
  const update = stated({
    version: signal.version,
    occurredAt: ticket.occurredAt,
    customer,
    name,
    description,
    notes: notes.length === 0 ? null : notes,
    language: signal.language ?? (said === undefined ? null : language(said)),
    channel,
    product,
    technology,
    place: stated(place),
    ticket: stated({
      type: field(ticket.ticketType),
      severity: field(ticket.severity),
      priority: field(ticket.priority),
      status: ticket.status,
      statusChangeReason: words(ticket.statusChangeReason) ?? null,
      createdAt: ticket.createdAt,
      resolvedAt: ticket.resolvedAt,
      expectedResolutionAt: ticket.expectedResolutionAt,
    }),
    attributes,
  }) as TicketUpdate;
  return withinBounds(update);
}

/** `signal`, made of the newest arrival alone, with all that is known. `arrivals` counts the updates so far. */
export function ticketSignal(signal: Signal, merged: Known, arrivals: number): Signal {
  const whole = [merged.name, merged.description, ...(merged.notes ?? []).map((note) => note.text)]
    .filter((part) => part !== undefined)
    .join('\n');
  const text = cut(whole, maxTextLength);
  return {
    ...signal,
    revision: arrivals,
    customer: merged.customer ?? null,
    text: text === '' ? null : text,
    redactions: countPlaceholders(text),
    language: merged.language ?? null,
    channel: merged.channel ?? null,
    product: merged.product ?? null,
    technology: merged.technology ?? null,
    place: { ...signal.place, ...merged.place },
    ticket: { ...emptyTicket, ...merged.ticket },
    attributes: { ...merged.attributes },
  };
}

const emptyTicket: NonNullable<Signal['ticket']> = {
  type: null,
  severity: null,
  priority: null,
  status: null,
  statusChangeReason: null,
  createdAt: null,
  resolvedAt: null,
  expectedResolutionAt: null,
};

/** Redactions by type in a text already redacted: what was restated by a later update counts once. */
function countPlaceholders(text: string): Record<string, number> {
  const counts: Record<string, number> = {};
  if (!text.includes('[')) return counts;
  for (const [, type] of text.matchAll(placeholder)) counts[type!] = (counts[type!] ?? 0) + 1;
  return counts;
}

const placeholder = new RegExp(`\\[(${redactionTypes.join('|')})\\]`, 'g');

function stated<T extends object>(
  values: T,
): Partial<{ [K in keyof T]: Exclude<T[K], null | undefined> }> {
  const kept: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(values))
    if (value !== null && value !== undefined) kept[name] = value;
  return kept as Partial<{ [K in keyof T]: Exclude<T[K], null | undefined> }>;
}
