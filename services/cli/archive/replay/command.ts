// `signpost archive replay`: brings insights, aggregates or alerts back from the archive, beside what is there, and puts them
// in its place when they are complete.
import { SignpostError } from '#core/errors.ts';
import { listenForShutdown } from '#core/shutdown.ts';
import type { ArchiveReplayOptions } from '../../commands/archive-replay.ts';
import { count } from '../../count.ts';
import { momentOf } from '../../moment.ts';
import { configOf, logAt } from '../../open-log.ts';
import type { LogPlace } from '../../options.ts';
import { createOutput } from '../../output.ts';
import { createProgress } from '../../progress.ts';
import { openArchive } from '../open-archive.ts';
import { requireArchive } from '../require-archive.ts';
import { replayInsights } from './into-insights.ts';
import { replayTables } from './into-tables.ts';
import { parquetFiles } from '../../../archive/parquet-files.ts';
import { judgeOf } from './judge-anew.ts';
import type { Span } from './plan.ts';
import { reportLines, type Replayed } from './report.ts';

export async function replayArchive(place: LogPlace, options: ArchiveReplayOptions): Promise<void> {
  const span = spanIn(options);
  const config = configOf(place);
  const at = logAt(place, () => config);
  const model = judgeOf(config, options.model);
  // Where there is none, none is to be made.
  await requireArchive(at, config);
  const shutdown = listenForShutdown();
  const progress = createProgress(process.stderr, () => performance.now());
  let replayed: Replayed;
  try {
    const store = await openArchive(at, config, {
      access: options.dryRun === true ? 'read' : 'write',
      signal: shutdown.signal,
    });
    const job = {
      place,
      at,
      config,
      access: { store, format: parquetFiles },
      span,
      model,
      rate: options.rate,
      dryRun: options.dryRun === true,
      signal: shutdown.signal,
      onProgress: (does: string, rows: number, all: number): void =>
        progress.update(all === 0 ? 0 : rows / all, `${does}: ${count(rows)} of ${count(all)}`),
    };
    try {
      replayed =
        options.into === 'insights'
          ? await replayInsights(job)
          : await replayTables({ ...job, into: options.into });
    } finally {
      await store.close();
    }
  } finally {
    progress.end();
    shutdown.dispose();
  }
  const output = createOutput();
  if (options.json) await output.json(replayed);
  else for (const line of reportLines(replayed, output.styles)) await output.line(line);
}

/** @throws SignpostError `wrong-time` */
function spanIn({ from, to }: ArchiveReplayOptions): Span {
  const span = {
    from: from === undefined ? null : momentOf('--from', from),
    to: to === undefined ? null : momentOf('--to', to),
  };
  if (span.from !== null && span.to !== null && span.to <= span.from)
    throw new SignpostError('wrong-time', '--to is not later than --from');
  return span;
}
