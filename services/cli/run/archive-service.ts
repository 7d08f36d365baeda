// The archive's store of objects in a service: those who use it may be built before it is there.
import { SignpostError } from '#core/errors.ts';
import type { ObjectStore } from '#core/objects/port.ts';
import { keeperLeaseKey } from '../../archive/layout.ts';
import { archiveUrl, openArchive } from '../archive/open-archive.ts';
import type { Config } from '../config.ts';
import type { LogAt } from '../open-log.ts';

export interface RunArchive {
  /** What is asked before it is reached is refused (`objects-unavailable`). */
  readonly store: ObjectStore;
  /**
   * One attempt to open it. Of a data directory the log is open by then.
   * @param signal ends all calls with its reason
   */
  reach(signal: AbortSignal): Promise<true>;
  /** Asks it something small; undefined until it is reached. */
  ask(): Promise<unknown> | undefined;
  close(): Promise<void>;
}

/** @throws SignpostError `config-invalid` when a cluster's is not named */
export function createRunArchive(at: LogAt, config: Config): RunArchive {
  if (!config.archive.enabled)
    throw new SignpostError(
      'config-invalid',
      'archive.enabled is false: there is no archive to run',
      {
        hint: 'Leave archive out of `signpost run`, or set it to true.',
      },
    );
  const where = archiveUrl(at, config);
  let opened: ObjectStore | undefined;
  const now = (): ObjectStore => {
    if (opened !== undefined) return opened;
    throw new SignpostError('objects-unavailable', `The archive in ${where} is not opened yet`);
  };
  return {
    store: {
      get where() {
        return opened?.where ?? where;
      },
      get: async (key) => now().get(key),
      range: async (key, start, end) => now().range(key, start, end),
      head: async (key) => now().head(key),
      put: async (key, bytes, condition) => now().put(key, bytes, condition),
      list: (prefix, after) => now().list(prefix, after),
      delete: async (keys) => now().delete(keys),
      close: () => Promise.resolve(),
    },
    async reach(signal) {
      opened ??= await openArchive(at, config, { signal });
      return true;
    },
    ask: () => opened?.head(keeperLeaseKey),
    async close() {
      await opened?.close();
    },
  };
}
