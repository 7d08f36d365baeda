// `signpost import`: takes a file in, lets the pipeline run to the end, and says what became of every record.
import { setTimeout as pause } from 'node:timers/promises';
import { SignpostError } from '#core/errors.ts';
import { listenForShutdown } from '#core/shutdown.ts';
import { importFile, type ImportProgress } from '../gateway/import.ts';
import { loadMapping, type Mapping } from '../gateway/mapping/mapping.ts';
import { openPipelineAt } from './cluster-pipeline.ts';
import { count } from './count.ts';
import { reportImport, type ImportReport } from './import-report.ts';
import type { LogPlace } from './options.ts';
import type { Pipeline } from './pipeline.ts';
import { createProgress, type Progress } from './progress.ts';

export interface ImportOptions {
  readonly kind: string;
  readonly file: string;
  readonly mapping: string;
  readonly place: LogPlace;
}

export interface ImportResult extends ImportReport {
  readonly seconds: number;
  /** Records brought through in this run (or an earlier one's leftovers, if those are more) by its seconds. */
  readonly recordsPerSecond: number;
  /** Records that an earlier run of this import, cut off, had taken in already. */
  readonly resumedAt: number;
}

/**
 * @param tell is given the result. The import counts as done only after that: cut off before, it is asked for again,
 *   and then the same result is told rather than that of a second import.
 * @throws SignpostError; `interrupted` after Ctrl-C, when running it again goes on where it stopped.
 */
export async function runImport(
  options: ImportOptions,
  tell: (result: ImportResult) => Promise<void>,
): Promise<void> {
  const mapping = await loadMapping(options.mapping);
  checkKind(options.kind, mapping);
  const progress = createProgress(process.stderr, () => performance.now());
  const shutdown = listenForShutdown();
  const pipeline = await openPipelineAt(options.place);
  try {
    const startedAt = performance.now();
    // What a crash left unfinished is finished first, so that the report is of this file alone.
    let leftover = 0;
    await drain(pipeline, shutdown.signal, (left) => {
      leftover = Math.max(leftover, left);
      progress.update(0, `finishing ${count(left)} records of before`);
    });
    const state = await Promise.race([
      pipeline.failed,
      importFile({
        log: pipeline.log,
        file: options.file,
        mapping,
        now: Date.now,
        signal: shutdown.signal,
        onProgress: (at) => showReading(progress, at),
      }),
    ]);
    let most = 0;
    await drain(pipeline, shutdown.signal, (left) => {
      most = Math.max(most, left);
      progress.update(1 - left / most, `read to the end; ${count(left)} still on their way`);
    });
    const seconds = (performance.now() - startedAt) / 1000;
    const report = await reportImport(pipeline.log, pipeline.departments, {
      accepted: state.done,
      began: state.began,
      source: mapping.source,
      isResumed: state.resumedAt > 0,
    });
    progress.end();
    await tell({
      ...report,
      seconds: round(seconds, 2),
      recordsPerSecond: Math.round(Math.max(state.done - state.resumedAt, leftover) / seconds),
      resumedAt: state.resumedAt,
    });
    await state.conclude();
  } catch (error) {
    if (!shutdown.signal.aborted) throw error;
    throw new SignpostError('interrupted', 'Interrupted; what was read so far is kept.', {
      cause: error,
      hint: 'Run the same command again: it goes on where it stopped.',
    });
  } finally {
    progress.end();
    await pipeline.close();
    shutdown.dispose();
  }
}

/** Waits until every record taken in is through the last stage. @throws AbortError when `signal` aborts. */
export async function drain(
  pipeline: Pick<Pipeline, 'failed' | 'backlog'>,
  signal: AbortSignal,
  onLeft: (records: number) => void = () => {},
): Promise<void> {
  for (let left; (left = await Promise.race([pipeline.failed, pipeline.backlog()])) > 0;) {
    onLeft(left);
    await Promise.race([pipeline.failed, pause(50, undefined, { signal })]);
  }
}

function checkKind(kind: string, mapping: Mapping): void {
  if (kind === mapping.kind) return;
  throw new SignpostError(
    'wrong-kind',
    `The mapping ${mapping.label} is for ${mapping.kind}, not for ${kind}.`,
    {
      hint: `Use: signpost import ${mapping.kind} …`,
    },
  );
}

function showReading(
  progress: Progress,
  { records, refused, bytesRead, bytesTotal }: ImportProgress,
): void {
  const bad = refused === 0 ? '' : `, ${count(refused)} refused`;
  progress.update(bytesTotal === 0 ? 0 : bytesRead / bytesTotal, `${count(records)} records${bad}`);
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
