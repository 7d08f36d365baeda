// The archive as a reader sees it that goes by manifests, and what lies in it that nothing names.
import { createHash } from 'node:crypto';
import type { ObjectStore } from '../../services/core/objects/port.ts';
import { datasets, type Dataset, type DatasetName } from '../../services/archive/datasets.ts';
import { symlinksKey } from '../../services/archive/layout.ts';
import { manifestDays, readManifest, type Manifest } from '../../services/archive/manifest.ts';
import { fileOfBytes } from '../../services/archive/parquet/read-file.ts';
import { readParquet } from '../../services/archive/parquet/read.ts';
import type { ArchivedRow } from '../../services/archive/row.ts';

export interface RowRead {
  readonly dataset: DatasetName;
  readonly day: string;
  readonly row: ArchivedRow<unknown>;
}

export interface ArchiveRead {
  readonly rows: readonly RowRead[];
  readonly manifests: readonly Manifest[];
  /** Keys that no manifest names, neither as what counts nor as what did, of data alone. */
  readonly unnamed: readonly string[];
}

/**
 * @param isAtRest whether nobody is at work, or was killed at it: then the lists for engines are checked too
 * @throws Error where a file is missing, is not as its manifest says, or a list for engines differs
 */
export async function readArchive(store: ObjectStore, isAtRest = true): Promise<ArchiveRead> {
  const rows: RowRead[] = [];
  const manifests: Manifest[] = [];
  const named = new Set<string>();
  for (const dataset of datasets) {
    for await (const day of manifestDays(store, dataset)) {
      const { manifest } = await readManifest(store, dataset, day);
      manifests.push(manifest);
      for (const { key } of [...manifest.files, ...manifest.retired]) named.add(key);
      rows.push(...(await rowsOf(store, dataset, manifest)));
      if (isAtRest) await expectListed(store, dataset, manifest);
    }
  }
  const unnamed: string[] = [];
  for await (const { key } of store.list(''))
    if (key.endsWith('.parquet') && !named.has(key)) unnamed.push(key);
  return { rows, manifests, unnamed };
}

async function rowsOf(
  store: ObjectStore,
  dataset: Dataset<unknown>,
  { day, files, rows: count }: Manifest,
): Promise<readonly RowRead[]> {
  const rows: RowRead[] = [];
  for (const { key, bytes: size, sha256, rows: inFile } of files) {
    const held = await store.get(key);
    if (held === null) throw new Error(`${key} is named but not there`);
    const sha = createHash('sha256').update(held.bytes).digest('hex');
    if (sha !== sha256 || held.bytes.length !== size) throw new Error(`${key} is another file`);
    const before = rows.length;
    for await (const batch of readParquet(dataset, fileOfBytes(held.bytes)))
      rows.push(...batch.map((row) => ({ dataset: dataset.name, day, row })));
    if (rows.length - before !== inFile) throw new Error(`${key} has another number of rows`);
  }
  if (rows.length !== count) throw new Error(`${day} of ${dataset.name} counts ${count}`);
  return rows;
}

async function expectListed(
  store: ObjectStore,
  dataset: Dataset<unknown>,
  { day, files }: Manifest,
): Promise<void> {
  const symlinks = await store.get(symlinksKey(dataset, day));
  const lines = files.map(({ key }) => `${store.where}/${key}\n`).join('');
  if (Buffer.from(symlinks?.bytes ?? []).toString() !== lines)
    throw new Error(`The list of ${day} of ${dataset.name} names other files`);
}
