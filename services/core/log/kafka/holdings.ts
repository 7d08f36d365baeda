// The partitions that a member holds. Each has a transactional id that is the same on every host: whoever takes it over
// begins with that id, which fences the holder before, and only then asks where the group stands. So a member that
// lost a partition without knowing commits nothing (tulios/kafkajs#1046).
import { SignpostError } from '../../errors.ts';
import type { PassOver } from '../port.ts';
import { createBuffered, type Buffered, type Taken } from './lane.ts';
import type { Assignment } from './membership.ts';
import type { SchemaIds } from './schema-ids.ts';
import type { Transactor } from './transactions.ts';

export interface Holding {
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
  /** How often it was begun with: only the latest beginning counts. */
  begun: number;
}

export interface Out {
  readonly taken: Taken;
  /** Doubtful: a commit failed, and what the broker made of it is unknown. */
  state: 'open' | 'committing' | 'doubtful' | 'settled';
}

export interface Holdings {
  /** Those held or being taken over, in the order they are to be served. */
  readonly all: () => IterableIterator<Holding>;
  assigned(assignment: Assignment): void;
  /** Begins with the partition anew, forgetting what was fetched: after being fenced, or when nobody knows. */
  takeOver(holding: Holding, afterMs?: number): Promise<void>;
  /** Told to whoever asks next. */
  fail(holding: Holding, error: unknown): void;
  /** Moves it behind the others. */
  served(holding: Holding): void;
  readonly isGone: (holding: Holding) => boolean;
  close(): void;
}

export interface HoldingsParts {
  /** As the engine names them. */
  readonly topics: readonly string[];
  readonly passOver: PassOver | undefined;
  readonly wireTopic: (topic: string) => string;
  readonly schemaIds: SchemaIds | undefined;
  /** How long after being fenced a partition that seems to be ours is tried again. */
  readonly retakeMs: number;
  readonly transactorOf: (topic: string, partition: number) => Transactor;
  /** Where to begin; asked once the holder before is fenced. */
  readonly startOf: (topic: string, partition: number) => Promise<number>;
  readonly sleep: (ms: number) => Promise<void>;
  /** A partition can be fetched from, or has failed. */
  readonly onChange: () => void;
}

export function createHoldings(parts: HoldingsParts): Holdings {
  const { topics, wireTopic, schemaIds, retakeMs, transactorOf, startOf, sleep, onChange } = parts;
  const holdings = new Map<string, Holding>();
  const names = new Map(topics.map((topic) => [wireTopic(topic), topic]));
  let memberId = '';
  let closed = false;

  const isGone = (holding: Holding): boolean => closed || holding.state === 'gone';

  function fail(holding: Holding, error: unknown): void {
    if (isGone(holding)) return;
    holding.state = 'failed';
    holding.error = error;
    onChange();
  }

  async function takeOver(holding: Holding, afterMs = 0): Promise<void> {
    const { topic, partition, transactor } = holding;
    holding.state = 'taking';
    holding.buffered = undefined;
    holding.out = undefined;
    const turn = (holding.begun += 1);
    // What an earlier beginning learns of where the group stands may be older than what is committed after a later one.
    const isOver = (): boolean => isGone(holding) || holding.begun !== turn;
    try {
      if (afterMs > 0) await sleep(afterMs);
      if (isOver()) return;
      // Fences first: only after that is what the group committed final.
      await transactor.begin();
      const start = await startOf(topic, partition);
      if (isOver()) return;
      holding.buffered = createBuffered(topic, start, schemaIds, parts.passOver);
      holding.committed = start;
      holding.state = 'held';
      onChange();
    } catch (error) {
      if (isOver()) return;
      const fenced = error instanceof SignpostError && error.code === 'fenced';
      if (fenced) void takeOver(holding, retakeMs);
      else fail(holding, error);
    }
  }

  return {
    all: () => holdings.values(),
    isGone,
    fail,
    takeOver,
    assigned({ memberId: id, partitions }) {
      if (closed) return;
      const now = new Map(
        partitions.map(({ topic, partition }) => {
          const name = names.get(topic) ?? topic;
          return [`${name}/${partition}`, { topic: name, partition }];
        }),
      );
      for (const [key, holding] of holdings) {
        // As another member we cannot know who held it in between.
        if (now.has(key) && id === memberId) continue;
        holding.state = 'gone';
        holding.buffered = undefined;
        holdings.delete(key);
      }
      memberId = id;
      for (const [key, { topic, partition }] of now) {
        if (holdings.has(key)) continue;
        const holding: Holding = {
          topic,
          partition,
          transactor: transactorOf(topic, partition),
          state: 'taking',
          buffered: undefined,
          out: undefined,
          error: undefined,
          committed: 0,
          skipping: false,
          begun: 0,
        };
        holdings.set(key, holding);
        void takeOver(holding);
      }
    },
    served(holding) {
      const key = `${holding.topic}/${holding.partition}`;
      if (holdings.delete(key)) holdings.set(key, holding);
    },
    close() {
      closed = true;
    },
  };
}
