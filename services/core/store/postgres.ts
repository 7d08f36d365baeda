// The connection to Postgres: a bounded pool behind one typed query builder. Whatever fails outside comes out as a
// SignpostError that names the server and never the password.
import { Kysely, PostgresDialect } from 'kysely';
import type { PostgresPool, PostgresPoolClient } from 'kysely';
import { Client, Pool } from 'pg';
import type { ClientBase, PoolConfig } from 'pg';
import { SignpostError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { pgTypes } from './column-types.ts';
import { asStoreError, breaksConnection } from './store-error.ts';
import type { Tables } from './tables.ts';

export interface PostgresOptions {
  /** `postgres://user:password@host:port/database?sslmode=verify-full&sslrootcert=/path/ca.pem` */
  readonly url: string;
  readonly logger?: Logger;
  /** Shown by `pg_stat_activity`. */
  readonly applicationName?: string;
  /** Connections at most. */
  readonly maxConnections?: number;
  readonly connectTimeoutMs?: number;
  /** What a statement may take on the server; somewhat later the connection is given up. */
  readonly statementTimeoutMs?: number;
}

/**
 * A database. Errors of its methods are SignpostErrors `store-unavailable`, `store-refused`,
 * `store-outdated` or `store-busy`.
 */
export interface Db {
  readonly query: Kysely<Tables>;
  /** Host, port and database, for messages; without credentials. */
  readonly where: string;
  /** Ends the pool once nothing is under way. */
  close(): Promise<void>;
}

const idleTimeoutMs = 60_000;
/** How long after the server's own limit an answer is waited for. */
const graceMs = 5000;

/**
 * Connects when first asked something. The tables are made by `migrate`.
 * @throws SignpostError `config-invalid` when `url` is no URL of a Postgres database
 */
export function connectPostgres(options: PostgresOptions): Db {
  const where = placeOf(options.url);
  const statementTimeoutMs = options.statementTimeoutMs ?? 30_000;
  const settings: PoolConfig = {
    connectionString: options.url,
    application_name: options.applicationName ?? 'signpost',
    max: options.maxConnections ?? 4,
    idleTimeoutMillis: idleTimeoutMs,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 10_000,
    statement_timeout: statementTimeoutMs,
    idle_in_transaction_session_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs + graceMs,
    keepAlive: true,
    types: pgTypes,
    onConnect: makeDurable,
  };
  const pool = openPool(settings);
  // Whoever uses a connection that breaks learns of it by its next query, and an idle one is replaced when needed; but
  // an error event that nobody hears would end the process.
  pool.on('connect', (client) => client.on('error', () => undefined));
  pool.on('error', ({ message }) =>
    options.logger?.warn({ database: where }, `An idle database connection ended: ${message}`),
  );
  return {
    query: new Kysely<Tables>({ dialect: new PostgresDialect({ pool: guarded(pool, where) }) }),
    where,
    close: once(() => pool.end()),
  };
}

/** Rows that outputs depend on must survive a crash of the server: no default of a database or role makes it otherwise. */
const durable = `
  SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'`;

/** The pool waits for what this returns, though its type does not say so. */
function makeDurable(client: ClientBase): unknown {
  return client.query(durable);
}

/** The pool as the query builder needs it, with errors translated and connections of unknown state closed. */
function guarded(pool: Pool, where: string): PostgresPool {
  return {
    options: {},
    end: () => pool.end(),
    async connect() {
      const client = await pool.connect().catch((error: unknown) => {
        throw asStoreError(error, where);
      });
      let broken = false;
      const query = async (text: string, values: unknown[]): Promise<unknown> => {
        try {
          return await client.query(text, values);
        } catch (error) {
          broken ||= breaksConnection(error);
          throw asStoreError(error, where);
        }
      };
      // The builder's type has a second form of `query`, for cursors, which are used with a cursor class alone.
      return {
        query,
        release: (destroy = false) => client.release(destroy || broken),
      } as unknown as PostgresPoolClient;
    },
  };
}

/** Reads the settings as a connection will, the URL and the certificates it names, without connecting. */
function openPool(settings: PoolConfig): Pool {
  try {
    void new Client(settings);
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException;
    // Without the cause: it may quote the URL.
    throw code === undefined || path === undefined ? invalidUrl() : unreadable(path, code);
  }
  return new Pool(settings);
}

function placeOf(url: string): string {
  const parsed = URL.parse(url);
  if (parsed === null || !/^postgres(?:ql)?:$/.test(parsed.protocol)) throw invalidUrl();
  const { hostname, port, pathname } = parsed;
  return `${hostname === '' ? 'localhost' : hostname}:${port === '' ? '5432' : port}${pathname}`;
}

function invalidUrl(): SignpostError {
  return new SignpostError(
    'config-invalid',
    'The URL of the database is no URL of a Postgres database',
    {
      hint: 'It looks like postgres://user:password@host:5432/database; a password with /, @, : or % is percent-encoded.',
    },
  );
}

function unreadable(path: string, code: string): SignpostError {
  return new SignpostError(
    'config-invalid',
    `The URL of the database names a file that cannot be read: ${path}`,
    {
      hint: `${code}; sslrootcert, sslcert and sslkey are paths of PEM files.`,
    },
  );
}

function once(end: () => Promise<void>): () => Promise<void> {
  let ended: Promise<void> | undefined;
  return () => (ended ??= end());
}
