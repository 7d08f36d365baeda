// All rows of a partition of a topic in the order in which they were said, whatever their event days: as the topic had them.
import { SignpostError } from '#core/errors.ts';
import type { Dataset } from './datasets.ts';
import { manifestDays, readManifest, type ManifestFile } from './manifest.ts';
import { comparePlaces, mergeRows, type RowSource } from './merge-rows.ts';
import { readFileRows, type FileAccess } from './read-file.ts';
import type { ArchivedRow } from './row.ts';

export interface PartitionOf {
  /** As the archive names it, see `generations.ts`. */
  readonly topic: string;
  readonly partition: number;
  /** Begins behind this offset. */
  readonly after?: number | undefined;
}

/**
 * Memory holds a file for each event day whose rows lie at the same offsets: few, but for what tells of a long past at once.
 * @throws SignpostError `archive-damaged` naming the object
 */
export async function* readPartition<T>(
  access: FileAccess,
  dataset: Dataset<T>,
  { topic, partition, after = -1 }: PartitionOf,
): AsyncGenerator<readonly ArchivedRow<T>[]> {
  let last = after;
  let isAgain = false;
  for (;;) {
    const sources = (await filesOf(access, dataset, { topic, partition, after: last })).map(
      (file) => sourceOf(access, dataset, file, { topic, partition }),
    );
    try {
      for await (const rows of mergeRows(sources)) {
        const fresh = rows.filter(({ offset }) => offset > last);
        if (fresh.length === 0) continue;
        last = fresh.at(-1)!.offset;
        isAgain = false;
        yield fresh;
      }
      return;
    } catch (error) {
      // Others have taken its place in the manifest meanwhile; at the same place twice it is missing.
      const isGone = error instanceof SignpostError && error.code === 'objects-gone';
      if (!isGone || isAgain) throw error;
      isAgain = true;
    }
  }
}

async function filesOf<T>(
  { store }: FileAccess,
  dataset: Dataset<T>,
  { topic, partition, after }: Required<PartitionOf>,
): Promise<readonly ManifestFile[]> {
  const files: ManifestFile[] = [];
  for await (const day of manifestDays(store, dataset)) {
    const { manifest } = await readManifest(store, dataset, day);
    const has = ({ covers }: ManifestFile): boolean =>
      covers.some(
        (one) => one.topic === topic && one.partition === partition && one.to > (after ?? -1) + 1,
      );
    files.push(...manifest.files.filter(has));
  }
  return files;
}

function sourceOf<T>(
  access: FileAccess,
  dataset: Dataset<T>,
  file: ManifestFile,
  { topic, partition }: PartitionOf,
): RowSource<T> {
  const starts = file.covers
    .filter((one) => one.topic === topic && one.partition === partition)
    .map(({ from }) => from);
  return {
    first: { partition, offset: Math.min(...starts) },
    async *open() {
      for await (const rows of readFileRows(access, dataset, file)) {
        const own = rows.filter((row) => row.partition === partition);
        if (own.length > 0) yield own;
        // Rows of later partitions follow.
        if (comparePlaces(rows.at(-1)!, { partition: partition + 1, offset: 0 }) >= 0) return;
      }
    },
  };
}
