// Packed weeks, remembered: which of them a reader sees, and whether they are still the same, the database says each
// time; only their bytes need not come again.
import { sql } from 'kysely';
import {
  streamNumbers,
  unpackColumns,
  type FactColumns,
  type Stream,
} from '#core/store/fact-columns.ts';
import type { Db } from '#core/store/postgres.ts';
import type { Reading } from './as-reader.ts';

export interface Pack {
  readonly stream: Stream;
  readonly departments: bigint;
  readonly columns: FactColumns;
}

interface Listed {
  readonly week: string;
  readonly stream: number;
  readonly departments: string;
  readonly made: string;
}

/** What is remembered of one database, in bytes; what was used longest ago makes room. */
const mostBytes = 192 * 2 ** 20;
/** As many are read at once as these rows are in. */
const batchSize = 64;

interface Remembered {
  readonly made: string;
  readonly columns: FactColumns;
  readonly bytes: number;
}
interface Memory {
  readonly packs: Map<string, Remembered>;
  bytes: number;
}
const memories = new WeakMap<Db, Memory>();

/**
 * Packs of the weeks from `from` to `to` (their Mondays, `2026-11-23`), as the reader may see them.
 * @throws SignpostError as `Db` does
 */
export async function* readPacks(
  { tx, db }: Reading,
  streams: readonly Stream[],
  weeks: { readonly from: string; readonly to: string },
): AsyncGenerator<Pack> {
  const { rows: listed } = await sql<Listed>`
    SELECT week, stream, departments::text AS departments, made::text AS made FROM signpost.packed_weeks
    WHERE week BETWEEN ${weeks.from}::date AND ${weeks.to}::date
      AND stream = ANY (${streams.map((each) => streamNumbers[each])}::int[])
    ORDER BY week, stream, departments`.execute(tx);
  const memory = memoryOf(db);
  for (let start = 0; start < listed.length; start += batchSize) {
    const batch = listed.slice(start, start + batchSize);
    const missing = batch.filter((each) => memory.packs.get(nameOf(each))?.made !== each.made);
    const read = missing.length === 0 ? null : await load(tx, missing);
    for (const each of batch) {
      const name = nameOf(each);
      const columns = read?.get(name) ?? memory.packs.get(name)?.columns;
      if (columns === undefined) continue;
      remember(memory, name, { made: each.made, columns, bytes: bytesOf(columns) });
      yield { stream: streamOf(each.stream), departments: BigInt(each.departments), columns };
    }
  }
}

async function load(
  tx: Reading['tx'],
  missing: readonly Listed[],
): Promise<ReadonlyMap<string, FactColumns>> {
  const { rows } = await sql<Omit<Listed, 'made'> & { columns: Uint8Array }>`
    SELECT week, stream, departments::text AS departments, columns FROM signpost.packed_weeks
    JOIN unnest(${missing.map(({ week }) => week)}::date[], ${missing.map(({ stream }) => stream)}::int[],
      ${missing.map(({ departments }) => departments)}::bigint[]) AS one (week, stream, departments)
      USING (week, stream, departments)`.execute(tx);
  return new Map(rows.map((row) => [nameOf(row), unpackColumns(row.columns)]));
}

function nameOf({ week, stream, departments }: Omit<Listed, 'made'>): string {
  return `${week} ${stream} ${departments}`;
}

function streamOf(number: number): Stream {
  return (Object.keys(streamNumbers) as Stream[]).find((each) => streamNumbers[each] === number)!;
}

function memoryOf(db: Db): Memory {
  let memory = memories.get(db);
  if (memory === undefined) memories.set(db, (memory = { packs: new Map(), bytes: 0 }));
  return memory;
}

/** What was used last is last in the map. */
function remember(memory: Memory, name: string, entry: Remembered): void {
  memory.bytes += entry.bytes - (memory.packs.get(name)?.bytes ?? 0);
  memory.packs.delete(name);
  memory.packs.set(name, entry);
  for (const [oldest, { bytes }] of memory.packs) {
    if (memory.bytes <= mostBytes) break;
    memory.packs.delete(oldest);
    memory.bytes -= bytes;
  }
}

function bytesOf(columns: FactColumns): number {
  return Object.values(columns).reduce<number>(
    (sum, column) => sum + (typeof column === 'number' ? 0 : column.byteLength),
    0,
  );
}
