// Insights as alerts count them, and the alert service's parts on a database, driven step by step.
import { sql } from 'kysely';
import type { Alert } from '#schemas/alert.ts';
import type { Insight } from '#schemas/insight.ts';
import type { Db } from '#core/store/postgres.ts';
import { createProjectionStore } from '#core/store/projection-store.ts';
import { alertConfig } from '../../services/alert/config.ts';
import { bucketMs } from '../../services/alert/detect/detection.ts';
import type { DetectorForm } from '../../services/alert/detector-state.ts';
import { beginning, createEvaluator } from '../../services/alert/evaluate.ts';
import { createAlert } from '../../services/alert/stage.ts';
import { insightsShared } from '../../services/topology.ts';
import { insightOf, noPlace, receiversOf, signalOf } from './planner-records.ts';
import { simpleForm } from './simple-detector.ts';

export const settings = alertConfig.parse({});
/** Monday, at a whole quarter of an hour. */
export const monday = Date.UTC(2026, 5, 1);

export interface Said {
  readonly id: string;
  readonly at: number;
  readonly receivedAt?: number;
  readonly city?: string;
  readonly theme?: string;
  readonly customer?: string;
  readonly source?: string;
  readonly text?: string;
  readonly product?: string;
}

/** A ticket opened then, about an outage in Newark, received half a minute later. */
export function ticketSaid(said: Said): Insight {
  const { id, at, city = 'Newark', theme = 'outage', customer = `c-${id}`, source = 'desk' } = said;
  const signal = signalOf({
    source,
    sourceId: id,
    occurredAt: at,
    receivedAt: said.receivedAt ?? at + 30_000,
    customer,
    text: said.text ?? null,
    product: said.product ?? null,
    place: { ...noPlace, country: 'US', region: 'California', city },
  });
  return insightOf(signal, {
    theme,
    departments: [{ department: 'operations', relevance: 0.9, evidence: [], rest: 0 }],
  });
}

/** So many customers in the bucket that is `bucket` after Monday's first. */
export function burst(bucket: number, customers: number, told: Partial<Said> = {}): Insight[] {
  return Array.from({ length: customers }, (_, i) =>
    ticketSaid({
      id: `${told.city ?? ''}${told.theme ?? ''}${bucket}-${i}`,
      at: monday + bucket * bucketMs + i * 1000,
      ...told,
    }),
  );
}

export async function emptyAlerts(db: Db): Promise<void> {
  await sql`
    TRUNCATE signpost.sightings, signpost.sighting_sources, signpost.incidents, signpost.silences, signpost.leases,
      signpost.words, signpost.waves, signpost.gazetteer, signpost.projections CASCADE`.execute(
    db.query,
  );
  await sql`DELETE FROM signpost.detector`.execute(db.query);
  await sql`INSERT INTO signpost.detector DEFAULT VALUES`.execute(db.query);
}

/** Parts on a database, with a clock that the test moves. */
export function createAlertWorld(
  db: Db,
  {
    form = simpleForm(),
    targets = ['noc'],
    lateness = settings,
    keptFrom = 0,
    onTold,
  }: {
    readonly form?: DetectorForm;
    readonly targets?: readonly string[];
    /** Within the transaction, before it is known who is told. */
    readonly onTold?: () => void;
    readonly lateness?: Parameters<typeof createAlert>[0]['lateness'];
    /** Sightings of before it are not evaluated. */
    readonly keptFrom?: number;
  } = {},
) {
  let now = monday;
  const late = new Map<string, number>();
  const store = createProjectionStore(db);
  const stage = createAlert({
    store,
    receiversOf,
    lateness,
    onLate: (source, count) => void late.set(source, (late.get(source) ?? 0) + count),
  });
  const context = {
    share: settings.reportingShare,
    budgetPerWeek: settings.falseAlarmsPerWeek,
    targetsOf: ({ state }: Alert, told: ReadonlySet<string>) => {
      onTold?.();
      if (state === 'firing' || state === 'reopened') return targets;
      return state === 'suppressed' ? [] : [...told];
    },
  };
  const newEvaluator = () =>
    createEvaluator({ db, form, context, now: () => now, clock: () => performance.now() });
  let evaluator = newEvaluator();
  let offset = 0;
  return {
    late,
    context,
    now: () => now,
    setNow: (ms: number) => void (now = ms),
    /** As a process that was killed and started again. */
    restart: () => void (evaluator = newEvaluator()),
    async project(insights: readonly Insight[]): Promise<void> {
      const batch = insights.map((record, index) => ({
        record,
        index,
        received: {
          topic: insightsShared.name,
          partition: 0,
          offset: offset++,
          key: null,
          value: null,
          headers: {},
          timestamp: record.signal.receivedAt,
        },
      }));
      await db.query.transaction().execute((tx) => stage.apply(batch, tx));
    },
    /** Evaluates all that ends by then, and moves the clock to when that is due. */
    async evaluateTo(bucket: number): Promise<void> {
      const until = Math.round(monday + bucket * bucketMs);
      now = Math.max(now, until + lateness.latenessMs + 1000);
      const never = new AbortController().signal;
      for (;;) {
        const done = await evaluator.next(until, await beginning(db, keptFrom), never);
        if (done.kind !== 'went-on') return;
      }
    },
  };
}

export async function transitionsIn(db: Db) {
  const rows = await db.query
    .selectFrom('signpost.transitions')
    .selectAll()
    .orderBy('seq')
    .execute();
  return rows.map(({ id, incident_id: incident, state, reason, at, by, record }) => ({
    id,
    incident,
    state,
    reason,
    bucket: (at.getTime() - settings.latenessMs - monday) / bucketMs,
    by,
    record,
  }));
}
