// Membership of a consumer group as the engine sees it: batches of the partitions held, and their one commit.
import { SignpostError } from '../../errors.ts';
import type { Batch, OutgoingRecord, SubscribeOptions, Subscription } from '../port.ts';
import type { Brokers } from './brokers.ts';
import type { ClaimStore } from './claim-store.ts';
import { createFetcher, type FetchTarget } from './fetcher.ts';
import { createHoldings, type Holding, type HoldingsParts, type Out } from './holdings.ts';
import type { Buffered } from './lane.ts';
import type { Assignment, Membership } from './membership.ts';
import type { Outgoing } from './outgoing.ts';

export interface SubscriptionParts extends Omit<
  HoldingsParts,
  'topics' | 'passOver' | 'startOf' | 'onChange'
> {
  /** The group's name on the cluster. */
  readonly group: string;
  /** For fetching; closed with the subscription. */
  readonly brokers: Brokers;
  readonly claims: ClaimStore;
  readonly fetchWaitMs: number;
  readonly fetchBytesPerPartition: number;
  readonly pack: (outputs: Iterable<OutgoingRecord>) => Promise<Outgoing>;
  /** Where to begin: at `chosen`, else where the group stands, and never before the partition's start. */
  readonly startOf: (topic: string, partition: number, chosen?: number) => Promise<number>;
  readonly join: (onAssigned: (assignment: Assignment) => void) => Promise<Membership>;
  readonly onFetchError: (error: unknown) => void;
}

const DEFAULT_MAX_RECORDS = 1_000;
const DEFAULT_MAX_BYTES = 4 * 1024 * 1024;
/** A partition with nothing but markers ahead commits past them after so long, so that its lag ends at 0. */
const SKIP_AFTER_MS = 200;
/**
 * Past records passed over it commits once so long no more came, or so long after the first: a transaction for each
 * fetch would be half of all. Fetches wait meanwhile for many at once, and for a shorter time than that.
 */
const passedMs = { quiet: 300, most: 2_000, fetchWait: 250 };

