// The live feed of the process: one look at the database for all who listen, and one query for all of the same rights,
// question and position. Each listener gets every row once, in order, as fast as it takes them, and holds one page at most.
import type { InsightAnswer } from '../api/answers.ts';
import { endOf, positionAt, textOf, type Position, type Snapshot, type Step } from './position.ts';

export interface FeedRow {
  readonly insight: InsightAnswer;
  readonly after: Step['after'];
}

/** The database as the feed sees it. Both throw while it is away. */
export interface FeedSource<Question> {
  /** How it is now, and whether anything was written since `seen`; nothing, when `seen` is null. */
  look(seen: Snapshot | null): Promise<{ now: Snapshot; changed: boolean }>;
  /** Rows that are new between the two, in order, at most `most`. */
  page(
    question: Question,
    seen: Snapshot,
    to: Snapshot,
    after: Step['after'] | null,
    most: number,
  ): Promise<readonly FeedRow[]>;
}

export interface Listener<Question> {
  readonly question: Question;
  /** The same text for the same rights and question. */
  readonly key: string;
  /** Whether it can take a page now. */
  ready(): boolean;
  /** The feed begins, or goes on, at `position`. */
  begin(position: Position): void;
  take(insight: InsightAnswer, position: Position): void;
  /** All up to `position` was told. */
  pass(position: Position): void;
  /** What lies between was left out: too much, or its position is of another database. */
  skip(reason: 'too-much' | 'position-unknown', position: Position): void;
  /** The database cannot be asked, or can again. */
  away(isAway: boolean): void;
}

export interface FeedSettings {
  readonly pollMs: number;
  /** Rows of one query. */
  readonly pageRows: number;
  /** Of more rows at once a listener is told that they were left out. */
  readonly mostRows: number;
}

export const usualFeed: FeedSettings = { pollMs: 500, pageRows: 200, mostRows: 5000 };

interface Place<Question> {
  readonly listener: Listener<Question>;
  /** Null until the next look. */
  position: Position | null;
  /** Rows of the step under way that were sent. */
  sent: number;
}

export interface Feed<Question> {
  /** @param from null: from now on. Returns how to stop. */
  listen(listener: Listener<Question>, from: Position | null): () => void;
  /** Looks no more; what is under way is waited for. */
  close(): Promise<void>;
}

/** @param onAway told once of each time that the database cannot be asked. */
export function createFeed<Question>(
  source: FeedSource<Question>,
  settings: FeedSettings,
  onAway: (error: unknown) => void,
): Feed<Question> {
  const places = new Set<Place<Question>>();
  let last: Snapshot | null = null;
  let timer: NodeJS.Timeout | undefined;
  let underWay: Promise<void> | undefined;
  let isAway = false;
  let closed = false;

  async function round(): Promise<void> {
    const { now, changed } = await source.look(last);
    const before = last;
    last = now;
    for (const place of places) settle(place, now, before, changed);
    const groups = Map.groupBy(
      [...places].filter((place) => isBehind(place, now)),
      groupOf,
    );
    for (const group of groups.values()) await serve(group, now);
    if (isAway) for (const { listener } of places) listener.away(false);
    isAway = false;
  }

  /** One page after the other, for all of a group alike; whoever cannot take more keeps its position until later. */
  async function serve(group: readonly Place<Question>[], now: Snapshot): Promise<void> {
    let takers = group.filter(isTaking);
    while (takers.length > 0) {
      const [{ position, listener, sent }] = takers as [Place<Question>];
      if (position === null) return;
      const to = position.step?.to ?? now;
      const most = Math.min(settings.pageRows, settings.mostRows - sent);
      // One more, to see whether it is the last page.
      const rows = await source.page(
        listener.question,
        position.seen,
        to,
        position.step?.after ?? null,
        most + 1,
      );
      const isLast = rows.length <= most;
      takers = takers.filter((place) => places.has(place));
      for (const place of takers)
        deliver(place, rows.slice(0, most), isLast ? positionAt(to) : null, position.seen, to);
      if (isLast && to === now) return;
      if (!isLast && sent + most >= settings.mostRows) {
        for (const place of takers) leaveOut(place, 'too-much', now);
        return;
      }
      takers = takers.filter(isTaking);
    }
  }

  function deliver(
    place: Place<Question>,
    rows: readonly FeedRow[],
    end: Position | null,
    seen: Snapshot,
    to: Snapshot,
  ): void {
    for (const [index, { insight, after }] of rows.entries()) {
      const isEnd = end !== null && index === rows.length - 1;
      place.position = isEnd ? end : { seen, step: { to, after } };
      place.listener.take(insight, place.position);
    }
    place.sent = end === null ? place.sent + rows.length : 0;
    if (end === null) return;
    place.position = end;
    place.listener.pass(end);
  }

  function isTaking(place: Place<Question>): boolean {
    return places.has(place) && place.listener.ready();
  }

  const step = (): void => {
    timer = undefined;
    underWay = round()
      .catch((error: unknown) => {
        if (isAway) return;
        isAway = true;
        for (const { listener } of places) listener.away(true);
        onAway(error);
      })
      .finally(() => {
        underWay = undefined;
        wake(isAway ? settings.pollMs * 4 : settings.pollMs);
      });
  };

  function wake(delayMs: number): void {
    if (closed || places.size === 0 || timer !== undefined || underWay !== undefined) return;
    timer = setTimeout(step, delayMs);
  }

  return {
    listen(listener, from) {
      const place: Place<Question> = { listener, position: from, sent: 0 };
      // Nobody listened: what was looked at last is long ago.
      if (places.size === 0) last = null;
      places.add(place);
      if (from !== null) listener.begin(from);
      wake(0);
      return () => {
        places.delete(place);
        if (places.size > 0) return;
        clearTimeout(timer);
        timer = undefined;
      };
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      await underWay;
    },
  };
}

/** Gives a new listener its beginning, and moves those on for whom there is nothing to ask. */
function settle<Question>(
  place: Place<Question>,
  now: Snapshot,
  before: Snapshot | null,
  changed: boolean,
): void {
  const { listener, position } = place;
  if (position === null) {
    place.position = positionAt(now);
    listener.begin(place.position);
  } else if (endOf(position.step?.to ?? position.seen) > endOf(now)) {
    leaveOut(place, 'position-unknown', now);
  } else if (!changed && position.step === null && position.seen === before) {
    place.position = positionAt(now);
    listener.pass(place.position);
  }
}

function leaveOut<Question>(
  place: Place<Question>,
  reason: 'too-much' | 'position-unknown',
  now: Snapshot,
): void {
  place.sent = 0;
  place.position = positionAt(now);
  place.listener.skip(reason, place.position);
}

function isBehind<Question>({ position }: Place<Question>, now: Snapshot): boolean {
  return position !== null && (position.step !== null || position.seen !== now);
}

function groupOf<Question>({ listener, position, sent }: Place<Question>): string {
  return `${listener.key} ${sent} ${position === null ? '' : textOf(position)}`;
}
