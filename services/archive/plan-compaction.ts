// Which files of a day are worth making one. Every rewrite at least doubles the rows of the file in which a row lies, and
// large files are left alone; so a row is written anew at most log2(rows of a large file / rows of its chunk) times, half
// as often while the day still grows, and a trickle of late rows never rewrites what is large already.
import type { Manifest, ManifestFile } from './manifest.ts';

export interface CompactionSettings {
  /** Smaller files are small, and are made larger ones. */
  readonly smallBytes: number;
  /** Of the files that are made one, together: less than that comes of them, since larger files compress better. */
  readonly mostBytes: number;
  /** Of a day that still grows: so many small files are waited for. */
  readonly fewestFiles: number;
  /** A day that has not changed for so long grows no more, but for what comes late. */
  readonly settledMs: number;
}

export const usualCompaction: CompactionSettings = {
  smallBytes: 64 * 2 ** 20,
  // Twice the least, so that any two small ones fit; and what is made of them is held in memory until it is written.
  mostBytes: 128 * 2 ** 20,
  fewestFiles: 8,
  settledMs: 2 * 3_600_000,
};

/** By how much a rewrite makes files larger, in rows. */
const growth = { growing: 4, settled: 2 };

/**
 * The files to make one of next, or undefined where none are worth it.
 * @param changedAt when the day's manifest last changed, milliseconds since the epoch
 */
export function planCompaction(
  { files }: Pick<Manifest, 'files'>,
  at: { readonly now: number; readonly changedAt: number },
  settings: CompactionSettings = usualCompaction,
): readonly ManifestFile[] | undefined {
  // Of a topic that was made anew the same offsets are other rows, and rows do not say of which it is: files do.
  const byTopic = Map.groupBy(files, ({ covers }) => covers[0]?.topic);
  for (const some of byTopic.values()) {
    const planned = planOf(some, at, settings);
    if (planned !== undefined) return planned;
  }
  return undefined;
}

function planOf(
  files: readonly ManifestFile[],
  { now, changedAt }: { readonly now: number; readonly changedAt: number },
  settings: CompactionSettings,
): readonly ManifestFile[] | undefined {
  const { smallBytes, mostBytes, fewestFiles, settledMs } = settings;
  const isSettled = now - changedAt >= settledMs;
  const small = files
    .filter(({ bytes }) => bytes < smallBytes)
    .toSorted((a, b) => a.rows - b.rows || (a.key < b.key ? -1 : 1));
  const enough = isSettled
    ? { files: 2, growth: growth.settled }
    : { files: fewestFiles, growth: growth.growing };
  let rows = 0;
  let bytes = 0;
  let chosen = 0;
  for (const [at, file] of small.entries()) {
    rows += file.rows;
    bytes += file.bytes;
    if (bytes > mostBytes) break;
    if (at + 1 >= enough.files && rows >= enough.growth * file.rows) chosen = at + 1;
  }
  return chosen === 0 ? undefined : small.slice(0, chosen);
}
