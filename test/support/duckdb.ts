// DuckDB in this process, with what it answers as plain values.
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';

export interface Duck {
  /** Rows of the last statement: numbers for every kind of number, text for dates. */
  rows(sql: string): Promise<Record<string, unknown>[]>;
  close(): void;
}

export async function openDuck(): Promise<Duck> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '2' });
  const connection: DuckDBConnection = await instance.connect();
  return {
    async rows(sql) {
      const reader = await connection.runAndReadAll(sql);
      return reader.getRowObjectsJson().map(plain);
    },
    close() {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

/** 64-bit numbers come as text in JSON. */
function plain(row: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : value,
    ]),
  );
}
