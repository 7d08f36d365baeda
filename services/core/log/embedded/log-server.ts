// The one writer of an embedded log: serves clients over MessagePorts, one request at a time, inside the thread that
// owns the file. A reply to a write means it is on disk.
import type { DatabaseSync } from 'node:sqlite';
import type { MessagePort } from 'node:worker_threads';
import { SignpostError } from '../../errors.ts';
import { openClaims } from './claims.ts';
import type { PendingClaims } from './claims.ts';
import { createGroups } from './groups.ts';
import type { Groups, Hold, Lease, Member } from './groups.ts';
import { createLogDirectory, logDirectory, openForWriting } from './log-file.ts';
import { loadPartitionTable } from './partition-table.ts';
import type { PartitionState, PartitionTable } from './partition-table.ts';
import type { Chunk, NextAnswer, Operation, Part, Request, Requests } from './protocol.ts';
import { prepareQueries } from './queries.ts';
import { createRetention } from './retention.ts';
import { describeStorageError, errorToData } from './sqlite-errors.ts';
import { createWriteQueue } from './write-queue.ts';
import type { UndoLog } from './write-queue.ts';
import { lockForWriting } from './writer-lock.ts';

export interface LogServerOptions {
  readonly directory: string;
  /** A group's member that neither asks nor commits for so long loses its partitions. */
  readonly sessionTimeoutMs: number;
  /** How often what is past its retention is deleted. */
  readonly retentionIntervalMs: number;
  readonly claimRetentionMs: number;
  readonly entityRetentionMs: number;
  /** The log refuses to grow beyond, as if the disk were full. */
  readonly maxFileBytes?: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export interface LogServer {
  /** Serves one client, until its port closes. */
  serve(port: MessagePort): void;
  /** Finishes what is queued, folds the write-ahead log into the file and gives up the lock. */
  close(): void;
}

type Handlers = {
  [Op in Operation]: (
    ask: Requests[Op]['ask'],
    client: Client,
    id: number,
  ) => Requests[Op]['answer'] | typeof LATER;
};

interface Client {
  answer(id: number, answer: unknown, transfer?: readonly ArrayBuffer[]): void;
  fail(id: number, error: unknown): void;
}

/** The answer follows once the write is durable or a batch is there. */
const LATER = Symbol('later');

/** Opens the data directory for writing. @throws SignpostError `log-in-use`, `newer-format`, `log-not-writable` … */
export function startLogServer(options: LogServerOptions): LogServer {
  const { directory, now } = options;
  try {
    createLogDirectory(directory);
    const lock = lockForWriting(directory, now());
    try {
      const db = openForWriting(directory, options.maxFileBytes);
      return createServer(db, options, () => {
        db.close();
        lock.release();
      });
    } catch (error) {
      lock.release();
      throw error;
    }
  } catch (error) {
    throw describeStorageError(error, logDirectory(directory));
  }
}

function createServer(
  db: DatabaseSync,
  options: LogServerOptions,
  closeFiles: () => void,
): LogServer {
  const { now, sessionTimeoutMs } = options;
  const where = logDirectory(options.directory);
  const queries = prepareQueries(db);
  const table: PartitionTable = loadPartitionTable(db, queries);
  const groups: Groups<PartitionState> = createGroups({
    now,
    sessionTimeoutMs,
    partitionsOf: (topics) => [...topics].flatMap((topic) => partitionsOf(topic)),
    committedOffset: (group, { id }) => queries.committedOffset(group, id),
  });
  const queue = createWriteQueue(db, serveWaiting);
  const claims = openClaims(db, {
    ...options,
    positionOf({ partitionId, offset }) {
      const state = table.byId(partitionId);
      if (state === undefined) throw new Error(`No partition has the id ${partitionId}`);
      return { topic: state.topic, partition: state.partition, offset };
    },
  });
  const pendingClaims = new WeakMap<Lease<PartitionState>, PendingClaims>();
  const retention = createRetention({
    db,
    queries,
    table,
    queue,
    claims,
    now,
    openPosition: (partition) => groups.openPosition(partition.id),
  });
  const ports = new Set<MessagePort>();
  let compacting = false;

  const insertBatch = db.prepare(
    'INSERT INTO batches (partition_id, base_offset, count, max_timestamp, bytes, payload) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const saveCheckpoint = db.prepare(
    'INSERT INTO checkpoints (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
  );
  const saveOffset = db.prepare(`
    INSERT INTO offsets (group_name, partition_id, next_offset) VALUES (?, ?, ?)
    ON CONFLICT (group_name, partition_id) DO UPDATE SET next_offset = excluded.next_offset`);

  function partitionsOf(topic: string): readonly PartitionState[] {
    const partitions = table.topic(topic);
    if (partitions !== undefined) return partitions;
    throw new SignpostError('unknown-topic', `There is no topic ${topic}`);
  }

  function partitionOf(topic: string, partition: number): PartitionState {
    const found = partitionsOf(topic)[partition];
    if (found !== undefined) return found;
    throw new SignpostError('unknown-topic', `Topic ${topic} has no partition ${partition}`);
  }

  function store(parts: readonly Part[], undo: UndoLog): number[] {
    return parts.map(({ partitionId, count, maxTimestamp, bytes }) => {
      const state = table.byId(partitionId);
      if (state === undefined) throw new Error(`No partition has the id ${partitionId}`);
      const base = state.end;
      insertBatch.run(partitionId, base, count, maxTimestamp, bytes.length, bytes);
      state.end += count;
      state.bytes += bytes.length;
      undo.add(() => {
        state.end -= count;
        state.bytes -= bytes.length;
      });
      return base;
    });
  }

  function memberOf(id: number): Member {
    const member = groups.member(id);
    if (member === undefined) throw new SignpostError('fenced', 'This subscription was closed');
    return member;
  }

  function offer(member: Member, client: Client): boolean {
    const pick = groups.pick(member);
    if (pick.kind === 'nothing') return false;
    const id = member.waiting.shift() as number;
    groups.seen(member);
    try {
      const answer = pick.kind === 'ready' ? deliver(pick, member) : chooseStart(pick.holds);
      client.answer(id, answer, answer.kind === 'batch' ? buffersOf(answer.chunks) : []);
    } catch (error) {
      client.fail(id, error);
    }
    return true;
  }

  function deliver(
    { hold, position }: { hold: Hold<PartitionState>; position: number },
    { maxRecords, maxBytes }: Member,
  ): NextAnswer & { kind: 'batch' } {
    const { id, topic, partition } = hold.partition;
    const { chunks, nextOffset } = queries.chunks(id, position, { maxRecords, maxBytes });
    const lease = groups.begin(hold, nextOffset);
    return { kind: 'batch', lease: lease.id, topic, partition, nextOffset, chunks };
  }

  function compactClaims(): void {
    if (compacting) return;
    compacting = true;
    let written: { done(): void } | undefined;
    queue.add({
      bytes: 0,
      apply: () => void (written = claims.compact()),
      done() {
        compacting = false;
        written?.done();
      },
      // What is in memory is in the journal too: the next commit tries again.
      failed: () => void (compacting = false),
    });
  }

  function serveWaiting(): void {
    for (const member of groups.waiting()) {
      while (member.waiting.length > 0 && offer(member, member.client as Client));
    }
  }

  const handlers: Handlers = {
    layout({ topic }) {
      const partitions = table.topic(topic);
      return partitions === undefined
        ? null
        : { name: topic, partitionIds: partitions.map(({ id }) => id) };
    },
    topics: () => table.status(),
    committed: () => queries.committed(),
    checkpoint: ({ key }) => queries.checkpoint(key),
    ensureTopics({ specs }) {
      table.ensure(specs);
      return null;
    },
    read({ topic, partition, offset, limits }) {
      const { id, start, end } = partitionOf(topic, partition);
      const from = Math.max(offset, start);
      if (from >= end) return { chunks: [], nextOffset: from, endOffset: end };
      return { ...queries.chunks(id, from, limits), endOffset: end };
    },
    append({ parts, checkpoints }, client, id) {
      let baseOffsets: number[] = [];
      queue.add({
        bytes: sizeOf(parts),
        apply(undo) {
          baseOffsets = store(parts, undo);
          for (const [key, value] of Object.entries(checkpoints ?? {})) {
            saveCheckpoint.run(key, value);
          }
        },
        done: () => client.answer(id, { baseOffsets }),
        failed: (error) => client.fail(id, error),
      });
      return LATER;
    },
    join({ group, topics, maxRecords, maxBytes, choosesStart }, client) {
      for (const topic of topics) partitionsOf(topic);
      const member = groups.join(
        { group, topics: new Set(topics), maxRecords, maxBytes, choosesStart },
        client,
      );
      return { member: member.id };
    },
    next({ member: memberId }, client, id) {
      const member = groups.member(memberId);
      if (member === undefined) return { kind: 'none' };
      groups.seen(member);
      member.waiting.push(id);
      offer(member, client);
      return LATER;
    },
    cancelNext({ member: memberId, next }, client) {
      const member = groups.member(memberId);
      const at = member?.waiting.indexOf(next) ?? -1;
      if (at >= 0) {
        member?.waiting.splice(at, 1);
        client.answer(next, { kind: 'none' });
      }
      return null;
    },
    start({ member: memberId, starts }) {
      const member = memberOf(memberId);
      groups.seen(member);
      for (const { partitionId, epoch, offset } of starts) {
        const hold = groups.holds(member).find(({ partition }) => partition.id === partitionId);
        if (hold === undefined || hold.epoch !== epoch) continue;
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
      return null;
    },
    claim({ lease: leaseId, claims: asked }) {
      const lease = groups.lease(leaseId);
      groups.seen(lease.hold.member);
      const { outcomes, pending } = claims.look(asked, lease.hold.partition.id);
      pendingClaims.set(lease, pending);
      return outcomes;
    },
    commit({ lease: leaseId, parts }, client, id) {
      let lease: Lease<PartitionState> | undefined;
      queue.add({
        bytes: sizeOf(parts),
        apply(undo) {
          const current = groups.lease(leaseId);
          const { hold, to } = current;
          groups.seen(hold.member);
          store(parts, undo);
          saveOffset.run(hold.member.group, hold.partition.id, to);
          const pending = pendingClaims.get(current);
          if (pending !== undefined) claims.write(pending, undo);
          current.committing = true;
          undo.add(() => (current.committing = false));
          lease = current;
        },
        done() {
          if (lease !== undefined) groups.settle(lease, true);
          client.answer(id, null);
          if (claims.isFull()) compactClaims();
        },
        failed: (error) => client.fail(id, error),
      });
      return LATER;
    },
    release({ lease: leaseId }) {
      const lease = groups.lease(leaseId);
      groups.seen(lease.hold.member);
      groups.settle(lease, false);
      serveWaiting();
      return null;
    },
    leave({ member: memberId }, client) {
      const member = groups.member(memberId);
      if (member === undefined) return null;
      groups.leave(member);
      for (const waiting of member.waiting.splice(0)) client.answer(waiting, { kind: 'none' });
      serveWaiting();
      return null;
    },
  };

  function handle(request: Request, client: Client): void {
    const { id, op, ask } = request;
    try {
      const handler = handlers[op] as (ask: unknown, client: Client, id: number) => unknown;
      const answer = handler(ask, client, id);
      if (answer === LATER) return;
      client.answer(id, answer, op === 'read' ? buffersOf((answer as ReadAnswer).chunks) : []);
    } catch (error) {
      client.fail(id, error);
    }
  }

  const watch = setInterval(
    () => {
      groups.expire();
      serveWaiting();
    },
    Math.max(10, sessionTimeoutMs / 4),
  );
  watch.unref();
  const forget = setInterval(() => {
    if (claims.isFull()) compactClaims();
    retention.run();
  }, options.retentionIntervalMs);
  forget.unref();

  return {
    serve(port) {
      const client: Client = {
        answer: (id, answer, transfer = []) => port.postMessage({ id, answer }, [...transfer]),
        fail: (id, error) =>
          port.postMessage({ id, error: errorToData(describeStorageError(error, where)) }),
      };
      ports.add(port);
      port.on('message', (request: Request) => handle(request, client));
      port.on('close', () => {
        ports.delete(port);
        for (const member of groups.membersOf(client)) groups.leave(member);
        serveWaiting();
      });
    },
    close() {
      clearInterval(watch);
      clearInterval(forget);
      queue.flush();
      for (const port of ports) port.close();
      closeFiles();
    },
  };
}

type ReadAnswer = Requests['read']['answer'];

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

function sizeOf(parts: readonly Part[]): number {
  return parts.reduce((sum, { bytes }) => sum + bytes.length, 0);
}

function buffersOf(chunks: readonly Chunk[]): ArrayBuffer[] {
  return chunks.map(({ bytes }) => bytes.buffer as ArrayBuffer);
}
