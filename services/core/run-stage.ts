// The engine: one loop that reads batches, lets a stage judge them, and commits outputs and offset together.
// A batch is committed whole or delivered again whole; nothing is skipped.
import type { DroppedRecord } from '#schemas/dropped-record.ts';
import type { RejectedRecord } from '#schemas/rejected-record.ts';
import { SignpostError } from './errors.ts';
import { deliverInBulk } from './deliver-in-bulk.ts';
import { createGathering } from './gathering.ts';
import { decoded, isInput, type Unreadable } from './inputs.ts';
import type { Batch, Log, OutgoingRecord } from './log/port.ts';
import type { Logger } from './logger.ts';
import { leftoversRead } from './leftovers.ts';
import { createOutcome, type Outcome } from './outcome.ts';
import {
  createProjectionProgress,
  placeOf,
  type Progress,
  type ProjectionProgress,
} from './projection-progress.ts';
import {
  beginWork,
  emit,
  type Delivery,
  type Input,
  type Projection,
  type Stage,
  type Transform,
  type Verdict,
} from './stage.ts';
import type { StageMetrics } from './telemetry.ts';
import { header, type Topic } from './topic.ts';

export interface Engine {
  readonly log: Log;
  readonly logger: Logger;
  readonly metrics: StageMetrics;
  /** Where dead letters and notes of drops go; see `services/topology.ts`. */
  readonly rejected: Topic<RejectedRecord>;
  readonly dropped: Topic<DroppedRecord>;
  /** Waits, or returns early when the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly maxRecords?: number;
  /** Monotonic, milliseconds. */
  readonly clock?: () => number;
}

const pauseMs = { first: 100, most: 30_000 };
/** Batches of different partitions in work at once: while one commits, the next is decided. */
const lanesOfTransform = 2;
/** A delivery that cannot get through holds up its own partition alone, so lanes must outnumber partitions. */
const lanesOfDelivery = 64;
/** What trying again cannot mend: the log has to be opened again, or restored. */
const fatal: ReadonlySet<string> = new Set(['log-closed', 'log-corrupt']);

/**
 * Runs `stage` until `signal` aborts. Operational errors (a `SignpostError`: disk full, server away) are retried with
 * growing pauses; a log that is closed or damaged is thrown. Anything else is a bug and is thrown with nothing
 * committed, to be replayed at the next start.
 */
