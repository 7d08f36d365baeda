// Replays into the tables that planners and alerts ask: opens database and log, says what is to be done, and does it.
import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Insight } from '#schemas/insight.ts';
import { SignpostError } from '#core/errors.ts';
import type { LogReader } from '#core/log/port.ts';
import { groupOf } from '#core/run-stage.ts';
import { migrate } from '#core/store/migrate.ts';
import type { Db } from '#core/store/postgres.ts';
import { wordsFrom } from '../../../aggregate/forget-words.ts';
import { insights, revisions, type Dataset } from '../../../archive/datasets.ts';
import { archivedName, readGeneration } from '../../../archive/generations.ts';
import { dayOf } from '../../../archive/layout.ts';
import { createErased, readErasures } from '../../../archive/erasures.ts';
import { erasedInsight } from '../../../archive/strip.ts';
import { readDepartments } from '../../departments.ts';
import { openReader } from '../../open-log.ts';
import { withStore } from '../../open-store.ts';
import { detectorForm } from '../../planners/alert-work.ts';
import { receiversOf } from '../../planners/receivers.ts';
import { rebuildAggregates } from './aggregates.ts';
import { rebuildAlerts } from './alerts.ts';
import { holdingsOf, rowsOf, type HeldRange, type Holdings } from './holdings.ts';
import type { Job } from './job.ts';
import { takeLease } from './lease.ts';
import { createPace } from './pace.ts';
import type { Plan, Span } from './plan.ts';
import { rebuild, type Rebuild } from './rebuild.ts';
import type { ReplayedTables } from './report.ts';

export interface TablesJob extends Job {
  readonly into: 'aggregates' | 'alerts';
}

/** What is asked of a large database at once may take it long. */
const statementTimeoutMs = 15 * 60_000;

/** @throws SignpostError `archive-empty`, `nothing-archived`; those of `rebuild`, and of the database and the log */
export async function replayTables(job: TablesJob): Promise<ReplayedTables> {
  const { access, span, model, into, dryRun, place, config } = job;
  const datasets = into === 'alerts' || model !== null ? [insights] : [insights, revisions];
  const holdings = await Promise.all(datasets.map((each) => holdingsOf(access.store, each)));
  const archived = archivedWithin(holdings, span, access.store.where);
  const log = await openReader(place).catch(noLog);
  try {
    const what = { into, dryRun, span, model: model?.version ?? null, ...archived };
    if (dryRun) return { ...what, live: await countLive(job), done: null };
    const used = await withStore(
      {
        place,
        config,
        applicationName: 'signpost archive replay',
        clock: Date.now,
        mayMake: true,
        statementTimeoutMs,
      },
      async (db) => {
        await migrate(db);
        const live = await countRows(db, into);
        const ends = await endsOf(job, datasets, holdings, log);
        return { ...what, live, done: await run(job, db, log, { ends, rows: archived.rows }) };
      },
    );
    if (used.kind === 'used') return used.value;
    throw used.kind === 'in-use' ? inUse(used.refusal) : notConfigured();
  } finally {
    await log?.close();
  }
}

async function run(
  job: TablesJob,
  db: Db,
  log: LogReader | undefined,
  { ends, rows }: { readonly ends: readonly HeldRange[]; readonly rows: number },
) {
  const { access, config, span, model, into, signal, onProgress, at } = job;
  const isAlone = at.kind === 'embedded';
  const departments = readDepartments(config.classify);
  const form = detectorForm(config.alert);
  const plan: Plan = {
    into,
    span,
    model: model?.version ?? null,
    settings: digestOf(into === 'alerts' ? [departments, config.alert] : [departments]),
    ends,
  };
  const lease = await takeLease(db, randomUUID(), { isAlone });
  try {
    const erased = createErased(await readErasures(access.store));
    const shared = {
      receiversOf: receiversOf(() => departments),
      erased: (insight: Insight) => erasedInsight(insight, erased),
      erasures: () => readErasures(access.store),
      judge: model === null ? undefined : (insight: Insight) => model.judge(insight),
    };
    const what: Rebuild =
      into === 'aggregates'
        ? rebuildAggregates({
            ...shared,
            wordsFrom: () => wordsFrom({ now: Date.now, wordsDays: config.aggregate.wordsDays }),
          })
        : rebuildAlerts({ ...shared, access, config: config.alert, form, now: Date.now, isAlone });
    const pace = createPace({ rate: job.rate, isAlone, sleep, signal });
    return await rebuild(plan, what, {
      db,
      access,
      log,
      lease,
      pace,
      signal,
      // Nobody else can have begun to read the old ones.
      ...(isAlone ? { settleMs: 0 } : {}),
      onProgress: (step, read) => onProgress(steps[step], read, rows),
    });
  } finally {
    await lease.release();
  }
}

