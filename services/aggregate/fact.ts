// What is known of a ticket, post or answer by the records of it that were seen. Facts merge in any order, any number of
// times, to the same fact; see docs/decisions/0013-planners-store.md for the rules.
import type { Insight } from '#schemas/insight.ts';
import { kindNumbers, scaleNumbers, urgencyNumbers } from '#core/store/tables.ts';
import { entityOf, shortHash } from '#core/store/short-hash.ts';
import { nameOf, placeNamed, type PlaceNames } from '#core/store/stored-names.ts';

/** What orders the records of one thing: the greatest stands. Times are milliseconds since the epoch, UTC. */
export interface Rank {
  readonly revision: number;
  readonly occurredAt: number;
  readonly receivedAt: number;
  /** Of the insight. */
  readonly id: string;
  /** Time and offset of the record of a judgement made anew; null for the first one. */
  readonly judgedAt: number | null;
  readonly judgedOffset: number | null;
}

/** `ended` without being resolved: cancelled or rejected. */
export type TurnState = 'open' | 'resolved' | 'ended';

/** A ticket as of one of its updates. */
export interface Turn {
  readonly revision: number;
  readonly state: TurnState;
  readonly at: number;
  readonly receivedAt: number;
  /** False where `at` is the start of the day or month that is all that is known. */
  readonly isExact: boolean;
}

/**
 * normalize remembers a ticket for 30 days after its last update, then its revisions count from 1 again: of turns that
 * were received this far apart the later one counts later, whatever their numbers. A day less, since clocks differ.
 */
const forgottenMs = 29 * 86_400_000;

/** What the record that stands says, besides times. Names are as in the record, or numbers of the store. */
export interface Says<Label, Place, Departments> {
  readonly source: Label;
  readonly sourceId: string;
  readonly place: Place;
  /** H3 cell as a 64-bit number. */
  readonly h3: bigint | null;
  readonly technology: Label;
  readonly theme: Label;
  readonly severity: Label;
  readonly model: Label;
  readonly departments: Departments;
  /** A hash of the pseudonym. */
  readonly customer: string | null;
  readonly sentiment: number;
  readonly urgency: number;
  readonly churn: number;
  readonly scale: number | null;
  readonly score: number | null;
}
export type Named = Says<string, PlaceNames, readonly string[]>;

/** @template S what is said, which merging does not look into */
export interface Fact<S = Named> {
  readonly entity: string;
  /** See `kindNumbers`. */
  readonly kind: number;
  readonly rank: Rank;
  readonly says: S;
  readonly isExact: boolean;
  /** Of a ticket, as the record that stands states them. */
  readonly createdAt: number | null;
  readonly resolvedAt: number | null;
  /** Of a ticket, all that were seen, in order; empty otherwise. */
  readonly turns: readonly Turn[];
}

/** Where the record of an insight was written, and whether it is a judgement made anew. */
export interface Written {
  readonly timestamp: number;
  readonly offset: number;
  readonly isRevision: boolean;
}

/**
 * The fact that one record alone tells; undefined for a kind of signal that this release does not know.
 * @param receivers departments that received it
 */
export function factOf(
  { id, signal, ...judged }: Insight,
  receivers: readonly string[],
  { timestamp, offset, isRevision }: Written,
): Fact | undefined {
  if (signal.kind === 'unknown') return undefined;
  const { ticket, scale, revision, occurredAt, receivedAt } = signal;
  const isExact = signal.timePrecision === 'instant';
  const hasScore = scale !== null && scale !== 'unknown' && signal.score !== null;
  const turn = { revision, state: stateOf(ticket), at: occurredAt, receivedAt, isExact };
  return {
    entity: entityOf(signal),
    kind: kindNumbers[signal.kind],
    rank: {
      revision,
      occurredAt,
      receivedAt,
      id: nameOf(id, id),
      judgedAt: isRevision ? timestamp : null,
      judgedOffset: isRevision ? offset : null,
    },
    says: {
      source: nameOf(signal.source, 'unknown'),
      sourceId: nameOf(signal.sourceId, ''),
      place: placeNamed(signal.place),
      h3: h3Number(signal.place.h3),
      technology: nameOf(signal.technology, 'unknown'),
      theme: nameOf(judged.theme, 'none'),
      severity: nameOf(ticket?.severity ?? null, 'unknown'),
      model: nameOf(judged.model, 'unknown'),
      departments: receivers,
      customer: signal.customer === null ? null : shortHash(signal.customer),
      sentiment: judged.sentiment,
      urgency: urgencyNumbers[judged.urgency],
      churn: Math.fround(judged.churnRisk),
      scale: hasScore ? scaleNumbers[scale] : null,
      score: hasScore ? Math.fround(signal.score) : null,
    },
    isExact,
    createdAt: ticket?.createdAt ?? null,
    resolvedAt: ticket?.resolvedAt ?? null,
    turns: signal.kind === 'ticket' ? [turn] : [],
  };
}

