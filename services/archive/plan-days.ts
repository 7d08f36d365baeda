// What compaction would do, by days, without doing it.
import type { ObjectStore } from '#core/objects/port.ts';
import { datasets, type DatasetName } from './datasets.ts';
import { manifestKey } from './layout.ts';
import { manifestDays, readManifest, type ManifestFile } from './manifest.ts';
import { planCompaction, usualCompaction, type CompactionSettings } from './plan-compaction.ts';

export interface PlannedDay {
  readonly dataset: DatasetName;
  readonly day: string;
  /** Files that are there, and about how many there would be. */
  readonly files: number;
  readonly filesAfter: number;
  /** To be written anew, by rewriting them once or several times. */
  readonly rows: number;
  readonly bytes: number;
}

/** Days of which files would be made fewer. @param now milliseconds since the epoch */
export async function* planDays(
  store: ObjectStore,
  now: number,
  settings: CompactionSettings = usualCompaction,
): AsyncGenerator<PlannedDay> {
  for (const dataset of datasets) {
    for await (const day of manifestDays(store, dataset)) {
      const { manifest } = await readManifest(store, dataset, day);
      const changedAt = (await store.head(manifestKey(dataset, day)))?.modifiedAt ?? now;
      const planned = planAll(manifest.files, { now, changedAt }, settings);
      if (planned !== undefined)
        yield { dataset: dataset.name, day, files: manifest.files.length, ...planned };
    }
  }
}

function planAll(
  held: readonly ManifestFile[],
  at: { readonly now: number; readonly changedAt: number },
  settings: CompactionSettings,
): Pick<PlannedDay, 'filesAfter' | 'rows' | 'bytes'> | undefined {
  let files = [...held];
  const sums = { rows: 0, bytes: 0 };
  for (let chosen; (chosen = planCompaction({ files }, at, settings)) !== undefined;) {
    const keys = new Set(chosen.map(({ key }) => key));
    const rows = chosen.reduce((sum, file) => sum + file.rows, 0);
    const bytes = chosen.reduce((sum, file) => sum + file.bytes, 0);
    sums.rows += rows;
    sums.bytes += bytes;
    const made = { ...chosen[0]!, key: `made of ${chosen[0]!.key}`, rows, bytes };
    files = [...files.filter(({ key }) => !keys.has(key)), made];
  }
  return sums.rows === 0 ? undefined : { filesAfter: files.length, ...sums };
}