const steps = { reading: 'rows read', completing: 'completing', swapping: 'putting in place' };

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await pause(ms, undefined, { signal }).catch(() => undefined);
}

/**
 * How far the archive is: a chunk that is still being written counts from its beginning on as on the topic alone. Of a
 * topic made anew, what was brought back is archived from before, and the archive is as far as it has read on.
 */
async function endsOf(
  { access }: TablesJob,
  datasets: readonly Dataset<Insight>[],
  holdings: readonly Holdings[],
  log: LogReader | undefined,
): Promise<readonly HeldRange[]> {
  const group = groupOf('archive');
  const committed = (await log?.committed().catch(() => [])) ?? [];
  const topics = (await log?.topics()) ?? [];
  const ends: HeldRange[] = [];
  for (const [index, { topic }] of datasets.entries()) {
    const { generation } = await readGeneration(access.store, topic.name);
    const current = archivedName(topic.name, generation);
    const readTo = new Map(
      committed
        .filter((one) => one.group === group && one.topic === topic.name)
        .map(({ partition, offset }) => [partition, offset]),
    );
    const { ranges } = holdings[index]!;
    for (const range of ranges) {
      const read = readTo.get(range.partition);
      if (range.topic !== current || read === undefined) ends.push(range);
      else ends.push({ ...range, to: generation > 1 ? read : Math.min(range.to, read) });
    }
    if (generation === 1) continue;
    for (const { partition } of topics.find(({ name }) => name === topic.name)?.partitions ?? []) {
      if (ranges.some((range) => range.topic === current && range.partition === partition))
        continue;
      const to = readTo.get(partition) ?? 0;
      ends.push({ topic: current, partition, from: to, to });
    }
  }
  return ends;
}

/** @throws SignpostError where there is nothing */
function archivedWithin(holdings: readonly Holdings[], span: Span, where: string) {
  const all = holdings.flatMap(({ days }) => days);
  if (all.length === 0) throw empty(where);
  const from = span.from === null ? '' : dayOf(span.from);
  const to = span.to === null ? '9999-99-99' : dayOf(span.to - 1);
  const within = all.filter(({ day }) => day >= from && day <= to);
  const names = all.map(({ day }) => day).toSorted();
  if (within.length === 0) throw nothingWithin(span, names[0]!, names.at(-1)!);
  // What was said later of a thing counts for it too, so that it is read.
  const read = all.filter(({ day }) => day >= from);
  const days = [...new Set(read.map(({ day }) => day))].toSorted();
  return { rows: rowsOf(read), days: days.length, firstDay: days[0]!, lastDay: days.at(-1)! };
}

async function countLive(job: TablesJob): Promise<number | null> {
  const { place, config, into } = job;
  const used = await withStore(
    { place, config, applicationName: 'signpost archive replay', clock: Date.now },
    (db) => countRows(db, into),
  ).catch((error: unknown) => {
    if (error instanceof SignpostError && error.code === 'store-outdated') return undefined;
    throw error;
  });
  return used?.kind === 'used' ? used.value : null;
}

async function countRows({ query }: Db, into: TablesJob['into']): Promise<number> {
  const { count: rows } = await query
    .selectFrom(into === 'alerts' ? 'signpost.sightings' : 'signpost.signals')
    .select(({ fn }) => fn.countAll<string>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(rows);
}

function noLog(error: unknown): undefined {
  if (error instanceof SignpostError && error.code === 'no-log') return undefined;
  throw error;
}

function digestOf(settings: unknown): string {
  return createHash('sha256').update(JSON.stringify(settings)).digest('hex').slice(0, 16);
}

export function empty(where: string): SignpostError {
  return new SignpostError('archive-empty', `The archive in ${where} holds no insights`, {
    hint: '`signpost archive list` tells what is there; `signpost archive sync` archives what is on the topics.',
  });
}

function nothingWithin({ from, to }: Span, first: string, last: string): SignpostError {
  const day = (at: number | null): string => (at === null ? '…' : new Date(at).toISOString());
  return new SignpostError(
    'nothing-archived',
    `The archive has nothing from ${day(from)} to ${day(to)}`,
    { hint: `It has days from ${first} to ${last}; \`signpost archive list --days\` lists them.` },
  );
}

function inUse(refusal: SignpostError): SignpostError {
  return new SignpostError(refusal.code, refusal.message, {
    cause: refusal,
    hint: 'Its database is that of one process: stop it for as long as this takes; with --dry-run it may go on.',
  });
}

function notConfigured(): SignpostError {
  return new SignpostError('config-invalid', 'No database is named for this cluster', {
    hint: 'Name it by DATABASE_URL or database.url.',
  });
}
