// One stretch of a delivery in bulk, from its first records to the commit behind its last one.
import { SignpostError } from './errors.ts';
import type { Gathering } from './gathering.ts';
import { isFor, topicOf } from './inputs.ts';
import type { Batch, Log, OutgoingRecord } from './log/port.ts';
import { createOutcome, type OutcomeParts } from './outcome.ts';
import { reject, type BulkDelivery } from './stage.ts';
import { stretchOf } from './stretch.ts';

type BulkEngine = OutcomeParts & { readonly log: Log };

/**
 * Holds the batch until it is due, has it delivered with what follows, and commits as far as that went. Released where
 * `signal` aborts before it is due.
 */
export async function deliverInBulk<In>(
  stage: BulkDelivery<In>,
  batch: Batch,
  gathering: Gathering,
  engine: BulkEngine,
  signal: AbortSignal,
): Promise<void> {
  const topic = topicOf(stage, batch);
  const first = batch.records.find((received) => isFor(stage.name, received));
  if (first === undefined) return batch.commit([]);
  stage.waits?.(topic, batch.partition, first.timestamp);
  const endTurn = await gathering.due(batch, signal);
  if (endTurn === undefined) return batch.release();
  try {
    const stretch = stretchOf(topic, batch, engine.log, (received) => isFor(stage.name, received));
    const { nextOffset, records, unreadable } = await stage.deliver(stretch, signal);
    const outcome = createOutcome(stage.name, engine);
    const letters: OutgoingRecord[] = [];
    for (const { received, detail } of unreadable)
      outcome.settle(reject('undecodable', detail), received, undefined, letters);
    outcome.had(records - unreadable.length);
    await outcome.commit(batch, letters, nextOffset);
  } catch (error) {
    // Whoever has the partition now tells of it.
    if (error instanceof SignpostError && error.code === 'fenced')
      stage.waits?.(topic, batch.partition, null);
    throw error;
  } finally {
    endTurn();
  }
  gathering.done(batch);
  stage.waits?.(topic, batch.partition, null);
}
