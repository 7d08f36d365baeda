// `signpost archive compact`: sees to the archive once, as its keeper does, or says what it would do.
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { SignpostError } from '#core/errors.ts';
import { createLogger } from '#core/logger.ts';
import type { ObjectStore } from '#core/objects/port.ts';
import { listenForShutdown } from '#core/shutdown.ts';
import { createSeen, keepDays, type Kept } from '../../archive/keep-days.ts';
import { keeperLeaseMs } from '../../archive/keeper.ts';
import { keeperLeaseKey } from '../../archive/layout.ts';
import { withLease } from '../../archive/lease.ts';
import { parquetFiles } from '../../archive/parquet-files.ts';
import { usualCompaction } from '../../archive/plan-compaction.ts';
import { planDays, type PlannedDay } from '../../archive/plan-days.ts';
import type { ArchiveCompactOptions } from '../commands/archive-upkeep.ts';
import type { Config } from '../config.ts';
import { count, many } from '../count.ts';
import { exitCodes } from '../exit.ts';
import { configOf, logAt } from '../open-log.ts';
import type { LogPlace } from '../options.ts';
import { createOutput, type Styles } from '../output.ts';
import { createProgress } from '../progress.ts';
import { oneLine } from '../safe-text.ts';
import { tableLines } from '../table.ts';
import { sizeOf } from '../topics.ts';
import { requireArchive } from './require-archive.ts';
import { openArchive } from './open-archive.ts';

/** Whoever calls it does not wait for more of a day. */
const settings = { ...usualCompaction, settledMs: 0 };

export async function compactCommand(
  place: LogPlace,
  options: ArchiveCompactOptions,
): Promise<void> {
  const config = configOf(place);
  const at = logAt(place, () => config);
  await requireArchive(at, config);
  const shutdown = listenForShutdown();
  const output = createOutput();
  const { signal } = shutdown;
  const access = options.dryRun ? 'read' : 'write';
  const store = await openArchive(at, config, { access, signal });
  try {
    if (options.dryRun) {
      const planned: PlannedDay[] = [];
      for await (const day of planDays(store, Date.now(), settings)) planned.push(day);
      if (options.json) await output.json({ url: store.where, planned });
      else
        for (const line of plannedLines(planned, { days: options.days === true }, output.styles))
          await output.line(line);
      return;
    }
    const kept = await keepOnce(store, config, signal);
    if (options.json) await output.json({ url: store.where, ...kept });
    else for (const line of keptLines(kept, store.where)) await output.line(line);
    if (kept.damaged > 0) process.exitCode = exitCodes.failed;
  } finally {
    shutdown.dispose();
    await store.close();
  }
}

/** @throws SignpostError `archive-busy` where another process is at it, `interrupted` */
async function keepOnce(
  store: ObjectStore,
  { archive, logLevel }: Pick<Config, 'archive' | 'logLevel'>,
  signal: AbortSignal,
): Promise<Kept> {
  const progress = createProgress(process.stderr, () => performance.now());
  const lease = {
    store,
    key: keeperLeaseKey,
    owner: randomUUID(),
    lastsMs: keeperLeaseMs,
    now: Date.now,
    sleep: async (ms: number, until: AbortSignal): Promise<void> => {
      await pause(ms, undefined, { signal: until }).catch(() => {});
    },
    signal,
  };
  const parts = {
    store,
    format: parquetFiles,
    now: Date.now,
    settings,
    graceMs: archive.graceMs,
    logger: createLogger('signpost', logLevel),
    onDay: (share: number, says: string) => progress.update(share, says),
  };
  try {
    const done = await withLease(lease, (leased) =>
      keepDays({ ...parts, signal: leased }, createSeen()),
    );
    if (signal.aborted)
      throw new SignpostError(
        'interrupted',
        'Interrupted; what is done stays, run it again for the rest',
      );
    if (done.kind === 'worked') return done.value;
    throw new SignpostError(
      'archive-busy',
      `Another process is seeing to ${store.where} at present`,
      {
        hint: `It does the same by itself. Should it have been killed, try again after ${new Date(done.until).toISOString()}.`,
      },
    );
  } finally {
    progress.end();
  }
}

/** Sums by dataset, which stand last: a long import has hundreds of days. */
export function plannedLines(
  planned: readonly PlannedDay[],
  { days }: { readonly days: boolean },
  { bold, dim }: Styles,
): string[] {
  if (planned.length === 0) return ['No day has small files that are worth making fewer.'];
  const cells = (of: readonly PlannedDay[]): string[] => {
    const sum = (what: (day: PlannedDay) => number): number =>
      of.reduce((all, day) => all + what(day), 0);
    return [
      count(sum(({ files }) => files)),
      count(sum(({ filesAfter }) => filesAfter)),
      count(sum(({ rows }) => rows)),
      sizeOf(sum(({ bytes }) => bytes)),
    ];
  };
  const head = ['files', 'then', 'rows', 'size'];
  const each = planned.map((day) => [day.dataset, day.day, ...cells([day])]);
  const sums = [...Map.groupBy(planned, ({ dataset }) => dataset)].map(([dataset, of]) => [
    dataset,
    count(of.length),
    ...cells(of),
  ]);
  return [
    ...(days ? [...tableLines(['dataset', 'day', ...head], each, bold, ['day']), ''] : []),
    ...tableLines(['dataset', 'days', ...head], sums, bold),
    dim('Nothing was done: it is done without --dry-run.'),
    ...(days ? [] : [dim('--days lists each day.')]),
  ];
}

export function keptLines(kept: Kept, where: string): string[] {
  const { files, made, rows, deleted, orphans, rejectedRows, damaged } = kept;
  const lines = [
    files > 0 &&
      `${many(files, 'small file')} became ${count(made)}: ${many(rows, 'row')}, ${sizeOf(kept.bytesRead)} read, ${sizeOf(kept.bytesWritten)} written.`,
    deleted > 0 &&
      `${many(deleted, 'file')} that did not count any more ${deleted === 1 ? 'is' : 'are'} deleted.`,
    orphans > 0 &&
      `${many(orphans, 'file')} that never counted will be deleted after the grace time.`,
    rejectedRows > 0 &&
      `${many(rejectedRows, 'dead letter')} past the erasure deadline will be deleted after the grace time.`,
    damaged > 0 &&
      `${many(damaged, 'day')} could not be seen to, as said above: \`signpost archive verify --deep\` tells more.`,
  ].filter((line) => line !== false);
  return lines.length > 0
    ? lines
    : [
        `There was nothing to do: no day in ${oneLine(where)} has small files that are worth making fewer.`,
      ];
}
