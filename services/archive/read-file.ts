// A data file as a manifest names it: what is read is what the manifest says, or an error that names the object.
import { createHash } from 'node:crypto';
import { SignpostError } from '#core/errors.ts';
import type { ObjectStore } from '#core/objects/port.ts';
import type { Dataset } from './datasets.ts';
import type { FileFormat } from './file-format.ts';
import type { ManifestFile } from './manifest.ts';
import { comparePlaces, type Place } from './merge-rows.ts';
import type { ArchivedRow } from './row.ts';

export interface FileAccess {
  readonly store: ObjectStore;
  readonly format: FileFormat;
}

/**
 * The rows of a file in its order, some at a time. Memory holds the file.
 * @throws SignpostError `objects-gone` where it is not there (any more), `archive-damaged` where its content is another one
 */
export async function* readFileRows<T>(
  { store, format }: FileAccess,
  dataset: Dataset<T>,
  { key, sha256 }: Pick<ManifestFile, 'key' | 'sha256'>,
): AsyncGenerator<readonly ArchivedRow<T>[]> {
  const held = await store.get(key);
  if (held === null)
    throw new SignpostError(
      'objects-gone',
      `${store.where} holds no ${key}, which a manifest names`,
    );
  if (createHash('sha256').update(held.bytes).digest('hex') !== sha256)
    throw damaged(store, key, 'is not what its manifest says');
  yield* format.read(dataset, held.bytes);
}

/** Its first row, or a place before it. */
export function firstPlaceOf({ covers }: Pick<ManifestFile, 'covers'>): Place {
  const [first] = covers
    .map(({ partition, from }) => ({ partition, offset: from }))
    .toSorted(comparePlaces);
  return first!;
}

export function damaged(
  { where }: Pick<ObjectStore, 'where'>,
  key: string,
  what: string,
): SignpostError {
  return new SignpostError('archive-damaged', `${key} in ${where} ${what}`, {
    hint: 'Nothing was changed. `signpost archive verify --deep` tells what else is wrong.',
  });
}
