// Made-up histories of tickets, posts and answers as insights.shared.v1 and insights.revised.v1 hold them: statuses and
// places that change, updates told late, judgements made anew. Few distinct values, so that cells are shared.
import * as fc from 'fast-check';
import type { Insight } from '#schemas/insight.ts';
import type { Place, TicketStatus } from '#schemas/shared.ts';
import type { Signal } from '#schemas/signal.ts';

export interface PlannerRecord {
  readonly insight: Insight;
  readonly isRevision: boolean;
  readonly timestamp: number;
  /** In its topic, which is of one partition here. */
  readonly offset: number;
}

export const noPlace: Place = {
  country: null,
  region: null,
  city: null,
  area: null,
  postcode: null,
  lat: null,
  lon: null,
  h3: null,
  site: null,
};

export function signalOf(told: Partial<Signal> = {}): Signal {
  const { source = 'desk', sourceId = 'T-1', revision = 1 } = told;
  return {
    id: `${source}/${sourceId}/${revision}`,
    source,
    sourceId,
    version: null,
    revision,
    kind: 'ticket',
    occurredAt: start,
    timePrecision: 'instant',
    receivedAt: start,
    customer: null,
    text: null,
    redactions: {},
    language: null,
    channel: null,
    product: null,
    technology: null,
    place: noPlace,
    scale: null,
    score: null,
    question: null,
    ticket: told.kind === undefined || told.kind === 'ticket' ? ticketOf({}) : null,
    inReplyTo: null,
    threadId: null,
    attributes: {},
    ...told,
  };
}

export function ticketOf(
  told: Partial<NonNullable<Signal['ticket']>>,
): NonNullable<Signal['ticket']> {
  return {
    type: null,
    severity: null,
    priority: null,
    status: null,
    statusChangeReason: null,
    createdAt: null,
    resolvedAt: null,
    expectedResolutionAt: null,
    ...told,
  };
}

export function insightOf(signal: Signal, judged: Partial<Insight> = {}): Insight {
  return {
    id: signal.id,
    signal,
    departments: [],
    theme: null,
    themeConfidence: 0.5,
    sentiment: 0,
    urgency: 'normal',
    churnRisk: 0,
    model: 'm1',
    unsure: null,
    sharedWith: null,
    ...judged,
  };
}

/** Departments of 0.5 and more, as a deployment might have it. */
export function receiversOf({ departments }: Insight): readonly string[] {
  return departments
    .filter(({ relevance }) => relevance >= 0.5)
    .map(({ department }) => department);
}

const start = Date.UTC(2026, 2, 30, 21);
const hourMs = 3_600_000;
/** Three days with the end of a month and of a quarter, to the minute. */
const moment = fc.integer({ min: 0, max: 72 * 60 }).map((minutes) => start + minutes * 60_000);
const statuses: readonly (TicketStatus | null)[] = [
  null,
  'acknowledged',
  'inProgress',
  'held',
  'resolved',
  'closed',
  'resolved',
  'cancelled',
  'rejected',
];
const themes = [null, 'coverage', 'price'];
const areas = [null, 'North', 'South; DROP TABLE'];

const judgement = fc.record({
  theme: fc.constantFrom(...themes),
  sentiment: fc.integer({ min: -1, max: 1 }),
  churnRisk: fc.constantFrom(0, 0.1, 0.75),
  model: fc.constantFrom('m1', 'm2'),
  departments: fc.subarray(['operations', 'marketing', 'planning']).map((names) =>
    names.map((department, index) => ({
      department,
      relevance: index === 2 ? 0.4 : 0.9,
      evidence: [],
      rest: 0,
    })),
  ),
});
type Judged = typeof judgement extends fc.Arbitrary<infer T> ? T : never;

const shared = {
  occurredAt: moment,
  timePrecision: fc.constantFrom('instant' as const, 'instant' as const, 'day' as const),
  area: fc.constantFrom(...areas),
  technology: fc.constantFrom(null, '5G'),
  customer: fc.constantFrom(null, 'k1:anna', 'k1:ben'),
  text: fc.constantFrom(null, 'no signal', 'a\u0000b "quoted" {\\}'),
  judged: fc.array(judgement, { minLength: 1, maxLength: 3 }),
};

const update = fc.record({
  ...shared,
  status: fc.constantFrom(...statuses),
  severity: fc.constantFrom(null, 'minor', 'critical'),
  createdAt: fc.option(moment, { freq: 1 }),
  resolvedAt: fc.option(moment, { freq: 1 }),
  /** Whether it adds anything: else normalize drops it, and its number is missing. */
  isTold: fc.boolean(),
  /** Whether it comes so long after the last one that normalize had forgotten the ticket. */
  isAfterSilence: fc.integer({ min: 0, max: 5 }).map((number) => number === 0),
});
type Update = typeof update extends fc.Arbitrary<infer T> ? T : never;

