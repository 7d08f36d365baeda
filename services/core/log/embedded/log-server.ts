// The one writer of an embedded log: serves clients over MessagePorts inside the thread that owns the file. A reply to
// a write means it is on disk.
import type { DatabaseSync } from 'node:sqlite';
import type { MessagePort } from 'node:worker_threads';
import { SignpostError } from '../../errors.ts';
import { cut, openClaims } from './claims.ts';
import type { PendingClaims } from './claims.ts';
import { buffersOfChunks, createDeliveries } from './deliveries.ts';
import type { AnswerTo } from './deliveries.ts';
import { createGroups } from './groups.ts';
import type { Lease } from './groups.ts';
import { createLogDirectory, logDirectory, openForWriting } from './log-file.ts';
import { loadPartitionTable } from './partition-table.ts';
import type { PartitionState } from './partition-table.ts';
import type { Operation, Part, Request, Requests } from './protocol.ts';
import { prepareQueries } from './queries.ts';
import { createRetention } from './retention.ts';
import { describeStorageError, errorToData } from './sqlite-errors.ts';
import { createWriteQueue } from './write-queue.ts';
import { lockForWriting } from './writer-lock.ts';
import { prepareWrites } from './writes.ts';

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

/** The answer follows once the write is durable or a batch is there. */
const LATER = Symbol('later');

