// Appending outside of stages: those that wait together share one transaction, and each is durable once answered or
// refused within a bounded time. What is refused is in memory no longer; the sender says it again.
import { SignpostError } from '../../errors.ts';
import type { AppendOptions, OutgoingRecord, Position } from '../port.ts';
import type { Outgoing, Place } from './outgoing.ts';
import { checkpointsTopic } from './reader.ts';
import type { Produced } from './requests.ts';
import type { Transactor } from './transactions.ts';

export interface Appender {
  append(records: readonly OutgoingRecord[], options?: AppendOptions): Promise<readonly Position[]>;
  close(): Promise<void>;
}

export interface AppenderParts {
  readonly transactor: Transactor;
  /** @throws SignpostError `unknown-topic`. */
  readonly requireTopic: (topic: string) => Promise<unknown>;
  readonly pack: (records: Iterable<OutgoingRecord>) => Promise<Outgoing>;
  readonly wireTopic: (topic: string) => string;
  readonly lingerMs: number;
  /** An append that has waited for so long is refused instead of begun. */
  readonly timeoutMs: number;
  /** Milliseconds since the epoch: checkpoints are records too. */
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

interface Waiting {
  readonly records: readonly OutgoingRecord[];
  /** How many of them the caller gave; checkpoints come after. */
  readonly count: number;
  readonly since: number;
  readonly resolve: (positions: readonly Position[]) => void;
  readonly reject: (error: unknown) => void;
}

/** With so many it is worth a transaction of its own. */
const MANY_RECORDS = 500;
/** Of one transaction, unless one append alone has more. */
const MOST_RECORDS = 10_000;
/** Waiting at once; more is refused at once, so that memory stays bounded while no broker answers. */
const MOST_WAITING_RECORDS = 200_000;

export function createAppender(parts: AppenderParts): Appender {
  const { transactor, pack, wireTopic, lingerMs, timeoutMs, now, sleep } = parts;
  let waiting: Waiting[] = [];
  let waitingRecords = 0;
  let flushing: Promise<void> | undefined;
  let closed = false;

  async function flush(): Promise<void> {
    while (waiting.length > 0) {
      // Those that come meanwhile share the next transaction anyhow; the first of all gives others a moment to come.
      if (waiting.length === 1 && waitingRecords < MANY_RECORDS && lingerMs > 0)
        await sleep(lingerMs);
      const group = takeGroup();
      if (group.length > 0) await write(group);
    }
  }

  function takeGroup(): Waiting[] {
    const group: Waiting[] = [];
    let records = 0;
    let taken = 0;
    for (const each of waiting) {
      if (group.length > 0 && records + each.records.length > MOST_RECORDS) break;
      taken += 1;
      if (now() - each.since > timeoutMs) {
        each.reject(new SignpostError('log-unavailable', 'Kafka has not answered for too long'));
      } else {
        group.push(each);
        records += each.records.length;
      }
    }
    for (const { records: gone } of waiting.splice(0, taken)) waitingRecords -= gone.length;
    return group;
  }

  async function write(group: readonly Waiting[]): Promise<void> {
    try {
      const { rounds, places } = await pack(group.flatMap(({ records }) => records));
      const produced = await run(rounds);
      const offsetOf = offsetsIn(rounds, produced);
      let first = 0;
      for (const { records, count, resolve } of group) {
        resolve(
          places.slice(first, first + count).map((place) => ({
            topic: place.topic,
            partition: place.partition,
            offset: offsetOf(wireTopic(place.topic), place),
          })),
        );
        first += records.length;
      }
    } catch (error) {
      // One that cannot be written must not take the others with it.
      const alone = error instanceof SignpostError && error.code === 'record-too-large';
      if (alone && group.length > 1) for (const each of group) await write([each]);
      else for (const { reject } of group) reject(error);
    }
  }

  async function run(rounds: Outgoing['rounds']): Promise<readonly Produced[]> {
    try {
      // The id is nobody else's, and there is no offset: beginning anew is always right.
      if (!transactor.isReady()) await transactor.begin();
      return await transactor.run(rounds, undefined);
    } catch (error) {
      if (!(error instanceof SignpostError) || error.code !== 'fenced') throw error;
      throw new SignpostError('log-unavailable', 'Kafka gave up on a transaction', {
        cause: error,
        hint: 'It took too long, or its answer was lost; sent again, its records are recognised.',
      });
    }
  }

  return {
    async append(records, { checkpoints = {} } = {}) {
      if (closed) throw new SignpostError('log-closed', 'The log is closed');
      const kept = Object.entries(checkpoints).map(([key, value]) => ({
        topic: checkpointsTopic,
        key,
        value: Buffer.from(value),
        headers: {},
        timestamp: now(),
      }));
      const all = kept.length === 0 ? records : [...records, ...kept];
      if (all.length === 0) return [];
      if (waitingRecords + all.length > MOST_WAITING_RECORDS && waitingRecords > 0) {
        throw new SignpostError('log-unavailable', 'Too many appends are waiting for Kafka');
      }
      const topics = new Set<string>();
      for (const { topic } of all) topics.add(topic);
      await Promise.all([...topics].map(parts.requireTopic));
      return new Promise((resolve, reject) => {
        waiting.push({ records: all, count: records.length, since: now(), resolve, reject });
        waitingRecords += all.length;
        flushing ??= flush().finally(() => {
          flushing = undefined;
        });
      });
    },
    async close() {
      closed = true;
      await flushing;
      waiting = [];
    },
  };
}

/** Batches of one partition need not follow each other: other transactions write in between. */
function offsetsIn(
  rounds: Outgoing['rounds'],
  produced: readonly Produced[],
): (wireTopic: string, place: Place) => number {
  const bases = new Map<string, { readonly first: number; readonly base: number }[]>();
  const counts = new Map<string, number>();
  const baseOf = Map.groupBy(produced, ({ topic, partition }) => `${topic}/${partition}`);
  for (const round of rounds) {
    for (const { topic, partition, count } of round) {
      const key = `${topic}/${partition}`;
      const first = counts.get(key) ?? 0;
      const its = bases.get(key) ?? [];
      const base = baseOf.get(key)?.[its.length]?.baseOffset ?? -1;
      its.push({ first, base });
      bases.set(key, its);
      counts.set(key, first + count);
    }
  }
  return (topic, { partition, index }) => {
    const its = bases.get(`${topic}/${partition}`) ?? [];
    let i = its.length - 1;
    while (i > 0 && its[i]!.first > index) i -= 1;
    const { first, base } = its[i]!;
    return base + index - first;
  };
}
