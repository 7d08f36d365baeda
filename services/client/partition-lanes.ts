// The partitions that a member of a group holds, each with a lane of its own: what becomes of records, commits and calls
// under way when partitions come and go.
import type { ReceivedRecord } from '#core/log/port.ts';
import { highWater, type FeedOptions } from './feed.ts';
import type { Lane } from './lane.ts';
import type { OffsetCommits } from './offset-commits.ts';

export interface PartitionLanesOptions {
  readonly lane: FeedOptions['lane'];
  readonly commits: OffsetCommits;
  /** No more records of a partition are to be fetched for now. */
  readonly pause: (partition: number) => void;
  readonly resume: (partition: number) => void;
  /** The partition is somebody else's now. */
  readonly onGone: (partition: number) => void;
}

export class PartitionLanes {
  readonly #options: PartitionLanesOptions;
  readonly #lanes = new Map<number, Lane>();
  /** Calls that still run in lanes given up; a partition that comes back waits for them. */
  readonly #leaving = new Map<number, Promise<void>>();

  constructor(options: PartitionLanesOptions) {
    this.#options = options;
  }

  has(partition: number): boolean {
    return this.#lanes.has(partition);
  }

  /** Holds `partitions` from now on and no others. Lanes of those that stay go on: what they hold is not read twice. */
  assign(partitions: readonly number[]): void {
    const { commits, pause, onGone } = this.#options;
    for (const [partition, lane] of this.#lanes) {
      if (partitions.includes(partition)) continue;
      void this.#stop(partition, lane);
      this.#lanes.delete(partition);
      commits.forget(partition);
      onGone(partition);
    }
    for (const partition of partitions) {
      const lane = this.#lanes.get(partition);
      if (lane === undefined) this.#lanes.set(partition, this.#newLane(partition));
      else if (lane.buffered >= highWater) pause(partition);
    }
  }

  /** Takes in what was read up to `nextOffset`; false when the partition is not held. */
  take(partition: number, records: readonly ReceivedRecord[], nextOffset: number): boolean {
    const lane = this.#lanes.get(partition);
    if (lane === undefined) return false;
    lane.push(records, nextOffset);
    if (lane.buffered >= highWater) this.#options.pause(partition);
    return true;
  }

  /** Resolves once every call under way has ended; what they got through still counts. */
  async stop(): Promise<void> {
    for (const [partition, lane] of this.#lanes) void this.#stop(partition, lane);
    await Promise.all(this.#leaving.values());
  }

  #newLane(partition: number): Lane {
    const { lane: open, commits, resume } = this.#options;
    const after = this.#leaving.get(partition);
    const lane: Lane = open({
      onDone: (nextOffset) => {
        // A lane that was given up may be through later than its partition went.
        if (this.#lanes.get(partition) === lane) commits.add(partition, nextOffset);
      },
      onDrain: () => {
        if (lane.buffered < highWater / 2) resume(partition);
      },
      ...(after === undefined ? {} : { after }),
    });
    return lane;
  }

  #stop(partition: number, lane: Lane): Promise<void> {
    const ended = lane.stop().finally(() => {
      if (this.#leaving.get(partition) === ended) this.#leaving.delete(partition);
    });
    this.#leaving.set(partition, ended);
    return ended;
  }
}
