// Erasures as a running stage knows them: whenever it asks after a while they are read again, beside its work. Until they
// were read for the first time, and where the archive is away, what it lets through is found by the next pass of the erasure.
import { SignpostError } from '#core/errors.ts';
import type { Logger } from '#core/logger.ts';
import type { ObjectStore } from '#core/objects/port.ts';
import { erasedReader, nobodyErased, type Erased } from './erasures.ts';

export interface LiveErasuresParts {
  /** Called when they are read for the first time, and again where it failed. */
  readonly open: () => Promise<ObjectStore>;
  readonly logger: Logger;
  /** Milliseconds, from any moment on. */
  readonly clock: () => number;
  readonly everyMs?: number;
}

/** @returns what is known now, at once */
export function createLiveErasures({
  open,
  logger,
  clock,
  everyMs = 10_000,
}: LiveErasuresParts): () => Erased {
  let current = nobodyErased;
  let readAt = Number.NEGATIVE_INFINITY;
  let reader: Promise<() => Promise<Erased>> | undefined;
  let isReading = false;
  const read = async (): Promise<void> => {
    isReading = true;
    try {
      reader ??= open().then(erasedReader);
      current = await (await reader)();
    } catch (error) {
      reader = undefined;
      if (!(error instanceof SignpostError)) throw error;
      logger.warn({ code: error.code }, `Erasures are read later: ${error.message}`);
    } finally {
      readAt = clock();
      isReading = false;
    }
  };
  return () => {
    if (!isReading && clock() - readAt >= everyMs) void read();
    return current;
  };
}
