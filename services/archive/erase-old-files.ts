// The end of files that count no more and may hold words of erased persons: until then who began to read them reads on.
import { alerts, judgements, rejected } from './datasets.ts';
import type { EraseFilesParts } from './erase-files.ts';
import { spokenDatasets } from './erase-scan.ts';
import { lastPassFrom } from './erasures.ts';
import { manifestDays, readManifest } from './manifest.ts';
import { deleteRetired, retireOrphans } from './retire.ts';

/** A swap that is still to name its file takes seconds; where it was retired meanwhile it says so and is done anew. */
const swapsWithinMs = 3_600_000;

/**
 * Deletes what counts no more once its grace time is over, and when a deadline is over at once: then also what no manifest
 * names, for nobody reads it and nobody knows whose words it holds.
 * @returns whether something is left
 */
export async function deleteOldFiles(parts: EraseFilesParts): Promise<boolean> {
  const { store, erased, now, graceMs, mode, signal } = parts;
  if (mode === 'look') return false;
  const due = erased.erasures.filter(
    (erasure) => erasure.doneAt === null && lastPassFrom(erasure) <= now(),
  );
  const grace = due.length > 0 ? 0 : graceMs;
  const writtenBefore = Math.max(
    now() - swapsWithinMs,
    ...due.map(({ requestedAt }) => requestedAt),
  );
  let isGoing = false;
  for (const dataset of [...spokenDatasets, judgements, alerts, rejected]) {
    if (due.length > 0) await retireOrphans({ store, now: now(), writtenBefore }, dataset, signal);
    for await (const day of manifestDays(store, dataset)) {
      const { manifest } = await readManifest(store, dataset, day);
      if (manifest.retired.length === 0) continue;
      await deleteRetired({ store, now: now(), graceMs: grace }, dataset, day);
      isGoing ||= manifest.retired.some(({ at }) => at > now() - grace);
    }
  }
  return isGoing;
}
