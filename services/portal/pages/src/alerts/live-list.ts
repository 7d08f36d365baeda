// The list of alerts while it is looked at: what is shown changes its words and not its place, what is new waits. Pure.
import type { AlertRow } from '../../../alerts/answers.ts';
import { isFiring } from './words.ts';

export interface LiveList {
  /** In the order in which they are shown. */
  readonly standing: readonly AlertRow[];
  readonly over: readonly AlertRow[];
  /** Ids that came since, or fire again, and are not shown so yet. */
  readonly waiting: readonly string[];
}

export interface Heard {
  readonly standing: readonly AlertRow[];
  readonly over: readonly AlertRow[];
}

/** As it is to be seen afresh: what fires first, then the latest. */
export function begun({ standing, over }: Heard): LiveList {
  return { standing: standing.toSorted(byUrgency), over, waiting: [] };
}

/** What was heard since, with nothing moved. Where nothing is shown nothing can be moved. */
export function heardSince(list: LiveList, heard: Heard): LiveList {
  if (list.standing.length + list.over.length === 0) return begun(heard);
  const latest = new Map([...heard.over, ...heard.standing].map((alert) => [alert.id, alert]));
  const shown = new Set([...list.standing, ...list.over].map(({ id }) => id));
  const isRefired = new Set(
    list.over.filter(({ id }) => isStanding(latest.get(id))).map(({ id }) => id),
  );
  return {
    // What is no longer told of as standing is over, also where that page of the list is not there.
    standing: list.standing.map((alert) => latest.get(alert.id) ?? { ...alert, state: 'resolved' }),
    over: list.over.map((alert) =>
      isRefired.has(alert.id) ? alert : (latest.get(alert.id) ?? alert),
    ),
    waiting: [
      ...heard.standing.filter(({ id }) => !shown.has(id) || isRefired.has(id)),
      ...heard.over.filter(({ id }) => !shown.has(id) && isNewer(list, latest.get(id)!)),
    ].map(({ id }) => id),
  };
}

/** Older ones below what is shown. */
export function continued(list: LiveList, older: readonly AlertRow[]): LiveList {
  const shown = new Set([...list.standing, ...list.over].map(({ id }) => id));
  return { ...list, over: [...list.over, ...older.filter(({ id }) => !shown.has(id))] };
}

function isStanding(alert: AlertRow | undefined): boolean {
  return alert !== undefined && alert.state !== 'resolved';
}

/** Not one that only moved up to a page that was cut elsewhere. */
function isNewer({ over }: LiveList, alert: AlertRow): boolean {
  const oldest = over.at(-1);
  return oldest === undefined || alert.startedAt > oldest.startedAt;
}

function byUrgency(one: AlertRow, other: AlertRow): number {
  const urgency = Number(isFiring(other.state)) - Number(isFiring(one.state));
  if (urgency !== 0) return urgency;
  if (one.startedAt !== other.startedAt) return one.startedAt < other.startedAt ? 1 : -1;
  return one.id < other.id ? 1 : -1;
}