export async function subscribe(
  options: SubscribeOptions,
  parts: SubscriptionParts,
): Promise<Subscription> {
  const { startAt } = options;
  const maxRecords = options.maxRecords ?? DEFAULT_MAX_RECORDS;
  const maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES;
  const { group, wireTopic, claims, sleep } = parts;
  const waiters = new Set<Waiter>();
  const commits = new Set<Promise<unknown>>();
  let closed = false;

  const holdings = createHoldings({
    ...parts,
    topics: options.topics,
    passOver: options.passOver,
    startOf: async (topic, partition) =>
      parts.startOf(topic, partition, await startAt?.(topic, partition)),
    onChange() {
      fetcher.wake();
      serve();
    },
  });

  const fetcher = createFetcher({
    brokers: parts.brokers,
    waitMs: parts.fetchWaitMs,
    patientMs: () => (isPassing() ? passedMs.fetchWait : undefined),
    bytesPerPartition: parts.fetchBytesPerPartition,
    sleep,
    onError: parts.onFetchError,
    *targets() {
      for (const holding of holdings.all()) {
        if (holding.buffered !== undefined) yield targetOf(holding, holding.buffered);
      }
    },
  });

  /** Nothing has come of late but what is passed over. */
  function isPassing(): boolean {
    const latest = new Set([...holdings.all()].map(({ buffered }) => buffered?.latest()));
    return latest.has('passed') && !latest.has('delivered');
  }

  function targetOf(holding: Holding, buffered: Buffered): FetchTarget {
    return {
      topic: wireTopic(holding.topic),
      partition: holding.partition,
      fetchOffset: () => (holding.buffered === buffered ? buffered.fetchOffset() : -1),
      hungry: () =>
        holding.state === 'held' &&
        holding.buffered === buffered &&
        buffered.bytes() < parts.fetchBytesPerPartition / 2,
      add(fetched) {
        buffered.add(fetched);
        serve();
      },
      failed(error) {
        // What was asked for a partition that is begun anew meanwhile says nothing of it.
        if (holding.buffered === buffered) holdings.fail(holding, error);
      },
    };
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
    for (const holding of holdings.all()) {
      if (holding.state === 'failed') {
        const { error } = holding;
        void holdings.takeOver(holding);
        throw error;
      }
      const { buffered } = holding;
      if (holding.state !== 'held' || holding.out !== undefined || !buffered) continue;
      if (!buffered.hasRecords()) {
        if (buffered.position() > holding.committed) void skip(holding, buffered);
        continue;
      }
      const out: Out = { taken: buffered.take(maxRecords, maxBytes), state: 'open' };
      holding.out = out;
      holdings.served(holding);
      fetcher.wake();
      return batchOf(holding, out);
    }
    return undefined;
  }

  /** Commits past markers, aborted records and those passed over, with nothing to deliver behind them. */
  async function skip(holding: Holding, buffered: Buffered): Promise<void> {
    if (holding.skipping) return;
    holding.skipping = true;
    await (buffered.latest() === 'passed' ? untilQuiet(buffered) : sleep(SKIP_AFTER_MS));
    holding.skipping = false;
    const isIdle = holding.buffered === buffered && !buffered.hasRecords();
    if (!holdings.isGone(holding) && isIdle) await commitPosition(holding, buffered);
  }

  async function untilQuiet(buffered: Buffered): Promise<void> {
    let position: number;
    let waitedMs = 0;
    do {
      position = buffered.position();
      await sleep(passedMs.quiet);
      waitedMs += passedMs.quiet;
    } while (buffered.position() !== position && waitedMs < passedMs.most);
  }

  /** Never past a record that is still to be delivered, or is out. */
  async function commitPosition(holding: Holding, buffered: Buffered): Promise<void> {
    const nextOffset = buffered.position();
    const { state, out: before, committed, transactor } = holding;
    if (state !== 'held' || before || nextOffset <= committed || !transactor.isReady()) return;
    const out: Out = { taken: { records: [], nextOffset }, state: 'committing' };
    holding.out = out;
    await commit(holding, out, [], nextOffset).catch(() => giveBack(holding, out));
  }

  function commit(
    holding: Holding,
    out: Out,
    rounds: Outgoing['rounds'],
    nextOffset: number,
  ): Promise<void> {
    const done = run(holding, out, rounds, nextOffset);
    commits.add(done);
    done.catch(() => undefined).finally(() => commits.delete(done));
    return done;
  }

  async function run(
    holding: Holding,
    out: Out,
    rounds: Outgoing['rounds'],
    nextOffset: number,
  ): Promise<void> {
    const { topic, partition } = holding;
    try {
      const input = { group, topic: wireTopic(topic), partition, offset: nextOffset };
      await holding.transactor.run(rounds, input);
    } catch (error) {
      const fencedOff = error instanceof SignpostError && error.code === 'fenced';
      out.state = fencedOff ? 'settled' : 'doubtful';
      const ours = holding.out === out && !holdings.isGone(holding);
      if (fencedOff && ours) void holdings.takeOver(holding, parts.retakeMs);
      throw error;
    }
    out.state = 'settled';
    holding.committed = nextOffset;
    if (holding.out !== out) return;
    holding.out = undefined;
    if (nextOffset > out.taken.nextOffset) holding.buffered?.passTo(nextOffset);
    // An answer was lost on the way: what was asked then must not reach into the next transaction.
    if (!holding.transactor.isReady() && !holdings.isGone(holding)) void holdings.takeOver(holding);
    else serve();
  }

  function giveBack(holding: Holding, out: Out): void {
    const { state } = out;
    out.state = 'settled';
    if (holding.out !== out || holdings.isGone(holding)) return;
    if (state === 'doubtful') {
      // Perhaps it was committed after all: what the group says counts.
      void holdings.takeOver(holding);
    } else {
      holding.out = undefined;
      holding.buffered?.putBack(out.taken);
      serve();
    }
  }

  function batchOf(holding: Holding, out: Out): Batch {
    const { topic, partition } = holding;
    const { records, nextOffset } = out.taken;
    let claimed = false;
    const isOurs = (): boolean => holding.out === out && !holdings.isGone(holding);
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
      async commit(outputs, how) {
        if (!isOurs() || out.state !== 'open') throw fenced(holding);
        out.state = 'committing';
        let packed: Outgoing;
        try {
          packed = await parts.pack(outputs);
        } catch (error) {
          out.state = 'open';
          throw error;
        }
        if (!isOurs()) throw fenced(holding);
        const goesOnAt = Math.max(nextOffset, how?.nextOffset ?? 0);
        await commit(holding, out, packed.rounds, goesOnAt);
      },
      async release() {
        if (out.state === 'committing') await Promise.allSettled(commits);
        if (out.state !== 'settled') giveBack(holding, out);
      },
    };
  }

  const membership = await parts.join((assignment) => holdings.assigned(assignment));

  return {
    next: (signal) =>
      signal.aborted || closed ? Promise.resolve(null) : waitFor(signal, waiters, serve),
    async close() {
      if (closed) return;
      closed = true;
      // What was passed over need not be read again by whoever comes next.
      for (const holding of holdings.all())
        if (holding.buffered !== undefined) void commitPosition(holding, holding.buffered);
      holdings.close();
      for (const waiter of waiters) waiter.resolve(null);
      waiters.clear();
      await Promise.allSettled(commits);
      await Promise.all([membership.leave(), fetcher.close()]);
      await parts.brokers.close();
    },
  };
}

interface Waiter {
  readonly resolve: (batch: Batch | null) => void;
  readonly reject: (error: unknown) => void;
}

/** Joins the line; leaves it with null when the signal aborts. */
function waitFor(
  signal: AbortSignal,
  waiters: Set<Waiter>,
  serve: () => void,
): Promise<Batch | null> {
  return new Promise((resolve, reject) => {
    const leave = (): void => signal.removeEventListener('abort', stop);
    const waiter: Waiter = {
      resolve(batch) {
        leave();
        resolve(batch);
      },
      reject(error) {
        leave();
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
}

function fenced({ topic, partition }: Holding): SignpostError {
  return new SignpostError('fenced', `The batch of ${topic}/${partition} is not ours any more`);
}
