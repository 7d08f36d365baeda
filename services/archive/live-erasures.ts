// Erasures as a running stage knows them: read again every so often. Until they are read for the first time, and where the
// archive is away for a while, words that a stage writes meanwhile are found by the next pass of the erasure.
import { keepTrying, type KeepTrying } from '#core/keep-trying.ts';
import type { ObjectStore } from '#core/objects/port.ts';
import { erasedReader, nobodyErased, type Erased } from './erasures.ts';

export interface LiveErasures {
  current(): Erased;
  /** Reads them until `signal` aborts. @throws bugs alone */
  watch(): Promise<void>;
}

export interface LiveErasuresParts extends KeepTrying {
  /** Opened when they are read for the first time, closed at the end. */
  readonly open: () => Promise<ObjectStore>;
  readonly everyMs?: number;
}

export function createLiveErasures({
  open,
  everyMs = 10_000,
  ...trying
}: LiveErasuresParts): LiveErasures {
  let current = nobodyErased;
  return {
    current: () => current,
    async watch() {
      let objects: ObjectStore | undefined;
      let read: (() => Promise<Erased>) | undefined;
      try {
        await keepTrying(async () => {
          objects ??= await open();
          read ??= erasedReader(objects);
          current = await read();
          return everyMs;
        }, trying);
      } finally {
        await objects?.close();
      }
    },
  };
}
