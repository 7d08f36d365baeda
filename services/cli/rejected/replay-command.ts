// `signpost rejected replay`: puts dead letters back, lets the pipeline run to the end, and says what became of them.
import type { RejectedRecord } from '#schemas/rejected-record.ts';
import { SignpostError } from '#core/errors.ts';
import type { LogReader } from '#core/log/port.ts';
import { listenForShutdown } from '#core/shutdown.ts';
import { header } from '#core/topic.ts';
import { endsOf } from '../../gateway/import.ts';
import { loadMapping, type Mapping } from '../../gateway/mapping/mapping.ts';
import { retryLine } from '../../gateway/refused-line.ts';
import { insightsShared, recordsDropped, recordsRejected } from '../../topology.ts';
import type { ReplayOptions } from '../commands/rejected.ts';
import { openPipelineAt, type AnyPipeline } from '../cluster-pipeline.ts';
import { drain } from '../drain.ts';
import { withReader } from '../open-reader.ts';
import type { LogPlace } from '../options.ts';
import { createOutput, type Output } from '../output.ts';
import { oneLine } from '../safe-text.ts';
import { readRange } from '../read-range.ts';
import { filterLetters, lettersById } from './letters.ts';
import { applyReplay, planReplay, type Replayed, type RetryLine, type Step } from './replay.ts';

/** What became of one dead letter. */
export interface ReplayEnd {
  readonly id: string;
  /** `insight`, `dropped`, `rejected` (again), `skipped`; `replay` in a dry run; `in-flight` when it was interrupted. */
  readonly became: 'insight' | 'dropped' | 'rejected' | 'skipped' | 'replay' | 'in-flight';
  readonly reason?: string;
  readonly detail?: string;
}

export async function replayCommand(
  ids: readonly string[],
  place: LogPlace,
  options: ReplayOptions,
): Promise<void> {
  const { source, reason, stage } = options;
  const isFiltered = source !== undefined || reason !== undefined || stage !== undefined;
  if (Number(ids.length > 0) + Number(options.all === true || isFiltered) !== 1) {
    throw new SignpostError(
      'nothing-chosen',
      'Say which dead letters: their ids, or --all, --reason, --source or --stage',
      {
        hint: 'With --dry-run it only says what it would do.',
      },
    );
  }
  const choose = (log: LogReader): AsyncIterable<RejectedRecord> =>
    ids.length > 0 ? lettersById(log, ids) : filterLetters(log, options);
  const output = createOutput();
  const ends = options.dryRun
    ? await dryRun(choose, place, options, ids.length > 0)
    : await run(choose, place, options, ids.length > 0);
  if (options.json)
    await output.json({ dryRun: options.dryRun === true, ...countsOf(ends), letters: ends });
  else await print(ends, output);
}

async function dryRun(
  choose: (log: LogReader) => AsyncIterable<RejectedRecord>,
  place: LogPlace,
  options: ReplayOptions,
  isByIds: boolean,
): Promise<ReplayEnd[]> {
  return withReader(place, async (log) => {
    const ends: ReplayEnd[] = [];
    for await (const step of planReplay(choose(log), await planningOf(log, options, isByIds))) {
      ends.push(
        step.does === 'skip'
          ? skipped(step)
          : { id: step.letter.id, became: 'replay', detail: `to ${step.record.topic}` },
      );
    }
    return ends;
  });
}

async function run(
  choose: (log: LogReader) => AsyncIterable<RejectedRecord>,
  place: LogPlace,
  options: ReplayOptions,
  isByIds: boolean,
): Promise<ReplayEnd[]> {
  // Where there is no log there are no dead letters: none is to be made.
  await withReader(place, async () => {});
  const shutdown = listenForShutdown();
  const pipeline = await openPipelineAt(place);
  try {
    // What others left unfinished is finished first: its outcomes are not this replay's. On a cluster others go on.
    if (pipeline.standing === undefined) await drain(pipeline, shutdown.signal);
    const { log } = pipeline;
    const began = await endsOf(log);
    const ends: ReplayEnd[] = [];
    const steps = planReplay(choose(log), await planningOf(log, options, isByIds));
    const replayed = await applyReplay(log, steps, Date.now, (step) => ends.push(skipped(step)));
    await drainUnlessStopped(pipeline, shutdown.signal);
    return [...ends, ...(await outcomesOf(log, replayed, began))];
  } finally {
    await pipeline.close();
    shutdown.dispose();
  }
}

