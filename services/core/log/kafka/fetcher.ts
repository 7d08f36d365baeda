// Fetches for all partitions of a member: one fetch at a time from each broker, for those partitions that have room.
import { SignpostError } from '../../errors.ts';
import type { Brokers } from './brokers.ts';
import { toSignpostError } from './kafka-error.ts';
import type { Broker } from './kafkajs-internals.ts';
import { fetchRecords, type FetchedPartition } from './fetch-request.ts';
import { errorAbout } from './requests.ts';

export interface FetchTarget {
  /** As on the cluster. */
  readonly topic: string;
  readonly partition: number;
  readonly fetchOffset: () => number;
  /** There is room; false as long as enough is buffered. */
  readonly hungry: () => boolean;
  add(fetched: FetchedPartition): void;
  /** Nothing more can be fetched from where it stands. */
  failed(error: unknown): void;
}

export interface Fetcher {
  /** Something changed: a partition came, went, or has room again. */
  wake(): void;
  close(): Promise<void>;
}

export interface FetcherOptions {
  readonly brokers: Brokers;
  /** Those to fetch for at the moment. */
  readonly targets: () => Iterable<FetchTarget>;
  readonly waitMs: number;
  /** Where what comes is in no hurry: how long to wait for much of it. */
  readonly patientMs?: () => number | undefined;
  readonly bytesPerPartition: number;
  readonly sleep: (ms: number) => Promise<void>;
  readonly onError: (error: unknown) => void;
}

/** Of one answer, whatever the number of partitions. */
const MOST_BYTES = 16 * 1024 * 1024;
/** While a partition is full it may soon have room again, and a fetch that waits would keep it waiting. */
const BUSY_WAIT_MS = 5;
const pauseMs = { first: 50, most: 1_000 };
const OUT_OF_RANGE = 1;
const REFUSED = 29;

export function createFetcher(options: FetcherOptions): Fetcher {
  const { brokers, targets, waitMs, bytesPerPartition, sleep, onError } = options;
  const busy = new Map<number, Promise<void>>();
  let closed = false;
  let planning = false;
  let again = false;
  let failures = 0;

  async function plan(): Promise<void> {
    const hungry = [...targets()].filter((target) => target.hungry());
    const byNode = new Map<Broker, FetchTarget[]>();
    for (const target of hungry) {
      const leader = await leaderOf(target);
      if (leader === undefined) continue;
      const each = byNode.get(leader);
      if (each === undefined) byNode.set(leader, [target]);
      else each.push(target);
    }
    for (const [broker, each] of byNode) {
      const node = broker.nodeId ?? -1;
      if (closed || busy.has(node)) continue;
      const done = fetchFrom(broker, each).finally(() => {
        busy.delete(node);
        wake();
      });
      busy.set(node, done);
    }
  }

  /** Undefined where asking again would not help: one topic that is gone must not hold up the others. */
  async function leaderOf(target: FetchTarget): Promise<Broker | undefined> {
    try {
      return await brokers.leaderOf(target.topic, target.partition);
    } catch (error) {
      const told = toldOf(error, target);
      if (!(told instanceof SignpostError) || told.code === 'log-unavailable') throw error;
      target.failed(told);
      return undefined;
    }
  }

  async function fetchFrom(broker: Broker, hungry: readonly FetchTarget[]): Promise<void> {
    // All of it guarded: what failed without a pause would be tried again at once, for ever, and nothing else be heard.
    try {
      const asked = new Map<string, { target: FetchTarget; offset: number }>();
      const partitions = hungry.map((target) => {
        const { topic, partition } = target;
        const offset = target.fetchOffset();
        asked.set(`${topic}/${partition}`, { target, offset });
        return { topic, partition, offset, maxBytes: bytesPerPartition };
      });
      const full = [...targets()].some((target) => !target.hungry());
      const patientMs = options.patientMs?.();
      const answers = await fetchRecords(broker, partitions, {
        maxWaitMs: patientMs ?? (full ? Math.min(BUSY_WAIT_MS, waitMs) : waitMs),
        minBytes: patientMs === undefined ? 1 : bytesPerPartition,
        maxBytes: Math.min(MOST_BYTES, bytesPerPartition * partitions.length),
      });
      if (closed) return;
      for (const answer of answers) {
        const at = asked.get(`${answer.topic}/${answer.partition}`);
        // What was asked from another offset than is needed by now is of no use.
        if (at !== undefined && at.target.fetchOffset() === at.offset) take(at.target, answer);
      }
      failures = 0;
    } catch (error) {
      await pause(error);
    }
  }

  function take(target: FetchTarget, answer: FetchedPartition): void {
    const { errorCode, logStart } = answer;
    if (errorCode === 0) {
      target.add(answer);
    } else if (errorCode === OUT_OF_RANGE) {
      const { topic, partition } = target;
      const place = `${topic}/${partition}`;
      const { highWatermark } = answer;
      target.failed(
        new SignpostError(
          'offset-out-of-range',
          `Offset ${target.fetchOffset()} of ${place} is not there: it holds ${logStart} to ${highWatermark}`,
          { hint: 'Records were deleted before they were read, or the topic was made anew.' },
        ),
      );
    } else if (errorCode === REFUSED) {
      target.failed(toldOf(errorAbout(errorCode, target.topic), target));
    } else {
      throw errorAbout(errorCode, target.topic);
    }
  }

  async function pause(error: unknown): Promise<void> {
    if (closed) return;
    brokers.failed(error);
    onError(error);
    const wait = Math.min(pauseMs.first * 2 ** Math.min(failures, 10), pauseMs.most);
    failures += 1;
    await sleep(wait);
  }

  function wake(): void {
    if (closed) return;
    again = true;
    if (planning) return;
    planning = true;
    void planOn();
  }

  async function planOn(): Promise<void> {
    again = false;
    try {
      await plan();
    } catch (error) {
      await pause(error);
      again = true;
    }
    if (again && !closed) return planOn();
    planning = false;
  }

  return {
    wake,
    async close() {
      closed = true;
      await Promise.allSettled(busy.values());
    },
  };
}

function toldOf(error: unknown, { topic }: FetchTarget): unknown {
  return toSignpostError(error, `Reading ${topic}`, { operation: 'Read' });
}
