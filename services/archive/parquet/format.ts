// Parquet as those know it who only move rows.
import type { FileFormat } from '../file-format.ts';
import type { ArchivedRow } from '../row.ts';
import { fileOfBytes } from './read-file.ts';
import { readParquet } from './read.ts';
import { writeParquet } from './write.ts';

export const parquetFiles: FileFormat = {
  begin(dataset) {
    const rows: ArchivedRow<never>[] = [];
    return {
      add: (row) => void rows.push(row as ArchivedRow<never>),
      finish: () => writeParquet(dataset, rows as never),
    };
  },
  read: (dataset, bytes) => readParquet(dataset, fileOfBytes(bytes)),
};
