// One pass over the archive: days with too many small files get fewer, what does not count goes, lists of files say what
// manifests say. Days that have not changed since the last pass, and of which nothing is due, cost one line of a listing.
import { SignpostError } from '#core/errors.ts';
import type { Logger } from '#core/logger.ts';
import { compactDay, nothingCompacted, type Compacted, type CompactParts } from './compact.ts';
import { datasets, rejected, type Dataset } from './datasets.ts';
import { dataPrefix, dayOfManifestKey, manifestPrefix } from './layout.ts';
import { readManifest, renewSymlinks } from './manifest.ts';
import { usualCompaction } from './plan-compaction.ts';
import {
  deleteRetired,
  forgottenAfterMs,
  nextRetirement,
  rejectedKeptUntil,
  retireOrphans,
  retireRejected,
} from './retire.ts';

export interface KeepParts extends CompactParts {
  /** For how long readers of an older manifest may read what it named. */
  readonly graceMs: number;
  readonly logger: Logger;
  /** Told of days that are seen to: how much of the whole is done, 0 to 1, and which day. */
  readonly onDay?: (share: number, says: string) => void;
}

/** What the last passes saw: belongs to one keeper. */
export interface Seen {
  readonly days: Map<string, { readonly etags: string; readonly dueAt: number }>;
  /** When orphans were last looked for, milliseconds since the epoch. */
  orphansAt: number;
}

export interface Kept extends Compacted {
  readonly deleted: number;
  readonly orphans: number;
  /** Rows of dead letters whose time is over. */
  readonly rejectedRows: number;
  readonly symlinks: number;
  /** Days that could not be seen to, see the log. */
  readonly damaged: number;
}

export const nothingKept: Kept = {
  ...nothingCompacted,
  deleted: 0,
  orphans: 0,
  rejectedRows: 0,
  symlinks: 0,
  damaged: 0,
};

export function createSeen(): Seen {
  return { days: new Map(), orphansAt: Number.NEGATIVE_INFINITY };
}

/** What is listed in full is listed so often. */
const orphansEveryMs = forgottenAfterMs / 4;

/** @throws SignpostError where the store does not answer; a day that is damaged is logged, and the others are seen to */
export async function keepDays(parts: KeepParts, seen: Seen): Promise<Kept> {
  let kept = nothingKept;
  for (const [at, dataset] of datasets.entries()) {
    const onDay = (_: number, says: string): void => parts.onDay?.(at / datasets.length, says);
    kept = sumOf(kept, await keepDataset({ ...parts, onDay }, dataset, seen));
  }
  const now = parts.now();
  if (now - seen.orphansAt < orphansEveryMs) return kept;
  for (const dataset of datasets) {
    const orphans = await retireOrphans({ store: parts.store, now }, dataset, parts.signal);
    kept = sumOf(kept, { ...nothingKept, orphans });
  }
  if (parts.signal?.aborted !== true) seen.orphansAt = now;
  return kept;
}

async function keepDataset(parts: KeepParts, dataset: Dataset<unknown>, seen: Seen): Promise<Kept> {
  const { store, now, signal } = parts;
  const lists = new Map<string, string>();
  for await (const { key, etag } of store.list(`${dataPrefix(dataset)}_symlinks/`)) {
    const day = /day=(\d{4}-\d{2}-\d{2})\/manifest$/.exec(key)?.[1];
    if (day !== undefined) lists.set(day, etag);
  }
  let kept = nothingKept;
  for await (const { key, etag } of store.list(manifestPrefix(dataset))) {
    if (signal?.aborted === true) break;
    const day = dayOfManifestKey(key);
    if (day === undefined) continue;
    const etags = `${etag} ${lists.get(day) ?? ''}`;
    const before = seen.days.get(key);
    if (before?.etags === etags && before.dueAt > now()) continue;
    parts.onDay?.(0, `${dataset.name}, ${day}`);
    kept = sumOf(kept, await keepDay(parts, dataset, day));
    seen.days.set(key, { etags, dueAt: await dueAtOf(parts, dataset, day) });
  }
  return kept;
}

async function keepDay<T>(parts: KeepParts, dataset: Dataset<T>, day: string): Promise<Kept> {
  const { store, now, graceMs, logger } = parts;
  let kept = nothingKept;
  try {
    if (dataset.name === rejected.name) {
      const rejectedRows = await retireRejected({ store, now: now(), graceMs }, day);
      kept = { ...kept, rejectedRows };
    }
    kept = { ...kept, deleted: await deleteRetired({ store, now: now(), graceMs }, dataset, day) };
    if (await renewSymlinks(store, dataset, day)) kept = { ...kept, symlinks: 1 };
    kept = { ...kept, ...(await compactDay(parts, dataset, day)) };
  } catch (error) {
    if (!(error instanceof SignpostError) || error.code !== 'archive-damaged') throw error;
    logger.error({ code: error.code, dataset: dataset.name, day }, error.message);
    kept = { ...kept, damaged: 1 };
  }
  return kept;
}

/** When a day is to be seen to again though nothing changes it, milliseconds since the epoch. */
async function dueAtOf(
  { store, now, graceMs, settings = usualCompaction }: KeepParts,
  dataset: Dataset<unknown>,
  day: string,
): Promise<number> {
  const held = await readManifest(store, dataset, day).catch((error: unknown) => {
    if (error instanceof SignpostError && error.code === 'archive-damaged') return null;
    throw error;
  });
  if (held === null) return Number.POSITIVE_INFINITY;
  const { manifest } = held;
  const small = manifest.files.filter(({ bytes }) => bytes < settings.smallBytes).length;
  const ends = [nextRetirement(manifest, now(), graceMs)];
  if (small > 1) ends.push(now() + settings.settledMs);
  if (dataset.name === rejected.name && manifest.files.length > 0)
    ends.push(rejectedKeptUntil(day, graceMs));
  return Math.min(...ends);
}

export function sumOf(a: Kept, b: Kept): Kept {
  return Object.fromEntries(
    Object.entries(a).map(([name, value]) => [name, (value as number) + b[name as keyof Kept]]),
  ) as unknown as Kept;
}
