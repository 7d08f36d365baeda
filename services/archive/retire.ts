// What does not count any more goes, and never before its time: keys are taken out of the manifest first, or put on its
// list of what is retired, and only what is on that list for long enough is deleted.
import { erasureDeadlineMs } from '#core/topic.ts';
import type { ObjectStore } from '#core/objects/port.ts';
import { isCovered } from './covers.ts';
import { rejected, type Dataset } from './datasets.ts';
import { dataPrefix, dayOfDataKey, rangeOfChunkFileKey } from './layout.ts';
import { changeManifest, readManifest, type Manifest } from './manifest.ts';
import { swapFiles } from './swap-files.ts';

type Named = Pick<Dataset<unknown>, 'name' | 'version'>;

/** For so long after it was deleted a key is not used again, and for so long nobody calls what no manifest names an orphan. */
export const forgottenAfterMs = 86_400_000;

export interface RetireParts {
  readonly store: ObjectStore;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** For how long readers of an older manifest may read what it named. */
  readonly graceMs: number;
}

/** Deletes what was retired longer ago than the grace time. @returns how many keys */
export async function deleteRetired(
  { store, now, graceMs }: RetireParts,
  dataset: Named,
  day: string,
): Promise<number> {
  const { manifest } = await readManifest(store, dataset, day);
  const due = retiredBefore(manifest, now - graceMs);
  if (due.length === 0) return 0;
  await store.delete(due);
  const forgotten = new Set(retiredBefore(manifest, now - graceMs - forgottenAfterMs));
  if (forgotten.size > 0)
    await changeManifest(store, dataset, day, (current) => ({
      ...current,
      retired: current.retired.filter(({ key }) => !forgotten.has(key)),
    }));
  return due.length;
}

function retiredBefore({ files, retired }: Manifest, before: number): string[] {
  const named = new Set(files.map(({ key }) => key));
  return retired.filter(({ key, at }) => at <= before && !named.has(key)).map(({ key }) => key);
}

/** When something of the day is to be deleted or forgotten next, milliseconds since the epoch. */
export function nextRetirement({ retired }: Manifest, now: number, graceMs: number): number {
  let next = Number.POSITIVE_INFINITY;
  for (const { at } of retired) {
    const deleted = at + graceMs;
    next = Math.min(next, deleted > now ? deleted : deleted + forgottenAfterMs);
  }
  return next;
}

export interface RetireOrphansParts extends Omit<RetireParts, 'graceMs'> {
  /** What was written later is left alone; a day ago by default. Milliseconds since the epoch. */
  readonly writtenBefore?: number;
}

/**
 * Retires data that no manifest names and that is not new: what was written by somebody who did not come to the end. What a chunk wrote and no manifest covers yet stays: whoever goes on with that chunk needs it.
 * @returns how many keys
 */
export async function retireOrphans(
  { store, now, writtenBefore = now - forgottenAfterMs }: RetireOrphansParts,
  dataset: Named,
  signal?: AbortSignal,
): Promise<number> {
  let count = 0;
  let day: string | undefined;
  let keys: string[] = [];
  const retire = async (): Promise<void> => {
    if (day !== undefined && keys.length > 0)
      count += await retireUnnamed({ store, now }, dataset, day, keys);
    keys = [];
  };
  for await (const { key, modifiedAt } of store.list(`${dataPrefix(dataset)}day=`)) {
    if (signal?.aborted === true) break;
    const of = dayOfDataKey(dataset, key);
    if (of === undefined || modifiedAt > writtenBefore) continue;
    if (of !== day) await retire();
    day = of;
    keys.push(key);
  }
  await retire();
  return count;
}

async function retireUnnamed(
  { store, now }: Omit<RetireParts, 'graceMs'>,
  dataset: Named,
  day: string,
  keys: readonly string[],
): Promise<number> {
  let count = 0;
  await changeManifest(store, dataset, day, (manifest) => {
    const known = new Set([...manifest.files, ...manifest.retired].map(({ key }) => key));
    const covers = manifest.files.flatMap((file) => file.covers);
    const orphans = keys.filter((key) => {
      if (known.has(key)) return false;
      const range = rangeOfChunkFileKey(key);
      return range === undefined || isCovered(covers, range);
    });
    count = orphans.length;
    return count === 0
      ? null
      : {
          ...manifest,
          retired: [...manifest.retired, ...orphans.map((key) => ({ key, at: now }))],
        };
  });
  return count;
}

/**
 * Until when a day of dead letters may be kept, milliseconds since the epoch: they may hold words that nobody redacted, so
 * the first of them is gone, grace time included, when the erasure deadline is over.
 */
export function rejectedKeptUntil(day: string, graceMs: number): number {
  return Date.parse(day) + erasureDeadlineMs - graceMs;
}

/** Takes what a day of dead letters holds out of its manifest once its time is over. @returns how many rows */
export async function retireRejected(
  { store, now, graceMs }: RetireParts,
  day: string,
): Promise<number> {
  if (now < rejectedKeptUntil(day, graceMs)) return 0;
  for (;;) {
    const { manifest } = await readManifest(store, rejected, day);
    if (manifest.files.length === 0) return 0;
    const swapped = await swapFiles(store, rejected, day, {
      replaced: manifest.files,
      by: [],
      now,
    });
    if (swapped === 'swapped') return manifest.rows;
  }
}
