// What a stage reads of a batch: its records, decoded one by one, and which of them are for it.
import { SignpostError } from './errors.ts';
import type { Batch, ReceivedRecord } from './log/port.ts';
import { reject, type Input, type Stage, type Verdict } from './stage.ts';
import { header, type Topic } from './topic.ts';

/** A record that its codec cannot read; the rest of its batch goes on. */
export interface Unreadable {
  readonly verdict: Verdict;
  readonly received: ReceivedRecord;
}

export function isInput<In>(one: Input<In> | Unreadable): one is Input<In> {
  return 'record' in one;
}

/** Decodes a batch record by record. */
export function* decoded<In>(stage: Stage<In>, batch: Batch): Generator<Input<In> | Unreadable> {
  const topic = topicOf(stage, batch);
  let index = 0;
  for (const received of batch.records) {
    if (!isFor(stage.name, received)) continue;
    let one: Input<In> | Unreadable;
    try {
      one = { record: topic.codec.decode(received.value), received, index };
      index += 1;
    } catch (error) {
      if (!(error instanceof SignpostError) || error.code !== 'undecodable') throw error;
      one = { verdict: reject('undecodable', error.message), received };
    }
    yield one;
  }
}

/** The topic of a batch, with its codec. */
export function topicOf<In>(stage: Pick<Stage<In>, 'name' | 'inputs'>, batch: Batch): Topic<In> {
  const topic = stage.inputs.find(({ name }) => name === batch.topic);
  if (topic === undefined)
    throw new Error(`${stage.name} got a batch of ${batch.topic}, which it does not read`);
  return topic;
}

type ValueRecord = ReceivedRecord & { readonly value: Uint8Array };

/** Tombstones, and what the stage has had already in a chain, are passed over. */
export function isFor(stage: string, received: ReceivedRecord): received is ValueRecord {
  return received.value !== null && received.headers[header.carried] !== stage;
}
