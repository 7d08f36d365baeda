// Puts files in the place of others in a manifest, at once and only if those are still there: how compaction, erasure and
// retention change what counts. Readers by manifest see what was there before or what is there then.
import type { ObjectStore } from '#core/objects/port.ts';
import type { Dataset } from './datasets.ts';
import { compareRanges } from './covers.ts';
import { changeManifest, type ManifestFile } from './manifest.ts';

export interface Swap {
  /** As the manifest named them when they were read. */
  readonly replaced: readonly ManifestFile[];
  /** Written by now. None where what was there is to go. */
  readonly by: readonly ManifestFile[];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/**
 * `changed`: some of `replaced` is not there as it was, so nothing was done; read the manifest and begin anew.
 * `retired`: a file of this very content counted before, or was never used, and is about to be deleted, so nothing was
 * done; a day later it is forgotten.
 */
export type Swapped = 'swapped' | 'changed' | 'retired';

export async function swapFiles(
  store: ObjectStore,
  dataset: Pick<Dataset<unknown>, 'name' | 'version'>,
  day: string,
  { replaced, by, now }: Swap,
): Promise<Swapped> {
  let outcome: Swapped = 'swapped';
  const goes = new Set(replaced.map(({ key }) => key));
  await changeManifest(store, dataset, day, (manifest) => {
    const held = new Map(manifest.files.map((file) => [file.key, file]));
    const isDying = new Set(manifest.retired.map(({ key }) => key));
    outcome = 'swapped';
    if (!replaced.every((file) => isSame(file, held.get(file.key)))) outcome = 'changed';
    else if (by.some(({ key }) => isDying.has(key))) outcome = 'retired';
    if (outcome !== 'swapped') return null;
    const kept = manifest.files.filter(({ key }) => !goes.has(key));
    return {
      ...manifest,
      files: [...kept, ...by].toSorted(byFirstRange),
      retired: [...manifest.retired, ...[...goes].map((key) => ({ key, at: now }))],
    };
  });
  return outcome;
}

function isSame(file: ManifestFile, held: ManifestFile | undefined): boolean {
  return (
    held !== undefined &&
    held.sha256 === file.sha256 &&
    held.bytes === file.bytes &&
    JSON.stringify(held.covers) === JSON.stringify(file.covers)
  );
}

/** The order of a manifest's files. */
export function byFirstRange(a: ManifestFile, b: ManifestFile): number {
  const byRange = compareRanges(a.covers[0]!, b.covers[0]!);
  return byRange !== 0 ? byRange : a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
}
