// PostgreSQL inside this process, for one machine: the same SQL and the same migrations as a server's, one connection.
import { mkdirSync } from 'node:fs';
import { PGlite } from '@electric-sql/pglite';
import { Kysely, PostgresDialect, type PostgresPool, type PostgresPoolClient } from 'kysely';
import { SignpostError } from '../errors.ts';
import { pgliteParsers } from './column-types.ts';
import type { Db } from './postgres.ts';
import { asStoreError } from './store-error.ts';
import type { Tables } from './tables.ts';

/**
 * @param directory made when missing; undefined: in memory, for tests. One process at a time may have it open.
 * @throws SignpostError `store-unavailable` when it cannot be opened
 */
export async function openPglite(directory: string | undefined): Promise<Db> {
  const where = directory ?? 'memory';
  const lite = await open(directory, where);
  const turns = createTurns();
  const pool: PostgresPool = {
    options: {},
    end: () => lite.close(),
    async connect() {
      const release = await turns.next();
      const query = async (text: string, values?: readonly unknown[]): Promise<unknown> => {
        try {
          const { rows, affectedRows } = await lite.query(text, [...(values ?? [])]);
          return { rows, rowCount: affectedRows ?? rows.length, command: commandOf(text) };
        } catch (error) {
          throw asStoreError(error, where);
        }
      };
      return { query, release } as unknown as PostgresPoolClient;
    },
  };
  const query = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  let closed: Promise<void> | undefined;
  return { query, where, close: () => (closed ??= turns.next().then(() => lite.close())) };
}

async function open(directory: string | undefined, where: string): Promise<PGlite> {
  try {
    if (directory !== undefined) mkdirSync(directory, { recursive: true, mode: 0o700 });
    return await PGlite.create({
      ...(directory === undefined ? {} : { dataDir: directory }),
      parsers: pgliteParsers,
    });
  } catch (cause) {
    throw new SignpostError('store-unavailable', `Cannot open the database in ${where}`, {
      cause,
      hint: 'Is its disk full or read-only, or does another process have it open? It can be made anew from the log: move the folder away.',
    });
  }
}

/** Kysely asks for the command to tell whether `rowCount` counts rows changed. */
function commandOf(text: string): string {
  return /^\s*(\w+)/.exec(text)?.[1]?.toUpperCase() ?? '';
}

/** One after the other, in the order they came: there is one connection, and a transaction has it to itself. */
function createTurns() {
  let last: Promise<void> = Promise.resolve();
  return {
    async next(): Promise<() => void> {
      const before = last;
      let done!: () => void;
      last = new Promise((resolve) => (done = resolve));
      await before;
      return done;
    },
  };
}
