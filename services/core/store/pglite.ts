// PostgreSQL inside this process, for one machine: the same SQL and the same migrations as a server's, one connection.
import { Kysely, PostgresDialect, type PostgresPool, type PostgresPoolClient } from 'kysely';
import { startPglite, type Lite } from './pglite-start.ts';
import type { Db } from './postgres.ts';
import { asStoreError } from './store-error.ts';
import type { Tables } from './tables.ts';
import { createTurns } from './turns.ts';

/**
 * In this thread, which stands still while it works: for tests and for commands that do nothing else. Whoever serves
 * others meanwhile opens it in a thread of its own, see `openPgliteThread`.
 * @param directory made when missing; undefined: in memory. One process at a time may have it open.
 * @throws SignpostError as `startPglite`
 */
export async function openPglite(directory: string | undefined): Promise<Db> {
  return databaseOn(await startPglite(directory, Date.now()), directory ?? 'memory');
}

/** The database as whoever started it has it. @param where for messages */
export function databaseOn(lite: Lite, where: string): Db {
  const turns = createTurns();
  const query = pgliteQueries({
    async connect() {
      const release = await turns.next();
      return {
        async query(text, values) {
          try {
            return await lite.query(text, values);
          } catch (error) {
            throw asStoreError(error, where);
          }
        },
        release,
      };
    },
  });
  let closed: Promise<void> | undefined;
  return { query, where, close: () => (closed ??= turns.next().then(() => lite.close())) };
}

/** What a statement brought about. */
export interface Answer {
  readonly rows: readonly unknown[];
  /** Rows changed, or returned. */
  readonly rowCount: number;
}

/** The one connection, for the time of a turn. */
export interface Turn {
  query(text: string, values: readonly unknown[]): Promise<Answer>;
  release(): void;
}

/** The query builder on whoever gives turns with the one connection. */
export function pgliteQueries(source: { connect(): Promise<Turn> }): Kysely<Tables> {
  const pool: PostgresPool = {
    options: {},
    end: () => Promise.resolve(),
    async connect() {
      const turn = await source.connect();
      const query = async (text: string, values?: readonly unknown[]): Promise<unknown> => ({
        ...(await turn.query(text, values ?? [])),
        command: commandOf(text),
      });
      return { query, release: () => turn.release() } as unknown as PostgresPoolClient;
    },
  };
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
}

/** Kysely asks for the command to tell whether `rowCount` counts rows changed. */
export function commandOf(text: string): string {
  return /^\s*(\w+)/.exec(text)?.[1]?.toUpperCase() ?? '';
}
