// Partial ticket updates: what one update adds, and how the updates of a ticket merge. Null never clears what an
// earlier update stated; of two that state a field the later version counts, in whatever order they arrived.
import type { Place } from '#schemas/shared.ts';
import type { Signal } from '#schemas/signal.ts';
import type { TroubleTicket } from '#schemas/trouble-ticket.ts';
import type { Redactor } from './redact.ts';
import { redactionTypes } from './redaction/span.ts';

/** What one update states, redacted. Absent fields were not stated. */
export interface TicketUpdate {
  readonly version: string | null;
  readonly occurredAt: number;
  readonly customer?: string;
  readonly name?: string;
  readonly description?: string;
  readonly notes?: readonly { readonly id: string | null; readonly text: string }[];
  readonly language?: string;
  readonly channel?: string;
  readonly product?: string;
  readonly technology?: string;
  readonly place?: Partial<Place>;
  readonly ticket?: Partial<NonNullable<Signal['ticket']>>;
  readonly attributes?: Readonly<Record<string, string>>;
}

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
  const notes = ticket.notes.flatMap(({ id, text }) => {
    const safe = words(text);
    return safe === undefined ? [] : [{ id: idOf(id), text: safe }];
  });
  const said = description ?? name;
  const { customer, channel, product, technology, place, attributes } = signal;
  return stated({
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
}

/**
 * The signal of the newest arrival: the ticket as known after it. `updates` are all that arrived so far in order of
 * arrival, the newest last. Null when the newest changes nothing.
 */
export function mergeTicket(signal: Signal, updates: readonly TicketUpdate[]): Signal | null {
  const merged = merge(updates);
  if (updates.length > 1 && JSON.stringify(merged) === JSON.stringify(merge(updates.slice(0, -1))))
    return null;
  const text = [merged.name, merged.description, ...(merged.notes ?? []).map((note) => note.text)]
    .filter((part) => part !== undefined)
    .join('\n');
  return {
    ...signal,
    revision: updates.length,
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

type Merged = Omit<TicketUpdate, 'version' | 'occurredAt'>;

function merge(updates: readonly TicketUpdate[]): Merged {
  if (updates.length === 1) return withoutTime(updates[0]!);
  // Array.prototype.sort is stable: updates that say the same of their order count in order of arrival.
  const ordered = updates.toSorted(compareVersions);
  return ordered.map(withoutTime).reduce(mergeTwo, {});
}

function mergeTwo(known: Merged, next: Merged): Merged {
  const merged = { ...known, ...next };
  return {
    ...merged,
    ...(merged.place && { place: { ...known.place, ...next.place } }),
    ...(merged.ticket && { ticket: { ...known.ticket, ...next.ticket } }),
    ...(merged.attributes && { attributes: { ...known.attributes, ...next.attributes } }),
    ...(merged.notes && { notes: mergeNotes(known.notes ?? [], next.notes ?? []) }),
  };
}

/** Numbers as numbers, other versions as text; where one of the two has none, time decides. */
function compareVersions(a: TicketUpdate, b: TicketUpdate): number {
  if (a.version === null || b.version === null) return a.occurredAt - b.occurredAt;
  const [x, y] = [Number(a.version), Number(b.version)];
  if (Number.isFinite(x) && Number.isFinite(y)) return x - y;
  return a.version < b.version ? -1 : a.version > b.version ? 1 : a.occurredAt - b.occurredAt;
}

type Notes = NonNullable<TicketUpdate['notes']>;

/** Some sources send all notes with each update, others the new ones: a note with a known id or text is the same note. */
function mergeNotes(known: Notes, added: Notes): Notes {
  const merged = [...known];
  for (const note of added) {
    const at = merged.findIndex(({ id, text }) =>
      note.id === null ? text === note.text : id === note.id,
    );
    if (at < 0) merged.push(note);
    else merged[at] = note;
  }
  return merged;
}

function withoutTime({
  version: _version,
  occurredAt: _occurredAt,
  ...rest
}: TicketUpdate): Merged {
  return rest;
}

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
