// Transactions under one transactional id, one after the other: all batches and the input's offset, or nothing.
// Whoever begins with an id fences whoever wrote under it before, and what that one left open is finished first.
import { SignpostError } from '../../errors.ts';
import { isFencing, toSignpostError } from './kafka-error.ts';
import type { InTransaction, ProducerIdentity } from './kafkajs-internals.ts';
import { persist, type PersistParts } from './persist.ts';
import { stampBatch, type ClosedBatch } from './record-batch.ts';
import { addPartitions, produce, type Produced } from './requests.ts';

export interface InputOffset {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  /** Of the next record to read. */
  readonly offset: number;
}

export interface Transactor {
  /** Fences whoever has the id, and waits until what they left open is committed or aborted. */
  begin(): Promise<void>;
  /**
   * False before the first `begin`, and after a run that failed or in which an answer was lost: what was asked then may
   * still be on its way, and would end or change the next transaction. Only beginning anew shuts it out; whoever does
   * so must first see where the group stands, since somebody else may have had the id.
   */
  readonly isReady: () => boolean;
  /**
   * Writes all rounds of batches (at most one batch of a partition in each) and the offset atomically.
   * @throws SignpostError `fenced`: somebody else began, or it is not ready, and nothing was written by this run;
   *   `log-unavailable`: nothing was written, or, when it says so, nobody knows; `record-too-large`, `log-refused`:
   *   nothing was written.
   */
  run(
    rounds: readonly (readonly ClosedBatch[])[],
    input: InputOffset | undefined,
  ): Promise<readonly Produced[]>;
}

export interface TransactorOptions extends PersistParts {
  readonly transactionalId: string;
  /** After so long the broker aborts what is left open. */
  readonly transactionTimeoutMs: number;
  readonly requestTimeoutMs: number;
  /** One `run` or `begin` takes no longer than this, about. */
  readonly deadlineMs: number;
}

/** An abort that does not come through is left to the broker, which aborts what is left open. */
const ABORT_MS = 500;

type Sender = ProducerIdentity & { readonly id: bigint };

