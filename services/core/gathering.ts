// Letting records gather: a batch is held until what lies on the log from it on is enough, or it has waited long enough.
// What is held is the first few records of a partition; those that follow stay on the log until they are read.
import { SignpostError } from './errors.ts';
import type { Batch, LogReader } from './log/port.ts';
import { placeOf } from './projection-progress.ts';
import type { Gather } from './stage.ts';

export interface Gathering {
  /**
   * Resolves once the batch is due and it is its turn; what it resolves with ends the turn. Undefined when `signal`
   * aborts before.
   */
  due(batch: Batch, signal: AbortSignal): Promise<(() => void) | undefined>;
  /** The batch is delivered: what follows it begins to wait when it is seen. */
  done(batch: Batch): void;
}

export interface GatheringParts {
  readonly gather: Gather;
  readonly log: Pick<LogReader, 'topics'>;
  /** Monotonic, milliseconds. */
  readonly clock: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** Each may hold all that `gather` allows in memory. */
const turns = 2;
/** How often the log is asked how much has gathered. */
const lookEveryMs = 5_000;

export function createGathering({ gather, log, clock, sleep }: GatheringParts): Gathering {
  const since = new Map<string, { readonly from: number; readonly at: number }>();
  const queue: (() => void)[] = [];
  let free = turns;
  let ends:
    | { readonly at: number; readonly found: Promise<ReadonlyMap<string, number>> }
    | undefined;

  /** A batch that comes again has waited since it was first seen. */
  function seenAt(batch: Batch): number {
    const place = placeOf(batch);
    const from = batch.records[0]?.offset ?? batch.nextOffset;
    const known = since.get(place);
    if (known?.from === from) return known.at;
    const at = clock();
    since.set(place, { from, at });
    return at;
  }

  function endsNow(): Promise<ReadonlyMap<string, number>> {
    if (ends === undefined || clock() - ends.at >= lookEveryMs / 2)
      ends = { at: clock(), found: endsOf(log) };
    return ends.found;
  }

  /** As far as its first records tell how large those are that follow. */
  async function isEnough(batch: Batch): Promise<boolean> {
    const { records, nextOffset } = batch;
    const bytes = bytesOf(batch);
    if (records.length >= gather.records || bytes >= gather.bytes) return true;
    const end = (await endsNow()).get(placeOf(batch)) ?? nextOffset;
    const gathered = records.length + Math.max(0, end - nextOffset);
    return (
      gathered >= gather.records || (bytes / Math.max(1, records.length)) * gathered >= gather.bytes
    );
  }

  async function waited(batch: Batch, signal: AbortSignal): Promise<void> {
    const until = seenAt(batch) + gather.ms;
    while (!signal.aborted) {
      const left = until - clock();
      if (left <= 0 || (await isEnough(batch))) return;
      await sleep(Math.min(left, lookEveryMs), signal);
    }
  }

  function endTurn(): void {
    const next = queue.shift();
    if (next === undefined) free += 1;
    else next();
  }

  async function turn(signal: AbortSignal): Promise<boolean> {
    if (free > 0) {
      free -= 1;
      return true;
    }
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const mine = (): void => resolve(true);
    const leave = (): void => {
      const at = queue.indexOf(mine);
      if (at < 0) return;
      queue.splice(at, 1);
      resolve(false);
    };
    queue.push(mine);
    signal.addEventListener('abort', leave, { once: true });
    return promise.finally(() => signal.removeEventListener('abort', leave));
  }

  return {
    async due(batch, signal) {
      await waited(batch, signal);
      if (signal.aborted || !(await turn(signal))) return undefined;
      return endTurn;
    },
    done(batch) {
      since.delete(placeOf(batch));
    },
  };
}

/** Where partitions end, markers of transactions counted in; none while the log cannot be asked. */
async function endsOf(log: Pick<LogReader, 'topics'>): Promise<ReadonlyMap<string, number>> {
  try {
    const topics = await log.topics();
    return new Map(
      topics.flatMap(({ name: topic, partitions }) =>
        partitions.map(({ partition, end }) => [placeOf({ topic, partition }), end] as const),
      ),
    );
  } catch (error) {
    if (!(error instanceof SignpostError)) throw error;
    return new Map();
  }
}

function bytesOf({ records }: Batch): number {
  return records.reduce((sum, { value }) => sum + (value?.length ?? 0), 0);
}
