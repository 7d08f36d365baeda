// Rows back out of a Parquet file that this release wrote or an earlier one: what its record's codec makes of them is,
// byte for byte, what it made of them when they were archived.
import type { Dataset } from '../datasets.ts';
import type { ArchivedRow } from '../row.ts';
import { type LeafValues, openFile, type ParquetFile } from './read-file.ts';
import { columnAt, planOf, type ReadPlan } from './read-plan.ts';
import { fileSchemaOf } from './schema.ts';

/** Rows that are handed out at once. */
const batchRows = 2000;

/**
 * The rows of a file, in its order.
 * @throws SignpostError `archive-damaged` where it is no whole file of the dataset; what `file` throws
 */
export async function* readParquet<T>(
  dataset: Dataset<T>,
  file: ParquetFile,
): AsyncGenerator<readonly ArchivedRow<T>[]> {
  const opened = await openFile(dataset, file);
  const { fields, bookkeeping } = fileSchemaOf(dataset);
  const columns = [...fields, ...bookkeeping];
  const plan = opened.sound(() => planOf(columns, opened.schema));
  const names = columns.map(({ name }) => name);
  for (const [group, rows] of opened.groupRows.entries()) {
    const leaves = await opened.leavesOf(group, plan.leaves);
    for (let start = 0; start < rows; start += batchRows) {
      const end = Math.min(start + batchRows, rows);
      yield opened.sound(() => {
        const batch: ArchivedRow<T>[] = [];
        for (let row = start; row < end; row++)
          batch.push(rowOf(names, fields.length, valuesOf(plan, leaves, row)));
        return batch;
      });
    }
  }
}

/**
 * Some columns alone, by what they are called in the schema: `_offset`, `signal.customer`. Of each row group their values,
 * one a row. Hardly more of the file is read than they take. @throws SignpostError as `readParquet`
 */
export async function* readColumns<Name extends string>(
  dataset: Dataset<unknown>,
  file: ParquetFile,
  names: readonly Name[],
): AsyncGenerator<Readonly<Record<Name, readonly unknown[]>>> {
  const opened = await openFile(dataset, file);
  const { fields, bookkeeping } = fileSchemaOf(dataset);
  const wanted = names.map((name) => ({ name, ...columnAt([...fields, ...bookkeeping], name) }));
  const columns = wanted.map(({ column }) => column);
  const plan = opened.sound(() => planOf(columns, opened.schema));
  for (const [group, rows] of opened.groupRows.entries()) {
    const leaves = await opened.leavesOf(group, plan.leaves);
    yield opened.sound(() => {
      const held = Array.from({ length: rows }, (_, row) => valuesOf(plan, leaves, row));
      return Object.fromEntries(
        wanted.map(({ name, pick }, index) => [name, held.map((values) => pick(values[index]))]),
      ) as unknown as Readonly<Record<Name, readonly unknown[]>>;
    });
  }
}

function valuesOf({ columns }: ReadPlan, leaves: LeafValues, row: number): readonly unknown[] {
  const held = leaves.map((values) => values[row]);
  return columns.map(({ read, start }) => read(held, start));
}

/** @param values of all columns, `fieldCount` fields of the record and then where it was on the topic */
function rowOf<T>(
  names: readonly string[],
  fieldCount: number,
  values: readonly unknown[],
): ArchivedRow<T> {
  const record: Record<string, unknown> = {};
  for (let i = 0; i < fieldCount; i++) record[names[i]!] = values[i];
  const [partition, offset, timestamp, origin, traceparent, replayOf, erasedAt] = values.slice(
    fieldCount,
  ) as [number, number, number, string | null, string | null, string | null, number | null];
  return {
    partition,
    offset,
    timestamp,
    origin,
    traceparent,
    replayOf,
    erasedAt,
    record: record as T,
  };
}