const ticket = fc.array(update, { minLength: 1, maxLength: 6 }).map((updates) => ({
  kind: 'ticket' as const,
  updates,
}));
const post = fc.record({ ...shared, edits: fc.integer({ min: 1, max: 2 }) }).map((said) => ({
  kind: 'post' as const,
  said,
}));
const answer = fc
  .record({
    ...shared,
    scale: fc.constantFrom('nps' as const, 'csat' as const, 'ces' as const),
    score: fc.integer({ min: 0, max: 10 }),
  })
  .map((said) => ({ kind: 'survey' as const, said }));

/** All records of some things, in the order of their topics. */
export const plannerHistory: fc.Arbitrary<readonly PlannerRecord[]> = fc
  .array(fc.oneof({ weight: 4, arbitrary: ticket }, post, answer), { minLength: 1, maxLength: 6 })
  .chain((things) =>
    fc.shuffledSubarray(things.flatMap((_, index) => [index, index, index])).map((order) => {
      return numbered(interleaved(things.map(recordsOf), order));
    }),
  );

type Unnumbered = Omit<PlannerRecord, 'offset'>;
type Thing = typeof ticket | typeof post | typeof answer extends fc.Arbitrary<infer T> ? T : never;

function recordsOf(thing: Thing, index: number): Unnumbered[] {
  if (thing.kind === 'ticket') {
    let [spell, revision] = [0, 0];
    return thing.updates.flatMap((each, at) => {
      spell += each.isAfterSilence ? 1 : 0;
      revision = each.isAfterSilence ? 1 : revision + 1;
      const isLast = at === thing.updates.length - 1;
      return each.isTold || isLast ? ofUpdate(each, index, { at, spell, revision }) : [];
    });
  }
  const { said } = thing;
  const edits = 'edits' in said ? said.edits : 1;
  return Array.from({ length: edits }, (_, edit) =>
    judgedAs(
      signalOf({
        ...common(said, index),
        id: `${thing.kind}-${index}-${edit}`,
        kind: thing.kind,
        ticket: null,
        occurredAt: said.occurredAt + edit * hourMs,
        ...('scale' in said && { scale: said.scale, score: said.score }),
      }),
      said.judged,
    ),
  ).flat();
}

function ofUpdate(
  { status, severity, createdAt, resolvedAt, ...said }: Update,
  index: number,
  {
    at,
    spell,
    revision,
  }: { readonly at: number; readonly spell: number; readonly revision: number },
): Unnumbered[] {
  const silenceMs = spell * 40 * 24 * hourMs;
  const { occurredAt, ...plain } = common(said, index);
  const signal = signalOf({
    ...plain,
    id: `ticket-${index}-${spell}-${revision}`,
    revision,
    occurredAt: occurredAt! + silenceMs,
    // In order of arrival, some at the same moment; what happened may be told much later.
    receivedAt: start + silenceMs + Math.floor(at / 2) * hourMs,
    ticket: ticketOf({ status, severity, createdAt, resolvedAt }),
  });
  return judgedAs(signal, said.judged);
}

type Said = Pick<Update, keyof typeof shared>;

function common(
  { occurredAt, timePrecision, area, technology, customer, text }: Said,
  index: number,
): Partial<Signal> {
  return {
    source: `source-${index % 2}`,
    sourceId: `T-${index}`,
    occurredAt,
    timePrecision,
    receivedAt: occurredAt + hourMs,
    technology,
    customer,
    text,
    place: { ...noPlace, country: 'US', area },
  };
}

/** The first judgement is shared; further ones are revisions. */
function judgedAs(signal: Signal, judged: readonly Judged[]): Unnumbered[] {
  return judged.map((each, at) => ({
    insight: insightOf(signal, each),
    isRevision: at > 0,
    timestamp: signal.receivedAt,
  }));
}

/** One order of the things' records in which each thing keeps its own. */
function interleaved(
  records: readonly (readonly Unnumbered[])[],
  order: readonly number[],
): readonly Unnumbered[] {
  const left = records.map((each) => [...each]);
  const first = order.flatMap((index) => left[index]?.splice(0, 1) ?? []);
  return [...first, ...left.flat()];
}

function numbered(records: readonly Unnumbered[]): readonly PlannerRecord[] {
  const next = { shared: 0, revised: 0 };
  return records.map((record) => ({
    ...record,
    offset: record.isRevision ? next.revised++ : next.shared++,
  }));
}
