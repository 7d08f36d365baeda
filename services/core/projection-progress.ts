// How far a projection is with the partitions it holds: with its rows, as its store has it, and with its dead letters,
// as the log has it. They are two transactions, and a crash or a refusal may come between them.
import type { Log } from './log/port.ts';
import type { ProjectionStore } from './stage.ts';

export interface Progress {
  /** The store's number of this ownership; older ones are fenced. */
  readonly epoch: number;
  /** Offset up to which rows are in the store. */
  rowsTo: number;
  /** Offset up to which dead letters are in the log. */
  lettersTo: number;
}

interface Place {
  readonly topic: string;
  readonly partition: number;
}

export interface ProjectionProgress {
  /** Takes a partition over, and says where to read on so that neither rows nor dead letters are missed. */
  acquire(place: Place): Promise<number>;
  /** Of a partition whose batch the log hands out; taken over again when the store had fenced it. */
  of(place: Place): Promise<Progress>;
  /** Forgets an ownership that the store or the log fenced. */
  lost(place: Place): void;
}

export function createProjectionProgress<Tx>(
  stage: { readonly name: string; readonly store: ProjectionStore<Tx> },
  group: string,
  log: Log,
): ProjectionProgress {
  const held = new Map<string, Progress>();
  const taking = new Map<string, Promise<Progress>>();

  /** Lanes that ask at once take it over together: the later one would fence the earlier one's batch. */
  async function takeOver(place: Place): Promise<Progress> {
    const at = placeOf(place);
    let progress = taking.get(at);
    if (progress === undefined) {
      progress = takeOverAlone(place).finally(() => taking.delete(at));
      taking.set(at, progress);
    }
    return progress;
  }

  async function takeOverAlone({ topic, partition }: Place): Promise<Progress> {
    const { offset: rowsTo = 0, epoch } = await stage.store.acquire(stage.name, topic, partition);
    const committed = (await log.committed()).find(
      (at) => at.group === group && at.topic === topic && at.partition === partition,
    );
    const progress = { epoch, rowsTo, lettersTo: committed?.offset ?? 0 };
    held.set(placeOf({ topic, partition }), progress);
    return progress;
  }

  return {
    async acquire(place) {
      const { rowsTo, lettersTo } = await takeOver(place);
      return Math.min(rowsTo, lettersTo);
    },
    async of(place) {
      return held.get(placeOf(place)) ?? (await takeOver(place));
    },
    lost(place) {
      held.delete(placeOf(place));
    },
  };
}

/** A partition's name in messages and maps. */
export function placeOf({ topic, partition }: Place): string {
  return `${topic}/${partition}`;
}
