// `signpost import`: takes a file in, lets the pipeline run to the end, and says what became of every record.
import { SignpostError } from '#core/errors.ts';
import { listenForShutdown } from '#core/shutdown.ts';
import { importFile, type ImportProgress } from '../gateway/import.ts';
import { loadMapping, type Mapping } from '../gateway/mapping/mapping.ts';
import { openPipelineAt } from './cluster-pipeline.ts';
import { count } from './count.ts';
import { drain } from './drain.ts';
import { reportImport, type ImportReport } from './import-report.ts';
import type { LogPlace } from './options.ts';
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
  let accepted: number | undefined;
  try {
    const startedAt = performance.now();
    // What a crash left unfinished is finished first, so that the report is of this file alone. On a cluster there is
    // always something under way, and the report tells this file's records by their origin.
    let leftover = 0;
    if (pipeline.standing === undefined)
      await drain(pipeline, shutdown.signal, {
        onLeft(left) {
          leftover = Math.max(leftover, left);
          progress.update(0, `finishing ${count(left)} records of before`);
        },
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
    accepted = state.done;
    let most = 0;
    await drain(pipeline, shutdown.signal, {
      onLeft(left) {
        most = Math.max(most, left);
        progress.update(1 - left / most, `read to the end; ${count(left)} still on their way`);
      },
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
    throw interrupted(accepted, pipeline.standing !== undefined, error);
  } finally {
    progress.end();
    await pipeline.close();
    shutdown.dispose();
  }
}

/** @param accepted records of the file, once all were. */
function interrupted(accepted: number | undefined, isCluster: boolean, cause: unknown): Error {
  if (accepted === undefined)
    return new SignpostError('interrupted', 'Interrupted; what was read so far is kept.', {
      cause,
      hint: 'Run the same command again: it goes on where it stopped.',
    });
  const says = `Interrupted; all ${count(accepted)} records of the file were accepted and are kept.`;
  return new SignpostError('interrupted', says, {
    cause,
    hint: isCluster
      ? 'The services take them from here. Run the same command again for the report.'
      : 'Run the same command again: it brings them through and reports.',
  });
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