/** Both facts of one thing as one: `a` itself where `b` adds nothing. In any order and grouping the same. */
export function merged<S>(a: Fact<S>, b: Fact<S>): Fact<S> {
  const stands = compareRanks(a.rank, b.rank) < 0 ? b : a;
  const turns = union(a.turns, b.turns);
  return stands === a && turns === a.turns ? a : { ...stands, turns };
}

/** What a fact counts as, and when. */
export interface Counts {
  readonly at: number;
  readonly reopenedAt: number | null;
  readonly resolvedAt: number | null;
  readonly isOpen: boolean;
  /** Whether `at` is a moment. */
  readonly isExact: boolean;
}

export function countsOf({ turns, createdAt, resolvedAt, rank, isExact }: Fact<unknown>): Counts {
  if (turns.length === 0)
    return { at: rank.occurredAt, reopenedAt: null, resolvedAt: null, isOpen: false, isExact };
  const first = turns.reduce((least, turn) => (turn.at < least.at ? turn : least));
  const at = createdAt ?? first.at;
  let reopenedAt: number | null = null;
  let since = turns[0]!;
  for (const turn of turns) {
    if (turn.state === since.state) continue;
    if (turn.state === 'open') reopenedAt = turn.at;
    since = turn;
  }
  const isResolved = since.state === 'resolved';
  return {
    at,
    reopenedAt,
    // Clocks of sources differ: nothing is resolved before it was opened.
    resolvedAt: isResolved ? Math.max(at, resolvedAt ?? since.at) : null,
    isOpen: since.state === 'open',
    isExact: createdAt === null ? first.isExact : isExact,
  };
}

/** Below 0 where `a` stands less than `b`; 0 for the same record. */
export function compareRanks(a: Rank, b: Rank): number {
  return (
    a.revision - b.revision ||
    a.occurredAt - b.occurredAt ||
    a.receivedAt - b.receivedAt ||
    compareText(a.id, b.id) ||
    (a.judgedAt ?? -Infinity) - (b.judgedAt ?? -Infinity) ||
    (a.judgedOffset ?? -Infinity) - (b.judgedOffset ?? -Infinity) ||
    0
  );
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** A ticket without a status, or with one of a later release, is open. */
function stateOf(ticket: Insight['signal']['ticket']): TurnState {
  switch (ticket?.status) {
    case 'resolved':
    case 'closed':
      return 'resolved';
    case 'cancelled':
    case 'rejected':
      return 'ended';
    default:
      return 'open';
  }
}

function union(a: readonly Turn[], b: readonly Turn[]): readonly Turn[] {
  const added = b.filter((turn) => !a.some((known) => compareTurns(known, turn) === 0));
  return added.length === 0 ? a : inOrder([...a, ...added]);
}

/** The order in which normalize had them: by revision, as long as it remembered the ticket. */
function inOrder(turns: readonly Turn[]): readonly Turn[] {
  const spells: Turn[][] = [];
  let last = -Infinity;
  for (const turn of turns.toSorted((x, y) => x.receivedAt - y.receivedAt)) {
    if (turn.receivedAt - last >= forgottenMs) spells.push([]);
    spells.at(-1)!.push(turn);
    last = turn.receivedAt;
  }
  return spells.flatMap((spell) => spell.toSorted(compareTurns));
}

/** By revision; the rest makes the order total. */
function compareTurns(a: Turn, b: Turn): number {
  return (
    a.revision - b.revision ||
    a.at - b.at ||
    a.receivedAt - b.receivedAt ||
    compareText(a.state, b.state) ||
    Number(a.isExact) - Number(b.isExact)
  );
}

/** Cells begin with a bit 0: as a signed number they are positive. */
function h3Number(cell: string | null): bigint | null {
  return cell !== null && /^8[0-9a-f]{14}$/.test(cell) ? BigInt(`0x${cell}`) : null;
}
