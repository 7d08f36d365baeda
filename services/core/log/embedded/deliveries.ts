// Batches on their way to the members of groups: who waits, who gets what, and where members start to read.
import { SignpostError } from '../../errors.ts';
import type { Groups, Hold, Member } from './groups.ts';
import type { PartitionState } from './partition-table.ts';
import type { Chunk, NextAnswer, Requests } from './protocol.ts';
import type { Queries } from './queries.ts';

/** Where answers go; the member's `client` is one. */
export interface AnswerTo {
  answer(id: number, answer: unknown, transfer?: readonly ArrayBuffer[]): void;
  fail(id: number, error: unknown): void;
}

export interface Deliveries {
  /** Answers now or when there is something to read. */
  ask(memberId: number, id: number, client: AnswerTo): void;
  cancel(memberId: number, id: number): void;
  /** Where the member wants partitions just assigned to start. @throws SignpostError `offset-out-of-range`. */
  start(ask: Requests['start']['ask']): void;
  leave(memberId: number): void;
  /** Gives batches to whoever waits and can have one now. */
  serveWaiting(): void;
}

export function createDeliveries(groups: Groups<PartitionState>, queries: Queries): Deliveries {
  const none: NextAnswer = { kind: 'none' };

  function deliver(hold: Hold<PartitionState>, position: number): NextAnswer & { kind: 'batch' } {
    const { id, topic, partition } = hold.partition;
    const { chunks, nextOffset } = queries.chunks(id, position, hold.member);
    const lease = groups.begin(hold, nextOffset);
    return { kind: 'batch', lease: lease.id, topic, partition, nextOffset, chunks };
  }

  /** Whether the member's oldest question could be answered. */
  function offer(member: Member): boolean {
    const pick = groups.pick(member);
    if (pick.kind === 'nothing') return false;
    const client = member.client as AnswerTo;
    const id = member.waiting.shift() as number;
    member.lastSeen = groups.now();
    try {
      if (pick.kind === 'ready') {
        const answer = deliver(pick.hold, pick.position);
        client.answer(id, answer, buffersOfChunks(answer.chunks));
      } else {
        client.answer(id, chooseStart(pick.holds));
      }
    } catch (error) {
      client.fail(id, error);
    }
    return true;
  }

  function serveWaiting(): void {
    for (const member of groups.waiting()) {
      while (member.waiting.length > 0 && offer(member));
    }
  }

  return {
    serveWaiting,
    ask(memberId, id, client) {
      const member = groups.member(memberId);
      if (member === undefined) {
        client.answer(id, none);
        return;
      }
      groups.seen(member);
      member.waiting.push(id);
      serveWaiting();
    },
    cancel(memberId, id) {
      const member = groups.member(memberId);
      const at = member?.waiting.indexOf(id) ?? -1;
      if (member === undefined || at < 0) return;
      member.waiting.splice(at, 1);
      (member.client as AnswerTo).answer(id, none);
    },
    start({ member: memberId, starts }) {
      const member = groups.member(memberId);
      if (member === undefined) return;
      groups.seen(member);
      for (const { partitionId, epoch, offset } of starts) {
        const hold = groups.holds(member).find(({ partition }) => partition.id === partitionId);
        // Two questions of one member may both have been asked where to start: the first answer holds.
        if (hold === undefined || hold.epoch !== epoch || hold.position !== undefined) continue;
        const { topic, partition, start, end } = hold.partition;
        if (offset !== undefined && offset > end) {
          throw new SignpostError(
            'offset-out-of-range',
            `Group ${member.group} wants to start ${topic}, partition ${partition}, at ${offset}, but it ends at ${end}`,
            { hint: 'The log is older than what was derived from it; was one restored alone?' },
          );
        }
        hold.position = offset ?? queries.committedOffset(member.group, partitionId) ?? start;
      }
    },
    leave(memberId) {
      const member = groups.member(memberId);
      if (member === undefined) return;
      groups.leave(member);
      for (const id of member.waiting.splice(0)) (member.client as AnswerTo).answer(id, none);
      serveWaiting();
    },
  };
}

/** The chunks' buffers, to be transferred. */
export function buffersOfChunks(chunks: readonly Chunk[]): ArrayBuffer[] {
  return chunks.map(({ bytes }) => bytes.buffer as ArrayBuffer);
}

function chooseStart(holds: readonly Hold<PartitionState>[]): NextAnswer {
  return {
    kind: 'choose-start',
    partitions: holds.map(({ epoch, partition: { id, topic, partition } }) => ({
      partitionId: id,
      epoch,
      topic,
      partition,
    })),
  };
}
