// Replays into topics: brings back those that were lost, or else writes the insights to a topic of their own.
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { SignpostError } from '#core/errors.ts';
import type { Log, LogReader } from '#core/log/port.ts';
import { migrate } from '#core/store/migrate.ts';
import { insights } from '../../../archive/datasets.ts';
import { insightsOf, insightsReplayed, insightsShared } from '../../../topology.ts';
import { departmentNames } from '../../departments.ts';
import { withReader } from '../../open-reader.ts';
import { withStore } from '../../open-store.ts';
import { withWriter } from '../../open-writer.ts';
import { readRange } from '../../read-range.ts';
import { fillFreshTopic, freshName } from './fresh-topic.ts';
import { holdingsOf, rowsOf } from './holdings.ts';
import { empty } from './into-tables.ts';
import type { Job } from './job.ts';
import { keptFor } from './kept-for.ts';
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
    keptMs: await keptFor(at, config),
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
    // What was cut off was looked at when it began; by now some of it is routed.
    if (lost.some(({ dataset, isLost }) => isLost && dataset.name === insights.name))
      await refuseDoubleRouting(log, departmentNames(config.classify));
    return { ...shared, way: 'restored', restored: await restoreTopics(lost, parts), fresh: null };
  }
  const name = freshName(shared.model, span);
  const known = new Set((await log.topics()).map((topic) => topic.name));
  const isThere = known.has(insightsReplayed(name).name);
  const judge = model?.judge;
  const fresh = await fillFreshTopic({
    ...parts,
    log,
    span,
    retention: config.retention,
    name,
    judge,
  });
  return { ...shared, way: 'beside', restored: [], fresh: { ...fresh, isResumed: isThere } };
}

/**
 * Insights that come back are routed again: to streams that still have them they would come twice. Of a stream that was
 * lost too, what it has is on the topic made anew.
 */
async function refuseDoubleRouting(log: LogReader, departments: readonly string[]): Promise<void> {
  const topics = new Map((await log.topics()).map(({ name, partitions }) => [name, partitions]));
  const first = new Map<string, string[]>();
  for (const { name } of departments.map(insightsOf))
    for (const { partition, start, end } of topics.get(name) ?? []) {
      const [record] = await firstOf(readRange(log, name, partition, start, end));
      if (record === undefined) continue;
      const id = record.headers['ce_id'] ?? '';
      first.set(id, [...(first.get(id) ?? []), name]);
    }
  for (const { partition, start, end } of topics.get(insightsShared.name) ?? []) {
    if (first.size === 0) return;
    for await (const records of readRange(log, insightsShared.name, partition, start, end))
      for (const { headers } of records) first.delete(headers['ce_id'] ?? '');
  }
  const whole = [...new Set([...first.values()].flat())].toSorted();
  if (whole.length === 0) return;
  throw new SignpostError(
    'streams-not-lost',
    `${insightsShared.name} was lost, but ${whole.join(', ')} was not: what comes back would be there twice`,
    {
      hint: 'Aggregates and alerts come back without it: signpost archive replay --into aggregates, --into alerts. For the topic too, delete these streams first.',
    },
  );
}

async function firstOf<T>(portions: AsyncIterable<readonly T[]>): Promise<readonly T[]> {
  for await (const portion of portions) if (portion.length > 0) return portion;
  return [];
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
