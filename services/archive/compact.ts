// Makes few large files of a day's many small ones. What was written is read back and counted before it takes the place of
// what it was made of; who reads by manifest sees every row once at every moment, whatever else changes the day meanwhile.
import { createHash } from 'node:crypto';
import { SignpostError } from '#core/errors.ts';
import type { ObjectStore } from '#core/objects/port.ts';
import { createTally, mergeCovers, overlapOf } from './covers.ts';
import type { Dataset } from './datasets.ts';
import { madeFileKey, manifestKey } from './layout.ts';
import { readManifest, type Covered, type ManifestFile } from './manifest.ts';
import { comparePlaces, mergeRows } from './merge-rows.ts';
import { planCompaction, usualCompaction, type CompactionSettings } from './plan-compaction.ts';
import { damaged, firstPlaceOf, readFileRows, type FileAccess } from './read-file.ts';
import type { ArchivedRow } from './row.ts';
import { swapFiles } from './swap-files.ts';

export interface CompactParts extends FileAccess {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly settings?: CompactionSettings;
  /** Stops between two files. */
  readonly signal?: AbortSignal;
}

/** What was made of how much. */
export interface Compacted {
  /** Files taken out of the manifest. */
  readonly files: number;
  /** Files put into their place. */
  readonly made: number;
  readonly rows: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
}

export const nothingCompacted: Compacted = {
  files: 0,
  made: 0,
  rows: 0,
  bytesRead: 0,
  bytesWritten: 0,
};

/** Others that change a day all the time are left to it: it is come back to. */
const mostTries = 5;

/**
 * Makes files of a day one for as long as `planCompaction` finds some. Memory holds what one of them becomes.
 * @throws SignpostError `archive-damaged` where a file is not what its manifest says: nothing is replaced then
 */
export async function compactDay<T>(
  parts: CompactParts,
  dataset: Dataset<T>,
  day: string,
): Promise<Compacted> {
  const { store, now, settings = usualCompaction, signal } = parts;
  let done = nothingCompacted;
  for (let tries = 0; tries < mostTries;) {
    if (signal?.aborted === true) break;
    const { manifest } = await readManifest(store, dataset, day);
    const at = await store.head(manifestKey(dataset, day));
    const changedAt = at?.modifiedAt ?? now();
    const files = planCompaction(manifest, { now: now(), changedAt }, settings);
    if (files === undefined) break;
    const made = await makeOneFile(parts, dataset, day, files);
    const swapped =
      made === 'changed'
        ? made
        : await swapFiles(store, dataset, day, { replaced: files, by: [made], now: now() });
    if (swapped === 'retired') break;
    if (made === 'changed' || swapped === 'changed') {
      tries += 1;
      continue;
    }
    done = {
      files: done.files + files.length,
      made: done.made + 1,
      rows: done.rows + made.rows,
      bytesRead: done.bytesRead + files.reduce((sum, { bytes }) => sum + bytes, 0),
      bytesWritten: done.bytesWritten + made.bytes,
    };
  }
  return done;
}

/** Writes the rows of `files`, by partition and offset, as one. `changed` where the manifest does not name them any more. */
async function makeOneFile<T>(
  { store, format }: CompactParts,
  dataset: Dataset<T>,
  day: string,
  files: readonly ManifestFile[],
): Promise<ManifestFile | 'changed'> {
  const expected = coversTogether(store, dataset, files);
  const growing = format.begin(dataset);
  try {
    const sources = files.map((file) => ({
      first: firstPlaceOf(file),
      open: () => readFileRows({ store, format }, dataset, file),
    }));
    for await (const rows of mergeRows(sources)) for (const row of rows) growing.add(row);
  } catch (error) {
    // Somebody else may have replaced it, long enough ago that it is deleted by now.
    if (error instanceof SignpostError && !(await areNamed(store, dataset, day, files)))
      return 'changed';
    throw error;
  }
  const bytes = growing.finish();
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const key = madeFileKey(dataset, day, sha256);
  const covers = await readBack({ store, format }, dataset, { key, bytes, expected });
  // One that is there already was written by a compaction that did not come to its end.
  await store.put(key, bytes, { kind: 'absent' });
  const rows = covers.reduce((sum, cover) => sum + cover.rows, 0);
  return { key, rows, bytes: bytes.length, sha256, covers: [...covers] };
}

/** What one file of `files` must cover; the checksum where it can be known beforehand. */
function coversTogether(
  store: ObjectStore,
  { topic: { codec } }: Pick<Dataset<unknown>, 'topic'>,
  files: readonly ManifestFile[],
): readonly (Omit<Covered, 'checksum'> & { readonly checksum: string | null })[] {
  const named = files.flatMap((file) => file.covers.map((cover) => ({ ...cover, key: file.key })));
  const overlap = overlapOf(named);
  if (overlap !== undefined) {
    const { first, second } = overlap;
    throw damaged(
      store,
      first.key,
      `and ${second.key} both hold offset ${second.from} of ${second.topic}/${second.partition}`,
    );
  }
  const { schemaId } = codec;
  const covers = files.flatMap((file) => file.covers);
  const older = covers.filter(({ schema }) => schema !== schemaId);
  return mergeCovers(covers.map((cover) => ({ ...cover, schema: schemaId }))).map((cover) => {
    const isOlder = older.some(
      ({ partition, from }) =>
        partition === cover.partition && from >= cover.from && from < cover.to,
    );
    return { ...cover, checksum: isOlder ? null : cover.checksum };
  });
}

/** What a file covers by its own rows. @throws SignpostError `archive-damaged` where that is not what it was made of */
async function readBack<T>(
  { store, format }: FileAccess,
  dataset: Dataset<T>,
  made: {
    readonly key: string;
    readonly bytes: Uint8Array;
    readonly expected: ReturnType<typeof coversTogether>;
  },
): Promise<readonly Covered[]> {
  const { key, bytes, expected } = made;
  const tally = createTally(dataset, expected);
  let last: ArchivedRow<T> | undefined;
  for await (const rows of format.read(dataset, bytes)) {
    for (const row of rows) {
      if (last !== undefined && comparePlaces(last, row) >= 0)
        throw damaged(store, key, `would hold offset ${row.offset} of ${nameOf(row)} twice`);
      last = row;
      if (!tally.add(row))
        throw damaged(
          store,
          key,
          `would hold offset ${row.offset} of ${nameOf(row)}, though no manifest says so`,
        );
    }
  }
  const covers = tally.covers();
  for (const [at, cover] of covers.entries()) {
    const { rows, erased, checksum } = expected[at]!;
    const isAsExpected =
      cover.rows === rows &&
      cover.erased === erased &&
      (checksum === null || checksum === cover.checksum);
    if (!isAsExpected)
      throw damaged(
        store,
        key,
        `would hold other rows of ${cover.topic}/${cover.partition} from offset ${cover.from} to ${cover.to} than the manifest says`,
      );
  }
  return covers;

  function nameOf({ partition }: ArchivedRow<T>): string {
    return `${dataset.topic.name}/${partition}`;
  }
}

async function areNamed(
  store: ObjectStore,
  dataset: Pick<Dataset<unknown>, 'name' | 'version'>,
  day: string,
  files: readonly ManifestFile[],
): Promise<boolean> {
  const { manifest } = await readManifest(store, dataset, day);
  const named = new Set(manifest.files.map(({ key }) => key));
  return files.every(({ key }) => named.has(key));
}
