// How rows lie in a file, as those see it who only move them: Parquet, or what is quicker in tests.
import type { Dataset } from './datasets.ts';
import type { ArchivedRow } from './row.ts';

export interface FileFormat {
  /** A file that grows row by row; the same rows give the same bytes. */
  begin<T>(dataset: Dataset<T>): GrowingFile<T>;
  /**
   * The rows of a whole file, in its order, a few at a time.
   * @throws SignpostError where it is none of this format
   */
  read<T>(dataset: Dataset<T>, bytes: Uint8Array): AsyncIterable<readonly ArchivedRow<T>[]>;
}

export interface GrowingFile<T> {
  add(row: ArchivedRow<T>): void;
  finish(): Uint8Array;
}
