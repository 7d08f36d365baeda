// What stands in each cell of tickets.aggregated.v1 by a list of records, in any order and with repetitions: everything
// recomputed from them as docs/decisions/0013-planners-store.md says, as plainly as can be.
import type { TicketAggregate } from '#schemas/ticket-aggregate.ts';
import { receiversOf, type PlannerRecord } from './planner-records.ts';

export type Figures = Omit<TicketAggregate, 'updatedAt'>;

interface Thing {
  readonly standing: PlannerRecord;
  readonly openedAt: number;
  readonly isExact: boolean;
  readonly reopenedAt: number | null;
  readonly resolvedAt: number | null;
  readonly isOpen: boolean;
}

/** The cells that hold anything, by key. */
export function cellsByOracle(records: readonly PlannerRecord[]): Map<string, Figures> {
  const things = [...Map.groupBy(records, thingOf).values()].map(asThing);
  const keys = things.flatMap((thing) => cellsOf(thing));
  const cells = new Map<string, Figures>();
  for (const cell of keys) {
    const key = keyOf(cell);
    if (!cells.has(key)) cells.set(key, { ...cell, ...figuresOf(cell, things) });
  }
  return cells;
}

export function keyOf(cell: Cell): string {
  return JSON.stringify([
    cell.area,
    cell.theme,
    cell.technology,
    cell.department,
    cell.bucket,
    new Date(cell.bucketStart).toISOString(),
  ]);
}

/** What should stand in the table of words: the text of every thing that has one. */
export function wordsByOracle(records: readonly PlannerRecord[]): string[] {
  return [...Map.groupBy(records, thingOf).values()]
    .map((group) => asThing(group).standing.insight.signal.text)
    .filter((text) => text !== null)
    .map((text) => text.replaceAll('\u0000', '\uFFFD'))
    .toSorted();
}

function thingOf({ insight }: PlannerRecord): string {
  const { kind, source, sourceId } = insight.signal;
  return JSON.stringify([kind, source, sourceId]);
}

function asThing(records: readonly PlannerRecord[]): Thing {
  const standing = records.toSorted(byStanding).at(-1)!;
  const { kind, occurredAt, ticket, timePrecision } = standing.insight.signal;
  const isExact = timePrecision === 'instant';
  if (kind !== 'ticket') {
    return {
      standing,
      openedAt: occurredAt,
      isExact,
      reopenedAt: null,
      resolvedAt: null,
      isOpen: false,
    };
  }
  const updates = records
    .map(({ insight }) => insight.signal)
    .toSorted((a, b) => a.receivedAt - b.receivedAt || a.revision - b.revision);
  const earliest = updates.toSorted((a, b) => a.occurredAt - b.occurredAt)[0]!;
  const openedAt = ticket!.createdAt ?? earliest.occurredAt;
  let reopenedAt: number | null = null;
  let resolvedSince: number | null = null;
  let before = statusOf(updates[0]!.ticket!.status);
  for (const { occurredAt: at, ticket: state } of updates) {
    const now = statusOf(state!.status);
    if (now === 'open' && before !== 'open') reopenedAt = at;
    if (now !== 'resolved') resolvedSince = null;
    else resolvedSince ??= at;
    before = now;
  }
  const resolvedAt = resolvedSince === null ? null : (ticket!.resolvedAt ?? resolvedSince);
  return {
    standing,
    openedAt,
    isExact: ticket!.createdAt === null ? earliest.timePrecision === 'instant' : isExact,
    reopenedAt,
    resolvedAt: resolvedAt === null ? null : Math.max(resolvedAt, openedAt),
    isOpen: before === 'open',
  };
}

function byStanding(a: PlannerRecord, b: PlannerRecord): number {
  const [x, y] = [a.insight.signal, b.insight.signal];
  return (
    x.revision - y.revision ||
    x.occurredAt - y.occurredAt ||
    x.receivedAt - y.receivedAt ||
    (x.id < y.id ? -1 : x.id > y.id ? 1 : 0) ||
    Number(a.isRevision) - Number(b.isRevision) ||
    a.timestamp - b.timestamp ||
    a.offset - b.offset
  );
}