export async function runStage<In>(
  stage: Stage<In>,
  engine: Engine,
  signal: AbortSignal,
): Promise<void> {
  const { log, logger, metrics, sleep } = engine;
  const progress =
    stage.kind === 'projection'
      ? createProjectionProgress(stage, groupOf(stage.name), log)
      : undefined;
  const bug = new AbortController();
  const stopped = AbortSignal.any([signal, bug.signal]);
  const process = processorOf(stage, engine, progress, stopped);
  const carried = carriedBy(stage);
  if (carried.length > 0) await leftoversRead(log, carried, sleep, signal);
  const subscription = await log.subscribe({
    group: groupOf(stage.name),
    topics: stage.inputs.map((topic) => topic.name),
    maxRecords: engine.maxRecords ?? 500,
    passOver: { header: header.carried, value: stage.name },
    ...(progress && { startAt: (topic, partition) => progress.acquire({ topic, partition }) }),
  });

  const failures = new Map<string, number>();

  const pauseAfter = async (error: SignpostError, at: string): Promise<void> => {
    const count = failures.get(at) ?? 0;
    failures.set(at, count + 1);
    const wait = Math.min(pauseMs.most, pauseMs.first * 2 ** Math.min(count, 20));
    const { code, message } = error;
    logger.warn(
      { stage: stage.name, partition: at, code, pauseMs: wait },
      `${message}; trying again`,
    );
    await sleep(wait, stopped);
  };

  const next = async (): Promise<Batch | null> => {
    for (;;) {
      try {
        const batch = await subscription.next(stopped);
        failures.delete('');
        return batch;
      } catch (error) {
        if (!(error instanceof SignpostError) || fatal.has(error.code)) throw error;
        metrics.failed(error.code);
        await pauseAfter(error, '');
      }
    }
  };

  const settle = async (batch: Batch): Promise<void> => {
    const at = placeOf(batch);
    try {
      await process(batch);
      failures.delete(at);
    } catch (error) {
      if (!(error instanceof SignpostError)) {
        await batch.release();
        if (stopped.aborted && isAbort(error, stopped)) return;
        throw error;
      }
      metrics.failed(error.code);
      if (fatal.has(error.code)) {
        await batch.release();
        throw error;
      }
      const fenced = error.code === 'fenced';
      // The store may have the rows or not: it is asked again. An answer that was lost must not make a batch count twice.
      progress?.lost(batch);
      // Fenced by the log: whoever owns the partition now has these records too. By a projection's own store: the log
      // may go on handing them out here, at once and for ever. Conflict: the claims are simply read again.
      const atOnce = error.code === 'claim-conflict' || (fenced && progress === undefined);
      if (!atOnce) await pauseAfter(error, at);
      await batch.release();
    }
  };

  const lane = async (): Promise<void> => {
    try {
      for (let batch; (batch = await next()) !== null;) await settle(batch);
    } catch (error) {
      bug.abort();
      throw error;
    }
  };
  /** Takes whatever there is: of each partition the first records alone, which are held while more gather. */
  const takeAll = async (): Promise<void> => {
    const held = new Set<Promise<void>>();
    const failed: { readonly error: unknown }[] = [];
    const take = async (batch: Batch): Promise<void> => {
      try {
        await settle(batch);
      } catch (error) {
        failed.push({ error });
        bug.abort();
      }
    };
    for (let batch; (batch = await next()) !== null;) {
      const taken = take(batch).finally(() => held.delete(taken));
      held.add(taken);
    }
    await Promise.all(held);
    if (failed[0] !== undefined) throw failed[0].error;
  };
  const works =
    stage.kind === 'bulk-delivery'
      ? [takeAll()]
      : Array.from(
          { length: stage.kind === 'delivery' ? lanesOfDelivery : lanesOfTransform },
          lane,
        );
  const ends = await Promise.allSettled(works);
  await subscription.close();
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/** Name of a stage's consumer group. */
export function groupOf(stage: string): string {
  return `signpost.${stage}`;
}

/** Groups that need not read what the stage writes to a topic. */
function carriedBy<In>(stage: Stage<In>): readonly { group: string; topic: string }[] {
  const carries = stage.kind === 'transform' ? (stage.carries ?? []) : [];
  return carries.map(({ stage: name, topic }) => ({ group: groupOf(name), topic }));
}

/** What an effect rejects with that was given the signal and heard it. */
function isAbort(error: unknown, signal: AbortSignal): boolean {
  return error === signal.reason || (error instanceof Error && error.name === 'AbortError');
}

function processorOf<In>(
  stage: Stage<In>,
  engine: Engine,
  progress: ProjectionProgress | undefined,
  signal: AbortSignal,
): (batch: Batch) => Promise<void> {
  switch (stage.kind) {
    case 'transform':
      return (batch) => transform(stage, batch, engine);
    case 'projection':
      return async (batch) => project(stage, batch, await progress!.of(batch), engine);
    case 'delivery':
      return (batch) => deliver(stage, batch, engine, signal);
    case 'bulk-delivery': {
      const { log, sleep, clock = () => performance.now() } = engine;
      const gathering = createGathering({ gather: stage.gather, log, clock, sleep });
      return (batch) => deliverInBulk(stage, batch, gathering, engine, signal);
    }
  }
}

async function transform<In, Loaded>(
  stage: Transform<In, Loaded>,
  batch: Batch,
  engine: Engine,
): Promise<void> {
  const outcome = createOutcome(stage.name, engine, carriedBy(stage));
  const work = beginWork(stage);
  if (stage.load === undefined) {
    // One record at a time from bytes to bytes: what it is in between is gone before the collector looks.
    await outcome.commit(
      batch,
      judged(outcome, decoded(stage, batch), (input) => work.decide(input, undefined as Loaded)),
    );
    work.committed?.();
    return;
  }
  const read = [...decoded(stage, batch)];
  const loaded = await stage.load(read.filter(isInput), batch);
  await outcome.commit(
    batch,
    judged(outcome, read, (input) => work.decide(input, loaded)),
  );
  work.committed?.();
}

/** The records to write for a batch, made as they are asked for. */
function* judged<In>(
  outcome: Outcome,
  read: Iterable<Input<In> | Unreadable>,
  decide: (input: Input<In>) => Verdict,
): Generator<OutgoingRecord> {
  const made: OutgoingRecord[] = [];
  for (const one of read) {
    if (isInput(one)) outcome.settle(decide(one), one.received, one.record, made);
    else outcome.settle(one.verdict, one.received, undefined, made);
    for (const record of made) yield record;
    made.length = 0;
  }
}

async function project<In, Tx>(
  stage: Projection<In, Tx>,
  batch: Batch,
  at: Progress,
  engine: Engine,
): Promise<void> {
  const read = [...decoded(stage, batch)];
  const inputs = read.filter(isInput);
  const { topic, partition, nextOffset } = batch;
  if (nextOffset > at.rowsTo) {
    const fresh = inputs.filter(({ received }) => received.offset >= at.rowsTo);
    const position = { stage: stage.name, topic, partition, epoch: at.epoch, nextOffset };
    await stage.store.commit(position, (tx) =>
      stage.apply(
        fresh.map((input, index) => ({ ...input, index })),
        tx,
      ),
    );
    at.rowsTo = nextOffset;
  }
  // The rows are what counts; the group's offset follows for lag, and carries the dead letters of undecodable records.
  await commitDone(stage, batch, read, engine, at.lettersTo);
  at.lettersTo = Math.max(at.lettersTo, nextOffset);
}

async function deliver<In>(
  stage: Delivery<In>,
  batch: Batch,
  engine: Engine,
  signal: AbortSignal,
): Promise<void> {
  const read = [...decoded(stage, batch)];
  const inputs = read.filter(isInput);
  if (inputs.length > 0) await stage.deliver(inputs, signal);
  await commitDone(stage, batch, read, engine);
}

/**
 * Commits a batch whose effect has been had; what could not be read becomes a dead letter.
 * @param lettersTo records below this offset have their dead letters already
 */
async function commitDone<In>(
  stage: Stage<In>,
  batch: Batch,
  read: readonly (Input<In> | Unreadable)[],
  engine: Engine,
  lettersTo = 0,
): Promise<void> {
  const outcome = createOutcome(stage.name, engine);
  const due = read.filter((one) => isInput(one) || one.received.offset >= lettersTo);
  await outcome.commit(
    batch,
    judged(outcome, due, () => emit([])),
  );
}
