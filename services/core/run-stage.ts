// The engine: one loop that reads batches, lets a stage judge them, and commits outputs and offset together.
// A batch is committed whole or delivered again whole; nothing is skipped.
import type { DroppedRecord } from '#schemas/dropped-record.ts';
import type { RejectedRecord } from '#schemas/rejected-record.ts';
import { SignpostError } from './errors.ts';
import type { Batch, Log, OutgoingRecord } from './log/port.ts';
import type { Logger } from './logger.ts';
import { deadLetter, dropNote } from './outcomes.ts';
import { reject, type Delivery, type Input, type Projection, type Stage, type Transform, type Verdict } from './stage.ts';
import type { StageMetrics } from './telemetry.ts';
import { toOutgoing, type Topic } from './topic.ts';

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
}

const pauseMs = { first: 100, most: 30_000 };
/** Batches of different partitions in work at once: while one commits, the next is decided. */
const lanesOfTransform = 3;
/** A delivery that cannot get through holds up its own partition alone, so lanes must outnumber partitions. */
const lanesOfDelivery = 64;

/**
 * Runs `stage` until `signal` aborts. Operational errors (a `SignpostError`: disk full, server away) are retried with
 * growing pauses; anything else is a bug and is thrown with nothing committed, to be replayed at the next start.
 */
