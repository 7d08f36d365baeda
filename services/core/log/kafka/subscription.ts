// Membership of a consumer group as the engine sees it. Each partition held has a transactional id that is the same on
// every host: whoever takes it over begins with that id, which fences the holder before, and only then asks where the
// group stands. So a member that lost a partition without knowing commits nothing (tulios/kafkajs#1046).
import { SignpostError } from '../../errors.ts';
import type { Batch, OutgoingRecord, SubscribeOptions, Subscription } from '../port.ts';
import type { Brokers } from './brokers.ts';
import type { ClaimStore } from './claim-store.ts';
import { createFetcher, type FetchTarget } from './fetcher.ts';
import { createBuffered, type Buffered, type Taken } from './lane.ts';
import type { Assignment, Membership } from './membership.ts';
import type { Outgoing } from './outgoing.ts';
import type { SchemaIds } from './schema-ids.ts';
import type { Transactor } from './transactions.ts';

export interface SubscriptionParts {
  /** The group's name on the cluster. */
  readonly group: string;
  /** For fetching; closed with the subscription. */
  readonly brokers: Brokers;
  readonly claims: ClaimStore;
  readonly schemaIds: SchemaIds | undefined;
  readonly wireTopic: (topic: string) => string;
  readonly fetchWaitMs: number;
  readonly fetchBytesPerPartition: number;
  /** How long after being fenced a partition that seems to be ours is tried again. */
  readonly retakeMs: number;
  readonly transactorOf: (topic: string, partition: number) => Transactor;
  readonly pack: (outputs: Iterable<OutgoingRecord>) => Promise<Outgoing>;
  /** Where to begin: at `chosen`, else where the group stands, and never before the partition's start. */
  readonly startOf: (topic: string, partition: number, chosen?: number) => Promise<number>;
  readonly join: (onAssigned: (assignment: Assignment) => void) => Promise<Membership>;
  readonly sleep: (ms: number) => Promise<void>;
  readonly onFetchError: (error: unknown) => void;
}

const DEFAULT_MAX_RECORDS = 1_000;
const DEFAULT_MAX_BYTES = 4 * 1024 * 1024;
/** A partition with nothing but markers ahead commits past them after so long, so that its lag ends at 0. */
const SKIP_AFTER_MS = 200;

interface Lane {
  readonly topic: string;
  readonly partition: number;
  readonly transactor: Transactor;
  state: 'taking' | 'held' | 'failed' | 'gone';
  buffered: Buffered | undefined;
  /** The batch that is out; a partition has one at most. */
  out: Out | undefined;
  error: unknown;
  /** Where the group stands, as far as this member knows. */
  committed: number;
  skipping: boolean;
}

interface Out {
  readonly taken: Taken;
  /** Doubtful: a commit failed, and what the broker made of it is unknown. */
  state: 'open' | 'committing' | 'doubtful' | 'settled';
}

