// Membership of a consumer group, seen from the client: batches, their claims and their one commit.
import { SignpostError } from '../../errors.ts';
import type {
  Batch,
  CommitOptions,
  OutgoingRecord,
  ReceivedRecord,
  SubscribeOptions,
  Subscription,
} from '../port.ts';
import type { Caller } from './caller.ts';
import { packClaims, unpackOutcomes } from './claim-message.ts';
import { decodeChunks } from './decode-chunks.ts';
import type { NextAnswer } from './protocol.ts';
import { buffersOfParts } from './record-router.ts';
import type { Encode } from './record-router.ts';

const DEFAULT_MAX_RECORDS = 1_000;
const DEFAULT_MAX_BYTES = 4 * 1024 * 1024;

export async function subscribe(
  caller: Caller,
  encode: Encode,
  options: SubscribeOptions,
): Promise<Subscription> {
  const { group, topics, startAt } = options;
  const { member } = await caller.call('join', {
    group,
    topics,
    maxRecords: options.maxRecords ?? DEFAULT_MAX_RECORDS,
    maxBytes: options.maxBytes ?? DEFAULT_MAX_BYTES,
    choosesStart: startAt !== undefined,
  }).answer;

  async function chooseStarts(answer: NextAnswer & { kind: 'choose-start' }): Promise<void> {
    const starts = await Promise.all(
      answer.partitions.map(async ({ partitionId, epoch, topic, partition }) => {
        const offset = await startAt?.(topic, partition);
        return { partitionId, epoch, ...(offset === undefined ? {} : { offset }) };
      }),
    );
    await caller.call('start', { member, starts }).answer;
  }

  async function ask(signal: AbortSignal): Promise<NextAnswer> {
    const { id, answer } = caller.call('next', { member });
    const cancel = (): void => {
      // The answer to the question itself says how it ended; a closed log refuses both.
      caller.call('cancelNext', { member, next: id }).answer.catch(() => undefined);
    };
    signal.addEventListener('abort', cancel, { once: true });
    try {
      return await answer;
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  }

  return {
    async next(signal) {
      while (!signal.aborted) {
        const answer = await ask(signal);
        if (answer.kind === 'none') return null;
        if (answer.kind === 'choose-start') {
          await chooseStarts(answer);
        } else if (signal.aborted) {
          await release(caller, answer.lease);
        } else {
          return await createBatch(caller, encode, answer);
        }
      }
      return null;
    },
    async close() {
      await caller.call('leave', { member }).answer;
    },
  };
}

/** @throws SignpostError `log-corrupt` when the records cannot be read; the lease is given back. */
async function createBatch(
  caller: Caller,
  encode: Encode,
  { lease, topic, partition, nextOffset, chunks }: NextAnswer & { kind: 'batch' },
): Promise<Batch> {
  let claimed = false;
  let records: ReceivedRecord[];
  try {
    records = decodeChunks(chunks, topic, partition);
  } catch (error) {
    await release(caller, lease);
    throw error;
  }
  return {
    topic,
    partition,
    nextOffset,
    records,
    async claim(claims) {
      if (claimed) throw new Error('A batch claims at most once');
      claimed = true;
      const packed = packClaims(claims);
      const { entityOf } = packed;
      const { answer } = caller.call('claim', { lease, claims: packed }, [packed.payloads.buffer]);
      return unpackOutcomes(claims, entityOf, await answer, topic, partition);
    },
    async commit(
      outputs: Iterable<OutgoingRecord>,
      { carried, nextOffset: goesOnAt }: CommitOptions = {},
    ) {
      const parts = await encode(outputs);
      const ask = { lease, parts, carried, nextOffset: goesOnAt };
      await caller.call('commit', ask, buffersOfParts(parts)).answer;
      // Given back at once: left to the collector, these buffers alone would make it run all the time.
      for (const { bytes } of chunks) (bytes.buffer as ArrayBuffer).transfer(0);
    },
    release: () => release(caller, lease),
  };
}

async function release(caller: Caller, lease: number): Promise<void> {
  try {
    await caller.call('release', { lease }).answer;
  } catch (error) {
    // Somebody else has it already, which is what a release is for.
    if (!(error instanceof SignpostError && error.code === 'fenced')) throw error;
  }
}
