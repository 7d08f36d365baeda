// Parquet with a type for each column, compressed by Snappy as every reader knows it.
import { parquetWriteBuffer } from 'hyparquet-writer';
import type { Cell, ColumnType, Table } from './table.ts';

type SchemaElement = NonNullable<Parameters<typeof parquetWriteBuffer>[0]['schema']>[number];

const types: Readonly<Record<ColumnType, Pick<SchemaElement, 'type' | 'converted_type'>>> = {
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  count: { type: 'INT64' },
  number: { type: 'DOUBLE' },
  flag: { type: 'BOOLEAN' },
  moment: { type: 'INT64', converted_type: 'TIMESTAMP_MILLIS' },
  day: { type: 'INT32', converted_type: 'DATE' },
};

/** @param told key and value pairs for the file's metadata */
export function parquetOf<Row>(
  { columns, rows }: Table<Row>,
  told: Readonly<Record<string, string>>,
): Buffer {
  const file = parquetWriteBuffer({
    schema: [
      { name: 'root', num_children: columns.length },
      ...columns.map(({ name, type }): SchemaElement => ({
        name,
        ...types[type],
        repetition_type: 'OPTIONAL',
      })),
    ],
    columnData: columns.map(({ name, type, of }) => ({
      name,
      data: rows.map((row) => valueOf(of(row), type)),
    })),
    kvMetadata: Object.entries(told).map(([key, value]) => ({ key, value })),
    createdBy: 'signpost',
  });
  return Buffer.from(file);
}

function valueOf(cell: Cell, type: ColumnType): Cell | bigint | Date {
  if (cell === null) return null;
  if (type === 'count') return BigInt(Number(cell));
  if (type === 'moment' || type === 'day') return new Date(String(cell));
  return cell;
}