type Handlers = {
  [Op in Operation]: (
    ask: Requests[Op]['ask'],
    client: AnswerTo,
    id: number,
  ) => Requests[Op]['answer'] | typeof LATER;
};

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
  const table = loadPartitionTable(db, queries);
  const groups = createGroups<PartitionState>({
    now,
    sessionTimeoutMs,
    partitionsOf: (topics) => [...topics].flatMap((topic) => table.require(topic)),
    committedOffset: (group, { id }) => queries.committedOffset(group, id),
  });
  const deliveries = createDeliveries(groups, queries);
  const queue = createWriteQueue(db, () => deliveries.serveWaiting());
  const claims = openClaims(db, { ...options, positionOf: (owner) => table.positionOf(owner) });
  const pendingClaims = new WeakMap<Lease<PartitionState>, PendingClaims>();
  const writes = prepareWrites(db, table, groups, claims, pendingClaims);
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

  function compactClaims(): void {
    if (compacting || !claims.isFull()) return;
    compacting = true;
    queue.add({
      bytes: 0,
      apply: (undo) => claims.compact(undo),
      done: () => void (compacting = false),
      // What is in memory is in the journal too: the next commit tries again.
      failed: () => void (compacting = false),
    });
  }

  const handlers: Handlers = {
    layout({ topic }) {
      const partitions = table.topic(topic);
      if (partitions === undefined) return null;
      return { name: topic, partitionIds: partitions.map(({ id }) => id) };
    },
    topics: () => table.status(),
    committed: () => queries.committed(),
    checkpoint: ({ key }) => queries.checkpoint(key),
    ensureTopics({ specs }) {
      table.ensure(specs);
      return null;
    },
    read({ topic, partition, offset, limits }) {
      const found = table.require(topic)[partition];
      if (found === undefined) {
        throw new SignpostError('unknown-topic', `Topic ${topic} has no partition ${partition}`);
      }
      const { id, start, end } = found;
      const from = Math.max(offset, start);
      if (from >= end) return { chunks: [], nextOffset: from, endOffset: end };
      return { ...queries.chunks(id, from, limits), endOffset: end };
    },
    append({ parts, checkpoints = {} }, client, id) {
      let baseOffsets: readonly number[] = [];
      queue.add({
        bytes: sizeOf(parts),
        apply(undo) {
          baseOffsets = writes.append(parts, checkpoints, undo);
          release(parts);
        },
        done: () => client.answer(id, { baseOffsets }),
        failed: (error) => client.fail(id, error),
      });
      return LATER;
    },
    join({ group, topics, maxRecords, maxBytes, choosesStart }, client) {
      for (const topic of topics) table.require(topic);
      const asked = { group, topics: new Set(topics), maxRecords, maxBytes, choosesStart };
      return { member: groups.join(asked, client).id };
    },
    next({ member }, client, id) {
      deliveries.ask(member, id, client);
      return LATER;
    },
    cancelNext({ member, next }) {
      deliveries.cancel(member, next);
      return null;
    },
    start(ask) {
      deliveries.start(ask);
      return null;
    },
    claim({ lease: leaseId, claims: asked }) {
      const lease = groups.lease(leaseId);
      groups.seen(lease.hold.member);
      const { outcomes, pending } = claims.look(asked, lease.hold.partition.id);
      pendingClaims.set(lease, pending);
      return outcomes;
    },
    commit({ lease: leaseId, parts, carried = [], nextOffset }, client, id) {
      // Before the transaction: partitions given anew must not start from offsets that may yet be rolled back.
      groups.seen(groups.lease(leaseId).hold.member);
      let lease: Lease<PartitionState> | undefined;
      queue.add({
        bytes: sizeOf(parts),
        apply(undo) {
          lease = writes.commit(leaseId, parts, { carried, nextOffset }, undo);
          release(parts);
        },
        done() {
          if (lease !== undefined) groups.settle(lease, true);
          client.answer(id, null);
          compactClaims();
        },
        failed: (error) => client.fail(id, error),
      });
      return LATER;
    },
    release({ lease: leaseId }) {
      const lease = groups.lease(leaseId);
      groups.seen(lease.hold.member);
      groups.settle(lease, false);
      deliveries.serveWaiting();
      return null;
    },
    entityPayloads: ({ entities }) =>
      cut(entities).map((entity) =>
        claims.payloads(entity).map(({ id, payload }) => ({ id, payload })),
      ),
    rewriteEntities({ changes }, client, id) {
      queue.add({
        bytes: 0,
        apply(undo) {
          for (const { entity, payloads } of changes) claims.rewrite(entity, payloads, undo);
        },
        done: () => client.answer(id, null),
        failed: (error) => client.fail(id, error),
      });
      return LATER;
    },
    forget(_, client, id) {
      retention.run(() => client.answer(id, null));
      return LATER;
    },
    leave({ member }) {
      deliveries.leave(member);
      return null;
    },
  };

  function handle({ id, op, ask }: Request, client: AnswerTo): void {
    try {
      const handler = handlers[op] as (ask: unknown, client: AnswerTo, id: number) => unknown;
      const answer = handler(ask, client, id);
      if (answer === LATER) return;
      const read = op === 'read' ? (answer as Requests['read']['answer']) : undefined;
      client.answer(id, answer, buffersOfChunks(read?.chunks ?? []));
    } catch (error) {
      client.fail(id, error);
    }
  }

  const timers = [
    setInterval(
      () => {
        try {
          groups.expire();
          deliveries.serveWaiting();
        } catch {
          // Offsets that cannot be read now are read again at the next turn; a timer must not end the thread.
        }
      },
      Math.max(10, sessionTimeoutMs / 4),
    ),
    setInterval(() => {
      compactClaims();
      retention.run();
    }, options.retentionIntervalMs),
  ];
  for (const timer of timers) timer.unref();

  return {
    serve(port) {
      const client: AnswerTo = {
        answer: (id, answer, transfer = []) => port.postMessage({ id, answer }, [...transfer]),
        fail: (id, error) =>
          port.postMessage({ id, error: errorToData(describeStorageError(error, where)) }),
      };
      ports.add(port);
      port.on('message', (request: Request) => handle(request, client));
      port.on('close', () => {
        ports.delete(port);
        for (const member of groups.membersOf(client)) groups.leave(member);
        deliveries.serveWaiting();
      });
    },
    close() {
      for (const timer of timers) clearInterval(timer);
      queue.flush();
      for (const port of ports) port.close();
      closeFiles();
    },
  };
}

/** Gives back memory that the file has a copy of: left to the collector, it alone would make it run all the time. */
function release(parts: readonly Part[]): void {
  for (const { bytes } of parts) (bytes.buffer as ArrayBuffer).transfer(0);
}

function sizeOf(parts: readonly Part[]): number {
  return parts.reduce((sum, { bytes }) => sum + bytes.length, 0);
}
