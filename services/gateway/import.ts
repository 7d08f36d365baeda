// Import of a file: reads it through its mapping, checks every record, and appends it to the intake topics together
// with a note of how far it came. A crash costs nothing: the next run goes on where the last acknowledged batch ended.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { SignpostError } from '#core/errors.ts';
import type { Log, LogReader } from '#core/log/port.ts';
import { readMapped } from './files/rows.ts';
import type { Mapping } from './mapping/mapping.ts';
import { refusedLine, repeatedLine, type LineOrigin } from './refused-line.ts';
import { takeIn } from './sources/intake.ts';

export interface ImportState {
  /** Records read and appended so far, bad ones included. */
  readonly done: number;
  /** Records refused by the gateway so far. */
  readonly refused: number;
  /** Read to the end, and every record through the pipeline. */
  readonly complete: boolean;
  /** How often the file was imported whole before. */
  readonly earlier: number;
  /** Ends of partitions when this import began, by `topic/partition`: what came after belongs to it. */
  readonly began: Readonly<Record<string, number>>;
}

export interface ImportProgress {
  readonly records: number;
  readonly refused: number;
  /** Bytes of the file read in this run, and its size. */
  readonly bytesRead: number;
  readonly bytesTotal: number;
}

export interface ImportRequest {
  readonly log: Log;
  readonly file: string;
  readonly mapping: Mapping;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: ImportProgress) => void;
}

export interface Imported extends ImportState {
  /** The record it resumed at; 0: from the start. */
  readonly resumedAt: number;
  /** Notes that every record has its outcome. Until then the same import, asked for again, goes on with this one. */
  conclude(): Promise<void>;
}

/**
 * Imports `file` to its end, or resumes an import that was cut off. A file that was imported whole before is sent
 * through once more: normalize drops what it knows, and lines refused then are noted as repeated.
 * @returns where the import stands, all records appended
 * @throws SignpostError when the file or its mapping cannot be used, or the log refuses; AbortError when `signal`
 *   aborts. What was appended by then stands, and the next run goes on behind it.
 */
export async function importFile(request: ImportRequest): Promise<Imported> {
  const { log, file, mapping, now, signal, onProgress } = request;
  const key = `import/${await hashOf(file, signal)}/${identityOf(mapping)}`;
  const saved = await log.checkpoint(key);
  const last = saved === null ? null : (JSON.parse(saved) as ImportState);
  const begin: ImportState =
    last === null || last.complete
      ? {
          done: 0,
          refused: 0,
          complete: false,
          earlier: last === null ? 0 : last.earlier + 1,
          began: await endsOf(log),
        }
      : last;
  const { done: resumedAt, earlier, began } = begin;
  let { done, refused } = begin;
  const stateOf = (complete: boolean): ImportState => ({ done, refused, complete, earlier, began });
  const save = (complete: boolean): { checkpoints: Record<string, string> } => ({
    checkpoints: { [key]: JSON.stringify(stateOf(complete)) },
  });

  const fileName = basename(file);
  let bytesRead = 0;
  let bytesTotal = 0;
  const batches = readMapped(file, mapping, {
    skipRecords: resumedAt,
    nowMs: now,
    signal,
    onProgress(read, total) {
      bytesRead = read;
      bytesTotal = total;
    },
  });
  // One append is under way while the next batch is read and checked.
  let writing: Promise<unknown> = Promise.resolve();
  try {
    for await (const { results, recordsDone, fileHash, header } of batches) {
      const receivedAt = now();
      const origin: LineOrigin = { file, mapping, fileHash, header, receivedAt };
      const records = results.map((result) => {
        const place = { file: fileName, line: result.line };
        const taken = result.ok
          ? takeIn(mapping.kind, result.input, { source: mapping.source, receivedAt, place })
          : result;
        if (taken.ok) return taken.outgoing;
        refused += 1;
        return earlier > 0
          ? repeatedLine(result, earlier, origin)
          : refusedLine(taken, result, origin);
      });
      done = recordsDone;
      await writing;
      writing = log.append(records, save(false));
      // Awaited in the next round; until then its failure must not count as unhandled.
      writing.catch(() => {});
      onProgress?.({ records: done, refused, bytesRead, bytesTotal });
    }
  } finally {
    await writing;
  }
  return {
    ...stateOf(false),
    resumedAt,
    async conclude() {
      await log.append([], save(true));
    },
  };
}

/** The whole content counts: a file of which one byte differs is another import. */
async function hashOf(file: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  try {
    // What is missing, a directory or a device would fail with a less helpful word here, or never end.
    const status = await stat(file).catch(() => undefined);
    if (status?.isFile() !== true) return 'not-a-file';
    await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), hash, { signal });
  } catch (cause) {
    if (signal.aborted) throw cause;
    throw new SignpostError('file-unreadable', `Cannot read ${file}: ${(cause as Error).message}`, {
      cause,
      hint: 'Check the path, and that it is a file you may read.',
    });
  }
  return hash.digest('hex').slice(0, 32);
}

/** A mapping that was changed makes another import: what it now understands differently must not be skipped. */
function identityOf({ label: _label, ...mapping }: Mapping): string {
  return createHash('sha256').update(JSON.stringify(mapping)).digest('hex').slice(0, 16);
}

/** Where every partition ends, by `topic/partition`. */
export async function endsOf(log: LogReader): Promise<Record<string, number>> {
  const ends: Record<string, number> = {};
  for (const { name, partitions } of await log.topics()) {
    for (const { partition, end } of partitions) ends[`${name}/${partition}`] = end;
  }
  return ends;
}
