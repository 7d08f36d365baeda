// The rows of a day as its manifest names them, each once, by partition and offset, whatever is compacted meanwhile.
import { SignpostError } from '#core/errors.ts';
import type { Dataset } from './datasets.ts';
import { readManifest } from './manifest.ts';
import { comparePlaces, mergeRows, type Place } from './merge-rows.ts';
import { damaged, firstPlaceOf, readFileRows, type FileAccess } from './read-file.ts';
import type { ArchivedRow } from './row.ts';

export interface ReadDayOptions {
  /** Begins behind this row: where an earlier reading stood. */
  readonly after?: Place | undefined;
  /** Only rows of the topic that the archive keeps under this name: made anew it has another one, and offsets from 0. */
  readonly topic?: string;
}

/**
 * Rows of a day, some at a time. Where files are replaced and deleted while it reads, it goes on in what replaced them:
 * rows that lie behind where it stands and came meanwhile are there too, others not. Memory holds a file, and as many as
 * hold rows of the same offsets.
 * @throws SignpostError `archive-damaged` naming the object that is missing or is not what its manifest says
 */
export async function* readDay<T>(
  access: FileAccess,
  dataset: Dataset<T>,
  day: string,
  { after, topic }: ReadDayOptions = {},
): AsyncGenerator<readonly ArchivedRow<T>[]> {
  let last = after;
  let goneAt: number | undefined;
  for (;;) {
    const { manifest } = await readManifest(access.store, dataset, day);
    const left = manifest.files.filter(({ covers }) =>
      covers.some(
        ({ topic: of, partition, to }) =>
          (topic === undefined || of === topic) &&
          (last === undefined || comparePlaces({ partition, offset: to - 1 }, last) > 0),
      ),
    );
    const sources = left.map((file) => ({
      first: firstPlaceOf(file),
      open: () => readFileRows(access, dataset, file),
    }));
    try {
      for await (const rows of mergeRows(sources)) {
        const at = last;
        const fresh =
          at === undefined || comparePlaces(rows[0]!, at) > 0
            ? rows
            : rows.filter((row) => comparePlaces(row, at) > 0);
        if (fresh.length === 0) continue;
        last = fresh.at(-1)!;
        yield fresh;
      }
      return;
    } catch (error) {
      if (!(error instanceof SignpostError) || error.code !== 'objects-gone') throw error;
      // What a manifest names is there, unless the manifest is another one by now.
      if (goneAt === manifest.revision)
        throw damaged(
          access.store,
          dataset.name,
          `lacks what the manifest of ${day} names: ${error.message}`,
        );
      goneAt = manifest.revision;
    }
  }
}
