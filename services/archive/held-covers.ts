// What the manifests of a dataset say, all its days at one time: the side of the archive in a verification.
import { SignpostError } from '#core/errors.ts';
import type { ObjectStore } from '#core/objects/port.ts';
import { compareRanges } from './covers.ts';
import type { Dataset } from './datasets.ts';
import { offsetsOf, type Findings } from './findings.ts';
import { manifestKey } from './layout.ts';
import { manifestDays, readManifest, type Covered, type ManifestFile } from './manifest.ts';

export interface DaySpan {
  /** `2026-11-22`, inclusive; from the first day there is. */
  readonly from?: string;
  /** Inclusive; to the last day there is. */
  readonly to?: string;
}

export interface HeldDay {
  readonly day: string;
  readonly revision: number;
  readonly files: readonly ManifestFile[];
}

export interface HeldCover extends Covered {
  readonly day: string;
  readonly key: string;
}

export function isWithin({ from, to }: DaySpan, day: string): boolean {
  return (from === undefined || day >= from) && (to === undefined || day <= to);
}

/** Days of a dataset as their manifests are now; one that cannot be read is a finding. */
export async function* readHeldDays(
  store: ObjectStore,
  dataset: Dataset<unknown>,
  span: DaySpan,
  findings: Findings,
): AsyncGenerator<HeldDay> {
  for await (const day of manifestDays(store, dataset)) {
    if (!isWithin(span, day)) continue;
    try {
      const { manifest } = await readManifest(store, dataset, day);
      findOverlaps(day, coversOf(day, manifest.files), findings);
      yield { day, revision: manifest.revision, files: manifest.files };
    } catch (error) {
      if (!(error instanceof SignpostError) || error.code !== 'archive-damaged') throw error;
      const key = manifestKey(dataset, day);
      findings.add('manifest-damaged', { day, key }, `${key} is not a manifest.`);
    }
  }
}

export function coversOf(day: string, files: readonly ManifestFile[]): readonly HeldCover[] {
  return files.flatMap(({ key, covers }) => covers.map((cover) => ({ ...cover, day, key })));
}

function findOverlaps(day: string, covers: readonly HeldCover[], findings: Findings): void {
  let widest: HeldCover | undefined;
  for (const cover of covers.toSorted(compareRanges)) {
    const { topic, partition, from, key } = cover;
    const isSame = widest?.topic === topic && widest.partition === partition;
    if (isSame && from < widest!.to) {
      const to = Math.min(cover.to, widest!.to);
      const of = `${offsetsOf({ from, to })} of ${topic}/${partition}`;
      const where = { day, key, partition, from, to };
      findings.add(
        'ranges-overlap',
        where,
        `${widest!.key} and ${key} both hold ${of} of that day.`,
      );
    }
    if (!isSame || cover.to > widest!.to) widest = cover;
  }
}
