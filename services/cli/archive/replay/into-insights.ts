// Replays into topics: brings back those that were lost, or else writes the insights to a topic of their own.
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { SignpostError } from '#core/errors.ts';
import type { Log, LogReader } from '#core/log/port.ts';
import { migrate } from '#core/store/migrate.ts';
import { insights } from '../../../archive/datasets.ts';
import { insightsOf, insightsShared } from '../../../topology.ts';
import { departmentNames } from '../../departments.ts';
import { withReader } from '../../open-reader.ts';
import { withStore } from '../../open-store.ts';
import { withWriter } from '../../open-writer.ts';
import { fillFreshTopic, freshName, freshTopic } from './fresh-topic.ts';
import { holdingsOf, rowsOf } from './holdings.ts';
import { empty } from './into-tables.ts';
import type { Job } from './job.ts';
import { takeLease } from './lease.ts';
import { createPace } from './pace.ts';
import { restorable, restoreTopics, type RestoreParts } from './restore.ts';
import type { ReplayedInsights } from './report.ts';

/** @throws SignpostError `archive-empty`, `streams-not-lost`, `already-replayed`; those of the log */
export async function replayInsights(job: Job): Promise<ReplayedInsights> {
  const { access, at, config, dryRun, place } = job;
  const { days } = await holdingsOf(access.store, insights);
  if (days.length === 0) throw empty(access.store.where);
  const rows = rowsOf(days);
  if (dryRun)
    return withReader(place, (log) => replay(job, writesNothing(log), rows)).catch(
      (error: unknown) => {
        if (!(error instanceof SignpostError) || error.code !== 'no-log') throw error;
        return replay(job, writesNothing(noLog), rows);
      },
    );
  const needs = {
    topics: [insightsShared.name],
    whenInUse: 'Stop it for as long as this takes; with --dry-run it may go on.',
  };
  return withWriter(at, config, needs, (log) => alone(job, () => replay(job, log, rows)));
}

async function replay(job: Job, log: Log, rows: number): Promise<ReplayedInsights> {
  const { access, span, model, dryRun, signal, onProgress, at, rate, config } = job;
  let read = 0;
  const parts: RestoreParts = {
    log,
    access,
    dryRun,
    signal,
    now: Date.now,
    pace: createPace({ rate, isAlone: at.kind === 'embedded' || dryRun, sleep, signal }),
    onProgress: (more) => onProgress('rows read', (read += more), Math.max(rows, read)),
  };
  const into = 'insights' as const;
  const shared = { into, dryRun, span, model: model?.version ?? null, rows };
  const lost = model === null ? await restorable(log, access.store) : [];
  if (lost.length > 0) {
    if (span.from !== null || span.to !== null) throw wholeOnly();
    await refuseDoubleRouting(log, departmentNames(config.classify));
    return { ...shared, way: 'restored', restored: await restoreTopics(lost, parts), fresh: null };
  }
  const name = freshName(shared.model, span);
  const known = new Set((await log.topics()).map((topic) => topic.name));
  const isThere = known.has(freshTopic(name).name);
  const judge = model?.judge;
  const fresh = await fillFreshTopic({ ...parts, log, span, name, judge });
  return { ...shared, way: 'beside', restored: [], fresh: { ...fresh, isResumed: isThere } };
}

/** Insights that come back are routed again: to streams that still have them they would come twice. */
async function refuseDoubleRouting(
  log: Pick<LogReader, 'topics'>,
  departments: readonly string[],
): Promise<void> {
  const ends = new Map(
    (await log.topics()).map(({ name, partitions }) => [
      name,
      partitions.reduce((sum, { end }) => sum + end, 0),
    ]),
  );
  const shared = ends.get(insightsShared.name) ?? 0;
  const whole = departments
    .map((department) => insightsOf(department).name)
    .filter((stream) => (ends.get(stream) ?? 0) > shared);
  if (whole.length === 0) return;
  throw new SignpostError(
    'streams-not-lost',
    `${insightsShared.name} was lost, but ${whole.join(', ')} was not: what comes back would be there twice`,
    {
      hint: 'Aggregates and alerts come back without it: signpost archive replay --into aggregates, --into alerts. For the topic too, delete these streams first.',
    },
  );
}

/** On a cluster two at once would write the same records; the database that all share tells of the other. */
async function alone<T>(job: Job, work: () => Promise<T>): Promise<T> {
  const { place, config, at } = job;
  if (at.kind === 'embedded' || config.database === undefined) return work();
  const used = await withStore(
    { place, config, applicationName: 'signpost archive replay', clock: Date.now },
    async (db) => {
      await migrate(db);
      const lease = await takeLease(db, randomUUID(), { isAlone: false });
      try {
        return await work();
      } finally {
        await lease.release();
      }
    },
  );
  if (used.kind !== 'used') throw new Error('A cluster with a database had none');
  return used.value;
}

/** Where the log itself was lost. */
const noLog: LogReader = {
  topics: () => Promise.resolve([]),
  committed: () => Promise.resolve([]),
  read: (_topic, _partition, offset) =>
    Promise.resolve({ records: [], nextOffset: offset, endOffset: offset }),
  checkpoint: () => Promise.resolve(null),
  close: () => Promise.resolve(),
};

/** A reader in the place of a log: nothing is written in a dry run. */
function writesNothing(log: LogReader): Log {
  const refuse = (): Promise<never> => Promise.reject(new Error('A dry run writes nothing'));
  return { ...log, append: refuse, ensureTopics: refuse, subscribe: refuse };
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await pause(ms, undefined, { signal }).catch(() => undefined);
}

function wholeOnly(): SignpostError {
  return new SignpostError('wrong-time', 'Topics that were lost come back whole', {
    hint: 'Leave --from and --to out: a second run would find them there, and not bring the rest.',
  });
}