function statusOf(status: string | null): 'open' | 'resolved' | 'over' {
  if (status === 'resolved' || status === 'closed') return 'resolved';
  return status === 'cancelled' || status === 'rejected' ? 'over' : 'open';
}

type Cell = Pick<
  TicketAggregate,
  'area' | 'theme' | 'technology' | 'department' | 'bucket' | 'bucketStart'
>;

const lengthMs = { hour: 3_600_000, day: 86_400_000, unknown: Number.NaN };

function cellsOf({ standing, ...thing }: Thing): Cell[] {
  const { insight } = standing;
  const moments = [thing.openedAt, thing.reopenedAt, thing.resolvedAt].filter((at) => at !== null);
  return moments.flatMap((at) =>
    ['all', ...receiversOf(insight)].flatMap((department) =>
      (thing.isExact ? (['day', 'hour'] as const) : (['day'] as const)).map((bucket) => ({
        area: insight.signal.place.area ?? 'unknown',
        theme: insight.theme ?? 'none',
        technology: insight.signal.technology ?? 'unknown',
        department,
        bucket,
        bucketStart: Math.floor(at / lengthMs[bucket]) * lengthMs[bucket],
      })),
    ),
  );
}

function figuresOf(cell: Cell, things: readonly Thing[]): Omit<Figures, keyof Cell> {
  const within = things.filter(({ standing: { insight }, isExact }) => {
    const { signal } = insight;
    return (
      (signal.place.area ?? 'unknown') === cell.area &&
      (insight.theme ?? 'none') === cell.theme &&
      (signal.technology ?? 'unknown') === cell.technology &&
      (cell.department === 'all' || receiversOf(insight).includes(cell.department)) &&
      (cell.bucket === 'day' || isExact)
    );
  });
  const isIn = (at: number | null): boolean =>
    at !== null && at >= cell.bucketStart && at < cell.bucketStart + lengthMs[cell.bucket];
  const said = within.filter(({ openedAt }) => isIn(openedAt));
  const ofKind = (kind: string): Thing[] =>
    said.filter(({ standing }) => standing.insight.signal.kind === kind);
  const tickets = ofKind('ticket');
  const resolved = within.filter(({ resolvedAt }) => isIn(resolvedAt));
  const hours = resolved
    .map(({ openedAt, resolvedAt }) => (resolvedAt! - openedAt) / lengthMs.hour)
    .filter((value) => value > 0);
  const customers = said.flatMap(({ standing }) => standing.insight.signal.customer ?? []);
  const severities: Record<string, number> = {};
  for (const { standing } of tickets) {
    const severity = standing.insight.signal.ticket!.severity ?? 'unknown';
    severities[severity] = (severities[severity] ?? 0) + 1;
  }
  const scores = (scale: string): number[] =>
    ofKind('survey').flatMap(({ standing: { insight } }) =>
      insight.signal.scale === scale ? (insight.signal.score ?? []) : [],
    );
  const nps = scores('nps');
  const promoters = nps.filter((score) => score >= 9).length;
  const detractors = nps.filter((score) => score <= 6).length;
  return {
    opened: tickets.length,
    reopened: within.filter(({ reopenedAt }) => isIn(reopenedAt)).length,
    resolved: resolved.length,
    stillOpen: tickets.filter(({ isOpen }) => isOpen).length,
    customers: new Set(customers).size,
    medianHoursToResolve: quantile(hours, 0.5),
    p90HoursToResolve: quantile(hours, 0.9),
    meanSentiment: mean(said.map(({ standing }) => standing.insight.sentiment)),
    severities,
    posts: ofKind('post').length,
    surveyAnswers: ofKind('survey').length,
    meanCsat: mean(scores('csat')),
    nps: nps.length === 0 ? null : (100 * (promoters - detractors)) / nps.length,
  };
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value) / values.length;
}

/** Between the two nearest ranks, in proportion. */
function quantile(values: readonly number[], share: number): number | null {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  const rank = share * (sorted.length - 1);
  const low = sorted[Math.floor(rank)]!;
  const high = sorted[Math.ceil(rank)]!;
  return low + (high - low) * (rank - Math.floor(rank));
}
