// Partial ticket updates: what one update adds, and how the updates of a ticket merge. Null never clears what an
// earlier update stated; of two that state a field the later version counts, in whatever order they arrived.
import { isDeepStrictEqual } from 'node:util';
import type { Place } from '#schemas/shared.ts';
import type { Signal } from '#schemas/signal.ts';
import type { TroubleTicket } from '#schemas/trouble-ticket.ts';
import type { Redactor } from './redact.ts';
import { redactionTypes } from './redaction/span.ts';
import { cut, maxNotes, maxTextLength, newestNotes, withinBounds } from './ticket-bounds.ts';
import { compareUpdates } from './ticket-order.ts';

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

/** A ticket as known after some of its updates. */
export interface TicketState {
  /** In order, those that count later behind those that count earlier. */
  readonly ordered: TicketUpdate[];
  readonly byVersion: boolean;
  readonly known: Known;
  /** Whether the newest arrival changed what is known. */
  readonly changed: boolean;
}

/**
 * The state once `update` has arrived too. The same updates make the same state in whatever order they arrive, except
 * that updates equal in version and time count in order of arrival. Takes `state` over: it is not to be used again.
 */
export function addUpdate(state: TicketState | undefined, update: TicketUpdate): TicketState {
  const isVersioned = update.version !== null;
  if (state === undefined) {
    const known = mergeTwo({}, update);
    return { ordered: [update], byVersion: isVersioned, known, changed: true };
  }
  const byVersion = state.byVersion && isVersioned;
  const { ordered } = state;
  if (byVersion !== state.byVersion) ordered.sort((a, b) => compareUpdates(a, b, byVersion));
  const at = placeOf(update, ordered, byVersion);
  const isLast = at === ordered.length;
  ordered.splice(at, 0, update);
  // Most updates arrive in order; another one may count before any of those known.
  const known =
    isLast && byVersion === state.byVersion ? mergeTwo(state.known, update) : mergeAll(ordered);
  return { ordered, byVersion, known, changed: !isDeepStrictEqual(known, state.known) };
}

/** Where `update` belongs: behind those that count no later. */
function placeOf(
  update: TicketUpdate,
  ordered: readonly TicketUpdate[],
  byVersion: boolean,
): number {
  const last = ordered.at(-1);
  if (last === undefined || compareUpdates(last, update, byVersion) <= 0) return ordered.length;
  let low = 0;
  let high = ordered.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareUpdates(ordered[middle]!, update, byVersion) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
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

export type Known = Omit<TicketUpdate, 'version' | 'occurredAt'>;

const plainFields = [
  'customer',
  'name',
  'description',
  'language',
  'channel',
  'product',
  'technology',
] as const;

type Writable = { -readonly [K in keyof Known]: Known[K] };

/** What `known` becomes with `update`; `known` stays as it is. */
function mergeTwo(known: Known, update: TicketUpdate): Known {
  return mergeInto(
    {
      ...known,
      ...(known.place && update.place && { place: { ...known.place } }),
      ...(known.ticket && update.ticket && { ticket: { ...known.ticket } }),
      ...(known.attributes && update.attributes && { attributes: { ...known.attributes } }),
      ...(known.notes && update.notes && { notes: [...known.notes] }),
    },
    update,
  );
}

function mergeAll(updates: readonly TicketUpdate[]): Known {
  return updates.reduce<Writable>(mergeInto, {});
}

/** Writes into `known` and the objects it holds, so that a long history is merged anew without copies. */
function mergeInto(known: Writable, update: TicketUpdate): Writable {
  const { place, ticket, attributes, notes } = update;
  // By name: a rest of the other fields would be an object of its own for each update merged.
  for (const field of plainFields) {
    const value = update[field];
    if (value !== undefined) known[field] = value;
  }
  if (place !== undefined) known.place = Object.assign(known.place ?? {}, place);
  if (ticket !== undefined) known.ticket = Object.assign(known.ticket ?? {}, ticket);
  if (attributes !== undefined)
    known.attributes = Object.assign(known.attributes ?? {}, attributes);
  if (notes !== undefined) known.notes = mergeNotes((known.notes ?? []) as Note[], notes);
  return known;
}

type Note = NonNullable<TicketUpdate['notes']>[number];

/**
 * Some sources send all notes with each update, others the new ones: a note with a known id or text is the same note.
 * Writes into `known`.
 */
function mergeNotes(known: Note[], added: readonly Note[]): Note[] {
  for (const note of added) {
    const at = known.findIndex(({ id, text }) =>
      note.id === null ? text === note.text : id === note.id,
    );
    if (at < 0) known.push(note);
    else known[at] = note;
  }
  if (known.length > maxNotes) known.splice(0, known.length - maxNotes);
  return known;
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
