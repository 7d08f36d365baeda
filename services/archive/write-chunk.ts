// Writes a chunk: a file for each of its event days, then the manifest of the day that names it. Every step may be done
// again, by the same process after a crash or by another one at the same time, and nothing counts twice.
import { hash } from 'node:crypto';
import { SignpostError } from '#core/errors.ts';
import type { ObjectStore } from '#core/objects/port.ts';
import { createChecksum } from './checksum.ts';
import type { Chunk, ChunkRow } from './chunk.ts';
import { isCovered } from './covers.ts';
import type { Dataset, DatasetName } from './datasets.ts';
import { chunkFileKey, madeFileKey, type OffsetRange } from './layout.ts';
import {
  changeManifest,
  readManifest,
  renewSymlinks,
  type Manifest,
  type ManifestFile,
} from './manifest.ts';
import type { Rows } from './parquet/write.ts';
import type { ArchivedRow } from './row.ts';
import { byFirstRange } from './swap-files.ts';

/** The row as the archive may keep it: stripped of its words where these were erased. */
export type Strip = (dataset: DatasetName, row: ArchivedRow<unknown>) => ArchivedRow<unknown>;

export interface WriteChunkParts {
  readonly store: ObjectStore;
  readonly writeFile: <T>(dataset: Dataset<T>, rows: Rows<T>) => Uint8Array;
  /** As erasures stand now. */
  readonly strip: () => Promise<Strip>;
}

export interface Written {
  readonly rows: number;
  readonly bytes: number;
}

/** While some wait for the store, another one is made. What waits is smaller than the chunk in memory. */
const daysAtATime = 16;

/** @returns what was written; nothing for days whose manifest had the chunk already */
export async function writeChunk<T>(
  parts: WriteChunkParts,
  dataset: Dataset<T>,
  { range, days }: Chunk,
  signal: AbortSignal,
): Promise<Written> {
  const written = { rows: 0, bytes: 0 };
  const strip = await parts.strip();
  const left = [...days];
  const work = async (): Promise<void> => {
    for (let next; (next = left.shift()) !== undefined;) {
      signal.throwIfAborted();
      const [day, rows] = next;
      const file = await writeDay(parts, dataset, { range, day, rows }, strip);
      written.rows += file?.rows ?? 0;
      written.bytes += file?.bytes ?? 0;
    }
  };
  const workers = Array.from({ length: Math.min(daysAtATime, days.size) }, work);
  const ends = await Promise.allSettled(workers);
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return written;
}

interface DayOfChunk {
  readonly range: OffsetRange;
  readonly day: string;
  readonly rows: readonly ChunkRow[];
}

async function writeDay<T>(
  { store, writeFile, strip }: WriteChunkParts,
  dataset: Dataset<T>,
  of: DayOfChunk,
  stripFirst: Strip,
): Promise<ManifestFile | undefined> {
  const { day, range } = of;
  /** Whoever named it may have been killed before the list for engines said so too. */
  const heldAlready = async (): Promise<undefined> => {
    await renewSymlinks(store, dataset, day);
  };
  for (let isAgain = false; ; isAgain = true) {
    const { manifest } = await readManifest(store, dataset, day);
    if (!isAgain && holds(manifest, range)) return heldAlready();
    const made = makeFile(dataset, of, isAgain ? await strip() : stripFirst, writeFile);
    const file = { key: keyFor(dataset, of, made, manifest), ...made.file };
    const put = await putFile(store, file.key, made, async () => {
      const now = await readManifest(store, dataset, day);
      return !isAgain && holds(now.manifest, range);
    });
    if (put === 'held') return heldAlready();
    const named = await nameFile(store, dataset, day, file, isAgain);
    if (named === 'held') return heldAlready();
    if (named === 'named') return file;
    // Somebody who knew of other erasures named the file that this wrote over, or is about to delete it.
  }
}

interface Made {
  readonly bytes: Uint8Array;
  readonly file: Omit<ManifestFile, 'key'>;
}

