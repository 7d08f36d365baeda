// The planners' database of services: Postgres on a cluster, PGlite in a thread of its own on a data directory. Those who
// use it may be built before it is there.
import { SignpostError } from '#core/errors.ts';
import type { Logger } from '#core/logger.ts';
import type { Db } from '#core/store/postgres.ts';
import type { Config } from '../config.ts';
import type { LogAt } from '../open-log.ts';
import { storeDirectory } from '../store-place.ts';
import { databaseUrl } from './open-service-log.ts';

export interface RunStore {
  /** For whoever writes. What is asked before it is reached is refused (`store-unavailable`). */
  readonly db: Db;
  /** For whoever answers questions: its statements are given up after `portal.statementTimeoutMs`. */
  readonly reading: Db;
  /** One attempt to reach it and bring its tables up to date. Of a data directory the log is open by then. */
  reach(): Promise<true>;
  /** Asks it something small; undefined until it is reached. */
  ask(): Promise<unknown> | undefined;
  /** Rejects when it ended for good; never resolves. */
  readonly failed: Promise<never>;
  close(): Promise<void>;
}

interface Reached {
  readonly db: Db;
  readonly reading: Db;
  close(): Promise<void>;
}

/** @throws SignpostError `config-invalid` when a cluster's is not named. */
export function createRunStore(at: LogAt, config: Config, logger: Logger): RunStore {
  const { promise: failed, reject } = Promise.withResolvers<never>();
  failed.catch(() => {});
  const url = at.kind === 'kafka' ? databaseUrl(config.database) : undefined;
  let reached: Reached | undefined;
  let opened: Reached | undefined;

  async function open(): Promise<Reached> {
    if (at.kind === 'kafka') return openPostgres(url!, config, logger);
    const { openPgliteThread } = await import('#core/store/open-pglite-thread.ts');
    const store = openPgliteThread(storeDirectory(at.directory));
    store.failed.catch(reject);
    const { db } = store;
    return { db, reading: db, close: () => store.close() };
  }

  function late(which: 'db' | 'reading'): Db {
    const now = (): Db => {
      if (reached !== undefined) return reached[which];
      throw new SignpostError('store-unavailable', 'The database is not opened yet');
    };
    return {
      get query() {
        return now().query;
      },
      get where() {
        return now().where;
      },
      close: () => Promise.resolve(),
    };
  }

  return {
    db: late('db'),
    reading: late('reading'),
    async reach() {
      opened ??= await open();
      const { migrate } = await import('#core/store/migrate.ts');
      await migrate(opened.db);
      reached = opened;
      return true;
    },
    ask() {
      if (reached === undefined) return undefined;
      const { query } = reached.db;
      return import('kysely').then(({ sql }) => sql`SELECT 1`.execute(query));
    },
    failed,
    async close() {
      await opened?.close();
    },
  };
}

async function openPostgres(url: string, { portal }: Config, logger: Logger): Promise<Reached> {
  const { connectPostgres } = await import('#core/store/postgres.ts');
  const db = connectPostgres({ url, logger });
  const reading = connectPostgres({
    url,
    logger,
    applicationName: 'signpost-portal',
    maxConnections: portal.questionsAtATime,
    statementTimeoutMs: portal.statementTimeoutMs,
  });
  return {
    db,
    reading,
    async close() {
      await Promise.all([db.close(), reading.close()]);
    },
  };
}
