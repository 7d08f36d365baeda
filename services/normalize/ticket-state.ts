// How the updates of a ticket merge. Null never clears what an earlier update stated; of two that state a field the
// later version counts, in whatever order they arrived. An update costs the same wherever it belongs.
import { isDeepStrictEqual } from 'node:util';
import type { Place } from '#schemas/shared.ts';
import type { Signal } from '#schemas/signal.ts';
import { maxAttributes } from './ticket-bounds.ts';
import { foldNotes, lastNotes, mergeNotes, type Note } from './ticket-notes.ts';
import { compareUpdates } from './ticket-order.ts';

/** What one update states, redacted. Absent fields were not stated. */
export interface TicketUpdate {
  readonly version: string | null;
  readonly occurredAt: number;
  readonly customer?: string;
  readonly name?: string;
  readonly description?: string;
  readonly notes?: readonly Note[];
  readonly language?: string;
  readonly channel?: string;
  readonly product?: string;
  readonly technology?: string;
  readonly place?: Partial<Place>;
  readonly ticket?: Partial<NonNullable<Signal['ticket']>>;
  readonly attributes?: Readonly<Record<string, string>>;
}

export type Known = Omit<TicketUpdate, 'version' | 'occurredAt'>;

/** A ticket as known after some of its updates. */
export interface TicketState {
  /** In order, those that count later behind those that count earlier. */
  readonly ordered: TicketUpdate[];
  readonly byVersion: boolean;
  readonly known: Known;
  /** Whether the newest arrival changed what is known. */
  readonly changed: boolean;
  /** In order of arrival. */
  readonly arrived: TicketUpdate[];
  /** The update that each field known is from; fields of a group by both names. */
  readonly from: Map<string, TicketUpdate>;
  readonly notesSeen: NotesSeen;
}

/**
 * The state once `update` has arrived too. The same updates make the same state in whatever order they arrive, except
 * that updates equal in version and time count in order of arrival. Takes `state` over: it is not to be used again; what
 * is `known` by it stays as it is.
 */
export function addUpdate(state: TicketState | undefined, update: TicketUpdate): TicketState {
  const isVersioned = update.version !== null;
  if (state === undefined) return { ...insert(emptyState(isVersioned), update), changed: true };
  const { byVersion, known, arrived } = state;
  if (isVersioned || !byVersion) return insert(state, update);
  // The first one without a version: from now on time alone counts, for those before too.
  const anew = arrived.reduce(insert, emptyState(false));
  const next = insert(anew, update);
  return { ...next, changed: !isDeepStrictEqual(next.known, known) };
}

function emptyState(byVersion: boolean): TicketState {
  return {
    ordered: [],
    byVersion,
    known: {},
    changed: true,
    arrived: [],
    from: new Map(),
    notesSeen: { ids: new Set(), texts: new Set(), again: false },
  };
}

function insert(state: TicketState, update: TicketUpdate): TicketState {
  const { ordered, byVersion, arrived, from, notesSeen } = state;
  const at = placeOf(update, ordered, byVersion);
  const isLast = at === ordered.length;
  ordered.splice(at, 0, update);
  arrived.push(update);
  // Of two that count alike the newest arrival, this one, wins.
  const wins = (field: string): boolean => {
    const owner = isLast ? undefined : from.get(field);
    if (owner !== undefined && compareUpdates(owner, update, byVersion) > 0) return false;
    from.set(field, update);
    return true;
  };
  const known: Writable = { ...state.known };
  for (const field of plainFields) {
    const value = update[field];
    if (value !== undefined && wins(field)) known[field] = value;
  }
  for (const group of groups) {
    const stated = update[group];
    if (stated === undefined) continue;
    const merged: Record<string, unknown> = { ...known[group] };
    for (const [name, value] of Object.entries(stated))
      if (wins(`${group} ${name}`)) merged[name] = value;
    Object.assign(known, { [group]: merged });
  }
  boundAttributes(known, from, byVersion);
  if (update.notes !== undefined)
    known.notes = withNotes(known.notes ?? [], update.notes, { ordered, notesSeen, isLast });
  return { ...state, known, changed: !isDeepStrictEqual(known, state.known) };
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

const plainFields = [
  'customer',
  'name',
  'description',
  'language',
  'channel',
  'product',
  'technology',
] as const;
const groups = ['place', 'ticket', 'attributes'] as const;

type Writable = { -readonly [K in keyof Known]: Known[K] };

/**
 * Keeps the attributes stated last. What goes never comes back but by a later update, so that the order of arrival
 * does not count here either.
 */
function boundAttributes(
  known: Writable,
  from: Map<string, TicketUpdate>,
  byVersion: boolean,
): void {
  const names = Object.keys(known.attributes ?? {});
  if (names.length <= maxAttributes) return;
  const ownerOf = (name: string): TicketUpdate => from.get(`attributes ${name}`)!;
  const newestFirst = names.toSorted(
    (a, b) => compareUpdates(ownerOf(b), ownerOf(a), byVersion) || (a < b ? -1 : 1),
  );
  for (const name of newestFirst.slice(maxAttributes)) from.delete(`attributes ${name}`);
  const kept = newestFirst.slice(0, maxAttributes);
  known.attributes = Object.fromEntries(kept.map((name) => [name, known.attributes![name]!]));
}

/** Ids and texts of all notes so far. */
interface NotesSeen {
  readonly ids: Set<string>;
  readonly texts: Set<string>;
  /** Whether any note may have come more than once. */
  again: boolean;
}

function withNotes(
  known: readonly Note[],
  added: readonly Note[],
  { ordered, notesSeen, isLast }: Pick<TicketState, 'ordered' | 'notesSeen'> & { isLast: boolean },
): readonly Note[] {
  for (const { id, text } of added) {
    if (notesSeen.texts.has(text) || (id !== null && notesSeen.ids.has(id))) notesSeen.again = true;
    notesSeen.texts.add(text);
    if (id !== null) notesSeen.ids.add(id);
  }
  if (!notesSeen.again) return lastNotes(ordered);
  return isLast ? mergeNotes(known, added) : foldNotes(ordered);
}