function makeFile<T>(
  dataset: Dataset<T>,
  { range, rows }: DayOfChunk,
  strip: Strip,
  writeFile: WriteChunkParts['writeFile'],
): Made {
  const { codec } = dataset.topic;
  const checksum = createChecksum();
  let erased = 0;
  let counted = 0;
  const rowAt = (row: ChunkRow, index: number): ArchivedRow<T> => {
    const whole = { ...row, record: codec.decode(row.record) };
    const kept = strip(dataset.name, whole) as ArchivedRow<T>;
    if (index === counted) {
      counted += 1;
      if (kept.erasedAt !== null) erased += 1;
      else checksum.add(row.partition, row.offset, encoded(codec, row.record, kept.record));
    }
    return kept;
  };
  const bytes = writeFile(dataset, {
    length: rows.length,
    slice: (start, end) => rows.slice(start, end).map((row, index) => rowAt(row, start + index)),
  });
  if (counted !== rows.length) throw new Error(`${counted} of ${rows.length} rows were written`);
  const covers = [
    { ...range, rows: rows.length, erased, checksum: checksum.hex(), schema: codec.schemaId },
  ];
  const sha256 = hash('sha256', bytes);
  return { bytes, file: { rows: rows.length, bytes: bytes.length, sha256, covers } };
}

/** What the codec makes of the record: often the very bytes that came. */
function encoded<T>(codec: Dataset<T>['topic']['codec'], value: Uint8Array, record: T): Uint8Array {
  const id = ((value[1]! << 24) | (value[2]! << 16) | (value[3]! << 8) | value[4]!) >>> 0;
  return id === codec.schemaId ? value : codec.encode(record);
}

/** The chunk's own key; another one while somebody may be deleting that. */
function keyFor(
  dataset: Pick<Dataset<unknown>, 'name' | 'version'>,
  { day, range }: DayOfChunk,
  { file: { sha256 } }: Made,
  { retired }: Manifest,
): string {
  const dying = new Set(retired.map(({ key }) => key));
  const keys = [chunkFileKey(dataset, day, range), madeFileKey(dataset, day, sha256)];
  const key = keys.find((each) => !dying.has(each));
  if (key !== undefined) return key;
  throw new SignpostError('archive-busy', `${keys[0]} is being deleted; it is written after that`);
}

/** Writes the file; what is there with other bytes is replaced, unless it counts already. */
async function putFile(
  store: ObjectStore,
  key: string,
  { bytes, file }: Made,
  isHeld: () => Promise<boolean>,
): Promise<'put' | 'held'> {
  let put = await store.put(key, bytes, { kind: 'absent' });
  while (put === 'conflict') {
    const held = await store.get(key);
    if (held !== null && hash('sha256', held.bytes) === file.sha256) return 'put';
    if (await isHeld()) return 'held';
    put = await store.put(
      key,
      bytes,
      held === null ? { kind: 'absent' } : { kind: 'match', etag: held.etag },
    );
  }
  return 'put';
}

/** @param isTrue whether what the manifest says of this key is to be replaced: the object is as `file` says */
async function nameFile(
  store: ObjectStore,
  dataset: Pick<Dataset<unknown>, 'name' | 'version'>,
  day: string,
  file: ManifestFile,
  isTrue: boolean,
): Promise<'named' | 'held' | 'differs'> {
  let outcome: 'named' | 'held' | 'differs' = 'named';
  await changeManifest(store, dataset, day, (manifest) => {
    outcome = 'named';
    const same = manifest.files.find(({ key }) => key === file.key);
    if (same !== undefined && same.sha256 !== file.sha256) {
      if (!isTrue) outcome = 'differs';
    } else if (holds(manifest, file.covers[0]!)) outcome = 'held';
    else if (manifest.retired.some(({ key }) => key === file.key)) outcome = 'differs';
    if (outcome !== 'named') return null;
    const others = manifest.files.filter(({ key }) => key !== file.key);
    return { ...manifest, files: [...others, file].toSorted(byFirstRange) };
  });
  return outcome;
}

function holds({ files }: Manifest, range: OffsetRange): boolean {
  return isCovered(
    files.flatMap(({ covers }) => covers),
    range,
  );
}
