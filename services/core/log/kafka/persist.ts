// Trying again what is wrong for a moment only: a leader or coordinator that moves, a connection that broke, the
// transaction before that is still being finished. Fencing and refusals are never tried again.
import { SignpostError } from '../../errors.ts';
import type { Brokers } from './brokers.ts';
import { isConnectionLoss, protocolType, toSignpostError } from './kafka-error.ts';

export interface PersistParts {
  /** Told of failures, so that leaders and coordinators are asked for anew. */
  readonly brokers: Brokers;
  /** Milliseconds. */
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** An answer was lost: what was asked may still be on its way, and be done at any time. */
  readonly onLost?: () => void;
}

const passing: ReadonlySet<string> = new Set([
  'CONCURRENT_TRANSACTIONS',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'GROUP_LOAD_IN_PROGRESS',
  'NOT_COORDINATOR_FOR_GROUP',
  'NOT_LEADER_FOR_PARTITION',
  'LEADER_NOT_AVAILABLE',
  'UNKNOWN_TOPIC_OR_PARTITION',
  'REQUEST_TIMED_OUT',
  'NOT_ENOUGH_REPLICAS',
  'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
  'REPLICA_NOT_AVAILABLE',
  'BROKER_NOT_AVAILABLE',
  'NETWORK_EXCEPTION',
  'KAFKA_STORAGE_ERROR',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
  'OFFSET_NOT_AVAILABLE',
]);
const pauseMs = { concurrent: 5, mostConcurrent: 50, first: 20, most: 500 };

/** Asks until it works, fails for good, or `until` (milliseconds, as `now`) has come; @throws the last error. */
export async function persist<T>(
  { brokers, now, sleep, onLost }: PersistParts,
  until: number,
  ask: () => Promise<T>,
): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await ask();
    } catch (error) {
      if (isConnectionLoss(error)) onLost?.();
      if (!isPassing(error) || now() >= until) throw error;
      if (protocolType(error) === 'CONCURRENT_TRANSACTIONS') {
        await sleep(Math.min(pauseMs.concurrent * (tries + 1), pauseMs.mostConcurrent));
      } else {
        brokers.failed(error);
        await sleep(Math.min(pauseMs.first * 2 ** Math.min(tries, 10), pauseMs.most));
      }
    }
  }
}

function isPassing(error: unknown): boolean {
  const type = protocolType(error);
  if (type !== undefined) return passing.has(type);
  // Refused credentials and certificates are connections that could not be made, too.
  const told = toSignpostError(error, '');
  if (!(told instanceof SignpostError) || told.code !== 'log-unavailable') return false;
  return error instanceof SignpostError || isConnectionLoss(error);
}
