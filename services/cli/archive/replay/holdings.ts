// What the archive holds of a dataset, by its manifests: days with their rows, and how far each topic is archived.
import type { ObjectStore } from '#core/objects/port.ts';
import type { Dataset } from '../../../archive/datasets.ts';
import { manifestDays, readManifest } from '../../../archive/manifest.ts';

export interface HeldDay {
  /** `2026-11-22`. */
  readonly day: string;
  readonly rows: number;
  readonly bytes: number;
}

/** Offsets of a partition of a topic, under the name the archive keeps it by; `to` exclusive. */
export interface HeldRange {
  readonly topic: string;
  readonly partition: number;
  readonly from: number;
  readonly to: number;
}

export interface Holdings {
  /** Those with rows, in order. */
  readonly days: readonly HeldDay[];
  readonly ranges: readonly HeldRange[];
}

export async function holdingsOf(
  store: ObjectStore,
  dataset: Pick<Dataset<unknown>, 'name' | 'version'>,
): Promise<Holdings> {
  const days: HeldDay[] = [];
  const ranges = new Map<string, HeldRange>();
  for await (const day of manifestDays(store, dataset)) {
    const { manifest } = await readManifest(store, dataset, day);
    const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0);
    if (manifest.rows > 0) days.push({ day, rows: manifest.rows, bytes });
    for (const { topic, partition, from, to } of manifest.files.flatMap(({ covers }) => covers)) {
      const key = `${topic}/${partition}`;
      const known = ranges.get(key);
      ranges.set(key, {
        topic,
        partition,
        from: Math.min(from, known?.from ?? from),
        to: Math.max(to, known?.to ?? to),
      });
    }
  }
  return { days, ranges: [...ranges.values()] };
}

export function rowsOf(days: readonly HeldDay[]): number {
  return days.reduce((sum, { rows }) => sum + rows, 0);
}
