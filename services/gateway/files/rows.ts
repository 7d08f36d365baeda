// Reads a file by its mapping: batches of inputs and refusals in file order. Every line that is not blank
// ends in exactly one result, and the same file gives the same results, which is what resuming rests on.
import { createHash } from 'node:crypto';
import { SignpostError } from '#core/errors.ts';
import { compileMapping, type ReadResult } from '../mapping/apply.ts';
import type { Mapping } from '../mapping/mapping.ts';
import { createCsvReader, type RawRecord, type RecordReader } from './csv.ts';
import { checkColumns, readHeader, refuseJsonDocument } from './header.ts';
import type { Flaw } from './import-reason.ts';
import { createJsonlReader } from './jsonl.ts';
import { readLines } from './lines.ts';
import { defaultOpenLimits, openFile, type BytesOrFlaw, type OpenLimits } from './open-file.ts';

export interface ReadLimits extends OpenLimits {
  readonly maxLineBytes: number;
  /** Of a delimited record with line ends inside quotes. */
  readonly maxRecordChars: number;
  readonly maxRecordLines: number;
  /** Of JSON, objects and arrays inside one another. */
  readonly maxDepth: number;
}

export const defaultReadLimits: ReadLimits = {
  ...defaultOpenLimits,
  maxLineBytes: 2 ** 20,
  maxRecordChars: 2 ** 20,
  maxRecordLines: 1000,
  maxDepth: 32,
};

export interface ReadOptions {
  /** Results already dealt with in an earlier run, counted as `recordsDone` counts them. */
  readonly skipRecords?: number;
  readonly signal?: AbortSignal;
  /** Bytes of the file (packed, for gzip) read so far, and its size. */
  readonly onProgress?: (bytesRead: number, bytesTotal: number) => void;
  /** The clock by which a time is implausible; the system's when not given. */
  readonly nowMs?: () => number;
  readonly limits?: Partial<ReadLimits>;
}

export interface ReadBatch {
  readonly results: readonly ReadResult[];
  /** Results up to the end of this batch, refused and skipped ones too. */
  readonly recordsDone: number;
  /** What `$fileHash` stands for in this file, and the columns of a delimited one. */
  readonly fileHash: string;
  readonly header: readonly string[] | undefined;
}

const maxBatchResults = 500;
// Long records make smaller batches: a batch is what lies in memory at a time.
const maxBatchChars = 4 * 2 ** 20;
const headBytes = 64 * 1024;

/**
 * Reads `file`. Throws a SignpostError for what is wrong with the file as a whole: those of openFile and
 * readLines, `file-empty`, `header-unreadable`, `column-missing`, `column-twice`, `wrong-delimiter`,
 * `not-json-lines`.
 */
export async function* readMapped(
  file: string,
  mapping: Mapping,
  options: ReadOptions = {},
): AsyncGenerator<ReadBatch> {
  const limits = { ...defaultReadLimits, ...options.limits };
  const { signal, onProgress, nowMs = Date.now, skipRecords = 0 } = options;
  const [head, chunks] = await withHead(openFile(file, { limits, signal, onProgress }));
  const fileHash = createHash('sha256').update(head).digest('hex').slice(0, 12);
  const lines = readLines(chunks, {
    encoding: mapping.encoding,
    maxLineBytes: limits.maxLineBytes,
  });

  const hasHeaderLine = mapping.format !== 'jsonl' && mapping.columns === undefined;
  let header: readonly string[] | undefined = mapping.columns;
  let toResult: ((record: RawRecord) => ReadResult) | undefined;
  const reader: RecordReader =
    mapping.format === 'jsonl'
      ? createJsonlReader(limits)
      : createCsvReader({ ...limits, ...mapping, width: mapping.columns?.length });

  let records: RawRecord[] = [];
  let results: ReadResult[] = [];
  let seen = 0;
  let chars = 0;
  let isStart = true;

  const start = (): void => {
    const [first] = records;
    if (first === undefined) return;
    isStart = false;
    if (mapping.format === 'jsonl') refuseJsonDocument(file, first);
    if (hasHeaderLine) {
      header = readHeader(file, first, mapping);
      records.shift();
    } else if (header !== undefined) checkColumns(file, header, mapping);
    toResult = compileMapping(mapping, { fileHash, nowMs, header });
  };
  function* flush(): Generator<ReadBatch> {
    if (results.length > 0) yield { results, recordsDone: seen, fileHash, header };
    results = [];
    chars = 0;
  }
  function* cut(isEnd: boolean): Generator<ReadBatch> {
    if (isStart) start();
    for (const record of records) {
      seen += 1;
      if (seen <= skipRecords || toResult === undefined) continue;
      results.push(toResult(record));
      chars += record.raw.length;
      if (results.length >= maxBatchResults || chars >= maxBatchChars) yield* flush();
    }
    records = [];
    if (isEnd) yield* flush();
  }

  try {
    for await (const block of lines) {
      signal?.throwIfAborted();
      reader.push(block, records);
      yield* cut(false);
    }
  } catch (error) {
    // What was read before a disk or an archive failed is good, and is not read twice on resuming.
    if (signal?.aborted !== true) yield* flush();
    throw error;
  }
  reader.end(records);
  yield* cut(true);
  if (isStart)
    throw new SignpostError('file-empty', `${file} is empty: it has no line that is not blank.`, {
      hint: 'Check that the export it comes from has finished.',
    });
}

/** The first 64 KiB (or all) of the bytes, and all of them with these joined as the first chunk. */
async function withHead(
  chunks: AsyncGenerator<BytesOrFlaw>,
): Promise<[head: Buffer, all: AsyncGenerator<BytesOrFlaw>]> {
  const held: Buffer[] = [];
  let bytes = 0;
  let last: Flaw | undefined;
  while (bytes < headBytes && last === undefined) {
    const next = await chunks.next();
    if (next.done === true) break;
    if (Buffer.isBuffer(next.value)) {
      held.push(next.value);
      bytes += next.value.length;
    } else last = next.value;
  }
  const first = Buffer.concat(held);
  async function* all(): AsyncGenerator<BytesOrFlaw> {
    try {
      if (first.length > 0) yield first;
      if (last !== undefined) yield last;
      yield* chunks;
    } finally {
      await chunks.return(undefined);
    }
  }
  return [first.subarray(0, headBytes), all()];
}
