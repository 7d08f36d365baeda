// Names of the archive's objects, all of them made and read here. Data lies in plain Hive partitions; what begins with an
// underscore is bookkeeping, which engines that look for data pass over.
//
//   insights/v1/day=2026-11-22/insights.shared.v1-3-00000000000000012345-00000000000000012999.parquet
//   insights/v1/_manifest/day=2026-11-22.json
//   insights/v1/_symlinks/day=2026-11-22/manifest
//   _chunks/insights.shared.v1/3/00000000000000012345.json
//   _erasures/<id>.json
//   _lease/keeper.json
import type { Dataset } from './datasets.ts';

/** A range of offsets of a partition, `to` exclusive. */
export interface OffsetRange {
  readonly topic: string;
  readonly partition: number;
  readonly from: number;
  readonly to: number;
}

type Named = Pick<Dataset<unknown>, 'name' | 'version'>;

const dayMs = 86_400_000;

/** The UTC day of a moment, `2026-11-22`. Times beyond what a date can be are put at the ends. */
export function dayOf(ms: number): string {
  const at = Math.min(Math.max(ms, Date.UTC(1, 0, 1)), Date.UTC(9999, 11, 31));
  return new Date(Math.floor(at / dayMs) * dayMs).toISOString().slice(0, 10);
}

export function dataPrefix({ name, version }: Named, day?: string): string {
  return day === undefined ? `${name}/v${version}/` : `${name}/v${version}/day=${day}/`;
}

/** Of what a chunk holds of a day: the same range and day have the same key, whoever writes it. */
export function chunkFileKey(dataset: Named, day: string, range: OffsetRange): string {
  const { topic, partition, from, to } = range;
  return `${dataPrefix(dataset, day)}${topic}-${partition}-${padded(from)}-${padded(to)}.parquet`;
}

/** The range of a chunk's file, or undefined where the key is none of such a file. */
export function rangeOfChunkFileKey(key: string): OffsetRange | undefined {
  const match = /\/([^/]+)-(\d+)-(\d{20})-(\d{20})\.parquet$/.exec(key);
  if (match === null) return undefined;
  const [, topic = '', partition, from, to] = match;
  return { topic, partition: Number(partition), from: Number(from), to: Number(to) };
}

/** Day of a data file's key, or undefined where it is none: bookkeeping, or somebody else's. */
export function dayOfDataKey(dataset: Named, key: string): string | undefined {
  const prefix = dataPrefix(dataset);
  if (!key.startsWith(prefix)) return undefined;
  const name =
    /^day=(\d{4}-\d{2}-\d{2})\/(made-[\da-f]{32}\.parquet|[^/]+-\d+-\d{20}-\d{20}\.parquet)$/;
  return name.exec(key.slice(prefix.length))?.[1];
}

/** Of a file that was made of others, by the SHA-256 of its content. */
export function madeFileKey(dataset: Named, day: string, sha256: string): string {
  return `${dataPrefix(dataset, day)}made-${sha256.slice(0, 32)}.parquet`;
}

export function manifestPrefix(dataset: Named): string {
  return `${dataPrefix(dataset)}_manifest/`;
}

export function manifestKey(dataset: Named, day: string): string {
  return `${manifestPrefix(dataset)}day=${day}.json`;
}

/** Day of a manifest's key, or undefined where it is none. */
export function dayOfManifestKey(key: string): string | undefined {
  return /\/_manifest\/day=(\d{4}-\d{2}-\d{2})\.json$/.exec(key)?.[1];
}

/** For engines that read lists of files: Hive's SymlinkTextInputFormat, as Trino and Athena know it for Parquet. */
export function symlinksKey(dataset: Named, day: string): string {
  return `${dataPrefix(dataset)}_symlinks/day=${day}/manifest`;
}

export function chunkPrefix(topic: string, partition: number): string {
  return `_chunks/${topic}/${partition}/`;
}

export function chunkKey({ topic, partition, from }: Omit<OffsetRange, 'to'>): string {
  return `${chunkPrefix(topic, partition)}${padded(from)}.json`;
}

/** Where the chunk begins that an intent's key names, or undefined where it is none. */
export function offsetOfChunkKey(key: string): number | undefined {
  const digits = /^_chunks\/.+\/(\d{20})\.json$/.exec(key)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

export const erasuresPrefix = '_erasures/';
export const keeperLeaseKey = '_lease/keeper.json';

/** So that keys sort as offsets do. */
function padded(offset: number): string {
  return String(offset).padStart(20, '0');
}