export function createTransactor(options: TransactorOptions): Transactor {
  const { brokers, transactionalId, transactionTimeoutMs, deadlineMs, now } = options;
  let identity: Sender | undefined;
  let lost = false;
  const parts: PersistParts = { ...options, onLost: () => (lost = true) };
  /** Next sequence number of each partition: the broker drops what it has seen, and refuses gaps. */
  let sequences = new Map<string, number>();

  const coordinator = () => brokers.coordinatorOf('transaction', transactionalId);

  async function begin(until: number): Promise<void> {
    identity = undefined;
    const { producerId, producerEpoch } = await persist(parts, until, async () =>
      (await coordinator()).initProducerId({
        transactionalId,
        transactionTimeout: transactionTimeoutMs,
      }),
    );
    identity = { producerId, producerEpoch, id: BigInt(producerId.toString()) };
    sequences = new Map();
    lost = false;
  }

  async function add(
    transaction: InTransaction,
    batches: readonly ClosedBatch[],
    input: InputOffset | undefined,
    until: number,
  ): Promise<void> {
    const byTopic = Map.groupBy(batches, ({ topic }) => topic);
    const topics = [...byTopic].map(([topic, each]) => ({
      topic,
      partitions: [...new Set(each.map(({ partition }) => partition))],
    }));
    await persist(parts, until, async () => {
      const broker = await coordinator();
      // One connection answers in order, so both may be asked at once.
      const asked = [
        ...(topics.length > 0 ? [addPartitions(broker, transaction, topics)] : []),
        ...(input ? [broker.addOffsetsToTxn({ ...transaction, groupId: input.group })] : []),
      ];
      await allOf(asked);
    });
  }

  async function send(
    batches: readonly ClosedBatch[],
    { id, producerEpoch }: Sender,
    until: number,
  ): Promise<readonly Produced[]> {
    for (const batch of batches) {
      const key = `${batch.topic}/${batch.partition}`;
      const sequence = sequences.get(key) ?? 0;
      stampBatch(batch, id, producerEpoch, sequence);
      // Counts on from 0 beyond the largest 32-bit number.
      sequences.set(key, (sequence + batch.count) % 2 ** 31);
    }
    const leaders = async (): Promise<Map<number, ClosedBatch[]>> => {
      const grouped = new Map<number, ClosedBatch[]>();
      for (const batch of batches) {
        const { nodeId } = await brokers.leaderOf(batch.topic, batch.partition);
        const each = grouped.get(nodeId ?? -1);
        if (each === undefined) grouped.set(nodeId ?? -1, [batch]);
        else each.push(batch);
      }
      return grouped;
    };
    // Sent again with the same numbers, a batch that did arrive is recognised and not written twice.
    return persist(parts, until, async () => {
      const asked = [...(await leaders()).values()].map(async (each) => {
        const { topic, partition } = each[0]!;
        const leader = await brokers.leaderOf(topic, partition);
        return produce(leader, transactionalId, each, options.requestTimeoutMs);
      });
      return (await allOf(asked)).flat();
    });
  }

  async function sendOffset(
    transaction: InTransaction,
    { group, topic, partition, offset }: InputOffset,
    until: number,
  ): Promise<void> {
    await persist(parts, until, async () =>
      (await brokers.coordinatorOf('group', group)).txnOffsetCommit({
        ...transaction,
        groupId: group,
        topics: [{ topic, partitions: [{ partition, offset: String(offset), metadata: null }] }],
      }),
    );
  }

  async function end(transaction: InTransaction, commit: boolean, until: number): Promise<void> {
    await persist(parts, until, async () =>
      (await coordinator()).endTxn({ ...transaction, transactionResult: commit }),
    );
  }

  return {
    async begin() {
      try {
        await begin(now() + deadlineMs);
      } catch (error) {
        throw toSignpostError(error, `Beginning as ${transactionalId}`, { transactionalId });
      }
    },
    isReady: () => identity !== undefined && !lost,
    async run(rounds, input) {
      const sender = identity;
      if (sender === undefined || lost) {
        throw new SignpostError('fenced', `${transactionalId} has to begin anew first`);
      }
      const until = now() + deadlineMs;
      const produced: Produced[] = [];
      let committing = false;
      try {
        const transaction = { ...sender, transactionalId };
        await add(transaction, rounds.flat(), input, until);
        const allSent = (async () => {
          for (const round of rounds) produced.push(...(await send(round, sender, until)));
        })();
        await allOf(input ? [allSent, sendOffset(transaction, input, until)] : [allSent]);
        committing = true;
        await end(transaction, true, until);
        return produced;
      } catch (error) {
        // Whatever went wrong, numbers and state may be out of step with the broker's.
        if (identity === sender) identity = undefined;
        const doing = committing
          ? `Committing as ${transactionalId} (nobody knows whether it was done)`
          : `Writing as ${transactionalId}`;
        if (!committing && !isFencing(error)) {
          try {
            await end({ ...sender, transactionalId }, false, now() + ABORT_MS);
          } catch (abortError) {
            // Else beginning anew aborts it, or the broker when its time is up.
            if (isFencing(abortError)) throw toSignpostError(abortError, doing);
          }
        }
        throw toSignpostError(error, doing, {
          operation: 'Write',
          transactionalId,
          ...(input && { group: input.group }),
        });
      }
    },
  };
}

/** Waits for all, so that nothing of a failed try is still on its way when it is tried again. */
async function allOf<T>(asked: readonly Promise<T>[]): Promise<T[]> {
  const ends = await Promise.allSettled(asked);
  const failed = ends.find((each) => each.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return ends.map((each) => (each as PromiseFulfilledResult<T>).value);
}
