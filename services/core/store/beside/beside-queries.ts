// Statements that name live tables and mean those of the same names in another schema: so the code that fills the live
// ones fills these. Only the text of a statement is changed, never its parameters.
import {
  CompiledQuery,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type DatabaseConnection,
  type Driver,
  type TransactionSettings,
} from 'kysely';
import type { Tables } from '../tables.ts';

/** Where tables that are to take the place of live ones are filled, and where those go that were replaced. */
export const schemas = {
  live: 'signpost',
  beside: 'signpost_replay',
  replaced: 'signpost_replaced',
} as const;

/** Locks of the tables beside are not those of the live ones: neither waits for the other. */
const besideLocks = 1_000;

/**
 * The query builder on the connections of `queries`, with `tables` (names without their schema) taken from beside.
 * Within a transaction, it is one with what is asked here: a transaction begun here is part of it.
 */
export function besideQueries(queries: Kysely<Tables>, tables: readonly string[]): Kysely<Tables> {
  const rewrite = besideText(tables);
  return new Kysely<Tables>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => driverOn(queries, rewrite),
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  });
}

/** @returns what turns a statement about live tables into one about those beside. Pure. */
export function besideText(tables: readonly string[]): (text: string) => string {
  const named = new RegExp(
    `(?<![\\w.])("?)${schemas.live}\\1\\.("?)(${tables.join('|')})\\2(?!\\w)`,
    'g',
  );
  const locks = /(pg_(?:try_)?advisory_xact_lock\()(\d+)(\))/g;
  return (text) =>
    text
      .replace(named, (_, quote: string, inner: string, table: string) => {
        return `${quote}${schemas.beside}${quote}.${inner}${table}${inner}`;
      })
      .replace(
        locks,
        (_, call: string, key: string, end: string) =>
          `${call}${String(Number(key) + besideLocks)}${end}`,
      );
}

interface Held extends DatabaseConnection {
  giveBack(): void;
}

function driverOn(queries: Kysely<Tables>, rewrite: (text: string) => string): Driver {
  const isPart = queries.isTransaction;
  const say = async (connection: DatabaseConnection, text: string): Promise<void> => {
    if (!isPart) await connection.executeQuery(CompiledQuery.raw(text));
  };
  return {
    init: async () => {},
    acquireConnection: () => held(queries, rewrite),
    releaseConnection: async (connection) => (connection as Held).giveBack(),
    beginTransaction: (connection, settings) => say(connection, beginning(settings)),
    commitTransaction: (connection) => say(connection, 'commit'),
    rollbackTransaction: (connection) => say(connection, 'rollback'),
    destroy: async () => {},
  };
}

function beginning({ isolationLevel, accessMode }: TransactionSettings): string {
  const level = isolationLevel === undefined ? '' : ` isolation level ${isolationLevel}`;
  return `start transaction${level}${accessMode === undefined ? '' : ` ${accessMode}`}`;
}

/** A connection of `queries`, until it is given back. */
async function held(queries: Kysely<Tables>, rewrite: (text: string) => string): Promise<Held> {
  const given = Promise.withResolvers<Held>();
  const returned = Promise.withResolvers<void>();
  queries
    .getExecutor()
    .provideConnection(async (connection) => {
      given.resolve({
        executeQuery: (query) => connection.executeQuery({ ...query, sql: rewrite(query.sql) }),
        streamQuery() {
          throw new Error('Nothing is streamed from tables beside the live ones');
        },
        giveBack: () => returned.resolve(),
      });
      await returned.promise;
    })
    .catch(given.reject);
  return given.promise;
}