/** After Ctrl-C what was put back stays put back: it is reported as in flight, and the next `up` processes it. */
async function drainUnlessStopped(pipeline: AnyPipeline, signal: AbortSignal): Promise<void> {
  try {
    await drain(pipeline, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

async function planningOf(log: LogReader, options: ReplayOptions, isByIds: boolean) {
  const topics = new Set((await log.topics()).map(({ name }) => name));
  return {
    log,
    topics,
    retryLine: createRetry(options.mapping),
    now: Date.now,
    again: options.again === true || isByIds,
  };
}

function createRetry(named: string | undefined): RetryLine {
  const loaded = new Map<string, Promise<Mapping>>();
  return async (letter) => {
    const name = named ?? letter.mapping;
    if (name === null)
      return { ok: false, detail: 'has no mapping recorded: name one with --mapping' };
    let mapping = loaded.get(name);
    if (mapping === undefined) loaded.set(name, (mapping = loadMapping(name)));
    const retried = retryLine(letter, await mapping, Date.now);
    if (retried.ok) return retried;
    const { reason, field, detail } = retried;
    return { ok: false, detail: `${reason}: ${field ? `${field} ` : ''}${detail}` };
  };
}

/** Looks for the outcomes of what was put back among all that was written since `began`. */
async function outcomesOf(
  log: LogReader,
  replayed: Replayed,
  began: Readonly<Record<string, number>>,
): Promise<ReplayEnd[]> {
  const ends = new Map<string, ReplayEnd>();
  const look = async (
    topic: string,
    became: ReplayEnd['became'],
    reasonOf: (value: Uint8Array) => Partial<ReplayEnd>,
  ) => {
    for (const { partition, end } of (await log.topics()).find(({ name }) => name === topic)
      ?.partitions ?? []) {
      const start = began[`${topic}/${partition}`] ?? 0;
      for await (const records of readRange(log, topic, partition, start, end)) {
        for (const { headers, value } of records) {
          const letter = replayed.get(headers[header.origin] ?? '');
          if (letter !== undefined && value !== null)
            ends.set(letter.id, { id: letter.id, became, ...reasonOf(value) });
        }
      }
    }
  };
  await look(insightsShared.name, 'insight', () => ({}));
  await look(recordsDropped.name, 'dropped', (value) => ({
    reason: recordsDropped.codec.decode(value).reason,
  }));
  await look(recordsRejected.name, 'rejected', (value) => {
    const { reason, detail } = recordsRejected.codec.decode(value);
    return { reason, detail };
  });
  return [...replayed.values()].map(({ id }) => ends.get(id) ?? { id, became: 'in-flight' });
}

function skipped({ letter, why, detail }: Extract<Step, { does: 'skip' }>): ReplayEnd {
  return { id: letter.id, became: 'skipped', reason: why, detail };
}

function countsOf(ends: readonly ReplayEnd[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { became } of ends) counts[became] = (counts[became] ?? 0) + 1;
  return counts;
}

async function print(ends: readonly ReplayEnd[], output: Output): Promise<void> {
  const says = {
    insight: 'became an insight',
    dropped: 'dropped',
    rejected: 'rejected again',
    skipped: 'skipped',
    replay: 'would be replayed',
    'in-flight': 'put back, not processed yet',
  };
  for (const { id, became, reason, detail } of ends) {
    const why = [reason, detail].filter((part) => part !== undefined).map(oneLine);
    await output.line(
      `${oneLine(id)}  ${says[became]}${why.length === 0 ? '' : ` (${why.join('; ')})`}`,
    );
  }
  const counts = Object.entries(countsOf(ends)).map(
    ([became, count]) => `${count} ${says[became as ReplayEnd['became']]}`,
  );
  await output.line(counts.length === 0 ? 'No dead letters to replay.' : counts.join(', '));
}
