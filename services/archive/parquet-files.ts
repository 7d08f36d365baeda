// Parquet as those see it who only move rows.
import type { FileFormat } from './file-format.ts';
import { fileOfBytes } from './parquet/read-file.ts';
import { readParquet } from './parquet/read.ts';
import { growParquet } from './parquet/write.ts';

export const parquetFiles: FileFormat = {
  begin: (dataset) => growParquet(dataset),
  read: (dataset, bytes) => readParquet(dataset, fileOfBytes(bytes)),
};