export async function subscribe(
  options: SubscribeOptions,
  parts: SubscriptionParts,
): Promise<Subscription> {
  const { startAt } = options;
  const maxRecords = options.maxRecords ?? DEFAULT_MAX_RECORDS;
  const maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES;
  const { group, wireTopic, claims, sleep } = parts;
  const lanes = new Map<string, Lane>();
  const waiters = new Set<{ resolve(batch: Batch | null): void; reject(error: unknown): void }>();
  const commits = new Set<Promise<unknown>>();
  let memberId = '';
  let closed = false;

  const fetcher = createFetcher({
    brokers: parts.brokers,
    waitMs: parts.fetchWaitMs,
    bytesPerPartition: parts.fetchBytesPerPartition,
    sleep,
    onError: parts.onFetchError,
    *targets() {
      for (const lane of lanes.values()) {
        if (lane.buffered !== undefined) yield targetOf(lane, lane.buffered);
      }
    },
  });

  function targetOf(lane: Lane, buffered: Buffered): FetchTarget {
    return {
      topic: wireTopic(lane.topic),
      partition: lane.partition,
      fetchOffset: () => (lane.buffered === buffered ? buffered.fetchOffset() : -1),
      hungry: () => lane.state === 'held' && buffered.bytes() < parts.fetchBytesPerPartition / 2,
      add(fetched) {
        buffered.add(fetched);
        serve();
      },
      failed: (error) => fail(lane, error),
    };
  }

  function assigned({ memberId: id, partitions }: Assignment): void {
    if (closed) return;
    const names = new Map(options.topics.map((topic) => [wireTopic(topic), topic]));
    const now = new Map(
      partitions.map(({ topic, partition }) => {
        const name = names.get(topic) ?? topic;
        return [`${name}/${partition}`, { topic: name, partition }];
      }),
    );
    for (const [key, lane] of lanes) {
      // As another member we cannot know who held it in between.
      if (now.has(key) && id === memberId) continue;
      lane.state = 'gone';
      lane.buffered = undefined;
      lanes.delete(key);
    }
    memberId = id;
    for (const [key, { topic, partition }] of now) {
      if (lanes.has(key)) continue;
      const transactor = parts.transactorOf(topic, partition);
      const lane: Lane = {
        topic,
        partition,
        transactor,
        state: 'taking',
        buffered: undefined,
        out: undefined,
        error: undefined,
        committed: 0,
        skipping: false,
      };
      lanes.set(key, lane);
      void takeOver(lane);
    }
  }

  /** Fences first: only after that is what the group committed final. */
  async function takeOver(lane: Lane, afterMs = 0): Promise<void> {
    lane.state = 'taking';
    lane.buffered = undefined;
    lane.out = undefined;
    try {
      if (afterMs > 0) await sleep(afterMs);
      if (isGone(lane)) return;
      const { topic, partition } = lane;
      await lane.transactor.begin();
      const start = await parts.startOf(topic, partition, await startAt?.(topic, partition));
      if (isGone(lane)) return;
      lane.buffered = createBuffered(topic, start, parts.schemaIds);
      lane.committed = start;
      lane.state = 'held';
      fetcher.wake();
    } catch (error) {
      if (isGone(lane)) return;
      if (error instanceof SignpostError && error.code === 'fenced') {
        void takeOver(lane, parts.retakeMs);
      } else fail(lane, error);
    }
  }

  function isGone(lane: Lane): boolean {
    return closed || lane.state === 'gone';
  }

  /** Told to whoever asks next, and tried again then. */
  function fail(lane: Lane, error: unknown): void {
    if (isGone(lane)) return;
    lane.state = 'failed';
    lane.error = error;
    serve();
  }

  function serve(): void {
    for (const waiter of waiters) {
      let batch: Batch | undefined;
      try {
        batch = nextBatch();
      } catch (error) {
        waiters.delete(waiter);
        waiter.reject(error);
        continue;
      }
      if (batch === undefined) return;
      waiters.delete(waiter);
      waiter.resolve(batch);
    }
  }

  function nextBatch(): Batch | undefined {
    for (const [key, lane] of lanes) {
      if (lane.state === 'failed') {
        const { error } = lane;
        void takeOver(lane);
        throw error;
      }
      const { buffered } = lane;
      if (lane.state !== 'held' || lane.out !== undefined || buffered === undefined) continue;
      if (!buffered.hasRecords()) {
        if (buffered.position() > lane.committed) void skip(lane, buffered);
        continue;
      }
      const taken = buffered.take(maxRecords, maxBytes);
      const out: Out = { taken, state: 'open' };
      lane.out = out;
      // To the end of the line: partitions take turns.
      lanes.delete(key);
      lanes.set(key, lane);
      fetcher.wake();
      return batchOf(lane, out);
    }
    return undefined;
  }

  /** Commits past markers and aborted records at the end of a partition. */
  async function skip(lane: Lane, buffered: Buffered): Promise<void> {
    if (lane.skipping) return;
    lane.skipping = true;
    await sleep(SKIP_AFTER_MS);
    lane.skipping = false;
    const idle = lane.buffered === buffered && lane.out === undefined && !buffered.hasRecords();
    if (isGone(lane) || !idle) return;
    const nextOffset = buffered.position();
    const out: Out = { taken: { records: [], nextOffset }, state: 'committing' };
    lane.out = out;
    await commit(lane, out, { rounds: [], places: [] }).catch(() => giveBack(lane, out));
  }

  function commit(lane: Lane, out: Out, { rounds }: Outgoing): Promise<void> {
    const { topic, partition } = lane;
    const { nextOffset } = out.taken;
    const done = (async () => {
      try {
        const input = { group, topic: wireTopic(topic), partition, offset: nextOffset };
        await lane.transactor.run(rounds, input);
      } catch (error) {
        out.state = 'doubtful';
        if (error instanceof SignpostError && error.code === 'fenced' && lane.out === out) {
          out.state = 'settled';
          if (!isGone(lane)) void takeOver(lane, parts.retakeMs);
        }
        throw error;
      }
      out.state = 'settled';
      lane.committed = nextOffset;
      if (lane.out === out) lane.out = undefined;
      serve();
    })();
    commits.add(done);
    done.catch(() => undefined).finally(() => commits.delete(done));
    return done;
  }

  function giveBack(lane: Lane, out: Out): void {
    const { state } = out;
    out.state = 'settled';
    if (lane.out !== out || isGone(lane)) return;
    if (state === 'doubtful') {
      // Perhaps it was committed after all: what the group says counts.
      void takeOver(lane);
    } else {
      lane.out = undefined;
      lane.buffered?.putBack(out.taken);
      serve();
    }
  }

  function batchOf(lane: Lane, out: Out): Batch {
    const { topic, partition } = lane;
    const { records, nextOffset } = out.taken;
    let claimed = false;
    return {
      topic,
      partition,
      records,
      nextOffset,
      async claim(asked) {
        if (claimed) throw new Error('A batch claims at most once');
        claimed = true;
        return asked.length === 0 ? [] : claims.claim({ topic, partition }, asked);
      },
      async commit(outputs) {
        refuseUnlessOpen(lane, out);
        out.state = 'committing';
        let packed: Outgoing;
        try {
          packed = await parts.pack(outputs);
        } catch (error) {
          if (out.state === 'committing') out.state = 'open';
          throw error;
        }
        if (isGone(lane) || lane.out !== out) throw fenced(lane);
        await commit(lane, out, packed);
      },
      async release() {
        if (out.state === 'committing') await Promise.allSettled(commits);
        if (out.state !== 'settled') giveBack(lane, out);
      },
    };
  }

  function refuseUnlessOpen(lane: Lane, out: Out): void {
    if (isGone(lane) || lane.out !== out || out.state !== 'open') throw fenced(lane);
  }

  const membership = await parts.join(assigned);

  return {
    next(signal) {
      if (signal.aborted || closed) return Promise.resolve(null);
      return new Promise((resolve, reject) => {
        const waiter = {
          resolve(batch: Batch | null): void {
            signal.removeEventListener('abort', stop);
            resolve(batch);
          },
          reject(error: unknown): void {
            signal.removeEventListener('abort', stop);
            reject(error);
          },
        };
        const stop = (): void => {
          waiters.delete(waiter);
          resolve(null);
        };
        signal.addEventListener('abort', stop, { once: true });
        waiters.add(waiter);
        serve();
      });
    },
    async close() {
      if (closed) return;
      closed = true;
      for (const waiter of waiters) waiter.resolve(null);
      waiters.clear();
      await Promise.allSettled(commits);
      await Promise.all([membership.leave(), fetcher.close()]);
      await parts.brokers.close();
    },
  };
}

function fenced({ topic, partition }: Lane): SignpostError {
  return new SignpostError('fenced', `The batch of ${topic}/${partition} is not ours any more`);
}