export async function runStage<In>(stage: Stage<In>, engine: Engine, signal: AbortSignal): Promise<void> {
  const { log, logger, metrics, sleep } = engine;
  const process = processorOf(stage, engine, signal);
  const epochs = new Map<string, number>();
  const subscription = await log.subscribe({
    group: groupOf(stage.name),
    topics: stage.inputs.map((topic) => topic.name),
    maxRecords: engine.maxRecords ?? 1000,
    ...(stage.kind === 'projection' ? { startAt: (topic, partition) => acquire(stage, topic, partition, epochs) } : {}),
  });

  const bug = new AbortController();
  const stopped = AbortSignal.any([signal, bug.signal]);
  const failures = new Map<string, number>();

  const settle = async (batch: Batch): Promise<void> => {
    const at = `${batch.topic}/${batch.partition}`;
    try {
      await process(batch, epochs.get(at) ?? 0);
      failures.delete(at);
    } catch (error) {
      if (!(error instanceof SignpostError)) {
        await batch.release();
        throw error;
      }
      metrics.failed(error.code);
      // Fenced: whoever owns the partition now has these records too. Conflict: the claims are simply read again.
      if (error.code !== 'fenced' && error.code !== 'claim-conflict') {
        const count = failures.get(at) ?? 0;
        failures.set(at, count + 1);
        const wait = Math.min(pauseMs.most, pauseMs.first * 2 ** Math.min(count, 20));
        const { code, message } = error;
        logger.warn({ stage: stage.name, partition: at, code, pauseMs: wait }, `${message}; trying again`);
        await sleep(wait, stopped);
      }
      await batch.release();
    }
  };

  const lane = async (): Promise<void> => {
    try {
      for (let batch; (batch = await subscription.next(stopped)) !== null; ) await settle(batch);
    } catch (error) {
      bug.abort();
      throw error;
    }
  };
  const lanes = stage.kind === 'delivery' ? lanesOfDelivery : lanesOfTransform;
  const ends = await Promise.allSettled(Array.from({ length: lanes }, lane));
  await subscription.close();
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/** Name of a stage's consumer group. */
export function groupOf(stage: string): string {
  return `signpost.${stage}`;
}

function processorOf<In>(
  stage: Stage<In>,
  engine: Engine,
  signal: AbortSignal,
): (batch: Batch, epoch: number) => Promise<void> {
  switch (stage.kind) {
    case 'transform':
      return (batch) => transform(stage, batch, engine);
    case 'projection':
      return (batch, epoch) => project(stage, batch, epoch, engine);
    case 'delivery':
      return (batch) => deliver(stage, batch, engine, signal);
  }
}

async function transform<In, Loaded>(stage: Transform<In, Loaded>, batch: Batch, engine: Engine): Promise<void> {
  const { inputs, outputs, verdicts } = decode(stage, batch, engine);
  const loaded = (await stage.load?.(inputs, batch)) as Loaded;
  // A record sent to several topics is encoded once.
  let encoded: unknown;
  let bytes: Uint8Array = new Uint8Array(0);
  for (const input of inputs) {
    const cause = input.received;
    const verdict = stage.decide(input, loaded);
    verdicts.push(verdict);
    if (verdict.kind === 'emit') {
      for (const { topic, record } of verdict.outputs) {
        if (encoded !== record) {
          encoded = record;
          bytes = topic.codec.encode(record as never);
        }
        outputs.push(toOutgoing(topic, record as never, { cause }, bytes));
      }
    } else if (verdict.kind === 'drop') {
      outputs.push(toOutgoing(engine.dropped, dropNote(stage.name, verdict.reason, cause), { cause }));
    } else {
      const letter = deadLetter(stage.name, verdict.reason, verdict.detail, cause);
      outputs.push(toOutgoing(engine.rejected, letter, { cause }));
    }
  }
  await commit(batch, outputs, verdicts, engine.metrics);
}

async function project<In, Tx>(
  stage: Projection<In, Tx>,
  batch: Batch,
  epoch: number,
  engine: Engine,
): Promise<void> {
  const { inputs, outputs, verdicts } = decode(stage, batch, engine);
  const { topic, partition, nextOffset } = batch;
  await stage.store.commit({ stage: stage.name, topic, partition, epoch, nextOffset }, (tx) => stage.apply(inputs, tx));
  // The rows are what counts; the group's offset follows for lag, and carries the dead letters of undecodable records.
  await commit(batch, outputs, verdicts, engine.metrics);
}

async function deliver<In>(stage: Delivery<In>, batch: Batch, engine: Engine, signal: AbortSignal): Promise<void> {
  const { inputs, outputs, verdicts } = decode(stage, batch, engine);
  if (inputs.length > 0) await stage.deliver(inputs, signal);
  await commit(batch, outputs, verdicts, engine.metrics);
}

/** Verdicts are counted once they stand: a batch that comes again is not counted twice. */
async function commit(
  batch: Batch,
  outputs: readonly OutgoingRecord[],
  verdicts: readonly Verdict[],
  metrics: StageMetrics,
): Promise<void> {
  const done = metrics.committing(batch.records.length);
  await batch.commit(outputs);
  done();
  for (const verdict of verdicts) metrics.judged(verdict);
}

interface Decoded<In> {
  readonly inputs: Input<In>[];
  readonly outputs: OutgoingRecord[];
  readonly verdicts: Verdict[];
}

/** Decodes a batch; what cannot be read becomes a dead letter and the rest goes on. Tombstones are passed over. */
function decode<In>(stage: Stage<In>, batch: Batch, engine: Engine): Decoded<In> {
  const topic = stage.inputs.find(({ name }) => name === batch.topic);
  if (topic === undefined) throw new Error(`${stage.name} got a batch of ${batch.topic}, which it does not read`);
  const decoded: Decoded<In> = { inputs: [], outputs: [], verdicts: [] };
  const { inputs, outputs, verdicts } = decoded;
  for (const received of batch.records) {
    if (received.value === null) continue;
    try {
      inputs.push({ record: topic.codec.decode(received.value), received, index: inputs.length });
    } catch (error) {
      if (!(error instanceof SignpostError) || error.code !== 'undecodable') throw error;
      const letter = deadLetter(stage.name, 'undecodable', error.message, received);
      outputs.push(toOutgoing(engine.rejected, letter, { cause: received }));
      verdicts.push(reject('undecodable', error.message));
    }
  }
  return decoded;
}

async function acquire<In, Tx>(
  stage: Projection<In, Tx>,
  topic: string,
  partition: number,
  epochs: Map<string, number>,
): Promise<number | undefined> {
  const { offset, epoch } = await stage.store.acquire(stage.name, topic, partition);
  epochs.set(`${topic}/${partition}`, epoch);
  return offset;
}
