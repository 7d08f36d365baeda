// Where a subscription's records come from, as the subscription sees it: Kafka or a data directory.
import type { Logger } from '#core/logger.ts';
import type { Lane } from './lane.ts';

/** A lane takes no more records while this many wait in it. */
export const highWater = 1_000;
/** A call under way when a subscription closes may take so long; what it does after is done again later. */
export const closeTimeoutMs = 10_000;

export interface FeedOptions {
  readonly topic: string;
  readonly group: string;
  /** Where a group begins that has read nothing yet: with the oldest record kept, or with what comes from now on. */
  readonly fromBeginning: boolean;
  readonly logger: Logger;
  readonly lane: (hooks: LaneHooks) => Lane;
  /** Called once when the feed ended by itself and cannot go on. */
  readonly onEnd: (error: Error) => void;
}

export interface LaneHooks {
  readonly onDone: (nextOffset: number) => void;
  readonly onDrain: () => void;
  /** Nothing is handled before this resolves. */
  readonly after?: Promise<void>;
}

export interface Feed {
  /** Ends the calls under way, commits what is through, and leaves the group. */
  close(): Promise<void>;
}
