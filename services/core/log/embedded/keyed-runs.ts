// Values by 16-byte hash, far more than fit in memory: immutable runs, newest first, each with a filter in memory that
// knows almost all keys it does not hold. A B-tree would touch a random page per key, written twice; a run is written
// once, in order, and forgotten whole when it is old.
import type { DatabaseSync } from 'node:sqlite';
import type { UndoLog } from './write-queue.ts';

/** Bits of filter per key and probes into them: about 1 key in 1,500 passes wrongly (Bloom filter, 16 bits, 7 probes). */
const BITS_PER_KEY = 16;
const PROBES = 7;
/** Keys in a bucket on average: some 800 bytes of claims, so that several buckets share a page. */
const KEYS_PER_BUCKET = 16;
const MAX_BUCKETS = 65_536;

export const RUNS_SCHEMA = `
CREATE TABLE runs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL,
  buckets INTEGER NOT NULL,
  newest_at INTEGER NOT NULL,
  filter BLOB NOT NULL
) STRICT;
CREATE TABLE run_buckets (
  id INTEGER PRIMARY KEY,
  payload BLOB NOT NULL
) STRICT;
`;

interface Run {
  readonly id: number;
  readonly buckets: number;
  /** Time of the newest value, milliseconds since the epoch. */
  readonly newestAt: number;
  readonly filter: Uint8Array;
}

export interface KeyedRuns {
  /** The newest value of a key. */
  get(key: string): Buffer | undefined;
  /** Writes a run inside the open transaction. */
  write(entries: ReadonlyMap<string, Uint8Array>, newestAt: number, undo: UndoLog): void;
  /** Changes every value of a key, older ones too, inside the open transaction. */
  rewrite(key: string, change: (value: Buffer) => Uint8Array): void;
  /** Ids of runs whose newest value is older than `time`. */
  olderThan(time: number): readonly number[];
  /** Deletes a run inside the open transaction. */
  remove(id: number, undo: UndoLog): void;
}

/** The runs of one kind of value. */
export function openKeyedRuns(db: DatabaseSync, kind: string): KeyedRuns {
  const insertRun = db.prepare(
    'INSERT INTO runs (kind, buckets, newest_at, filter) VALUES (?, ?, ?, ?) RETURNING id',
  );
  const insertBucket = db.prepare('INSERT INTO run_buckets (id, payload) VALUES (?, ?)');
  const getBucket = db.prepare('SELECT payload FROM run_buckets WHERE id = ?');
  const setBucket = db.prepare('UPDATE run_buckets SET payload = ? WHERE id = ?');
  const deleteBuckets = db.prepare('DELETE FROM run_buckets WHERE id >= ? AND id < ?');
  const deleteRun = db.prepare('DELETE FROM runs WHERE id = ?');
  let runs: readonly Run[] = db
    .prepare(
      'SELECT id, buckets, newest_at AS newestAt, filter FROM runs WHERE kind = ? ORDER BY id DESC',
    )
    .all(kind) as unknown as Run[];

  function replaceRuns(next: readonly Run[], undo: UndoLog): void {
    const before = runs;
    runs = next;
    undo.add(() => (runs = before));
  }

  return {
    get(key) {
      const h1 = word(key, 0);
      const h2 = word(key, 4) | 1;
      for (const run of runs) {
        if (!mayContain(run.filter, h1, h2)) continue;
        const bucket = run.id * MAX_BUCKETS + bucketOf(key, run.buckets);
        const payload = getBucket.get(bucket)?.['payload'];
        const value = payload instanceof Uint8Array ? find(payload, key) : undefined;
        if (value !== undefined) return value;
      }
      return undefined;
    },
    write(entries, newestAt, undo) {
      const buckets = Math.min(MAX_BUCKETS, Math.ceil(entries.size / KEYS_PER_BUCKET));
      const filter = new Uint8Array(filterBytes(entries.size));
      const sizes = new Uint32Array(buckets);
      for (const [key, value] of entries) {
        addToFilter(filter, word(key, 0), word(key, 4) | 1);
        const bucket = bucketOf(key, buckets);
        sizes[bucket] = (sizes[bucket] ?? 0) + 20 + value.length;
      }
      const payloads = Array.from(sizes, (size) => Buffer.allocUnsafe(size));
      const ends = new Uint32Array(buckets);
      for (const [key, value] of entries) {
        const bucket = bucketOf(key, buckets);
        const payload = payloads[bucket] as Buffer;
        let at = ends[bucket] as number;
        at += payload.write(key, at, 'latin1');
        at = payload.writeUInt32LE(value.length, at);
        payload.set(value, at);
        ends[bucket] = at + value.length;
      }
      const id = Number(insertRun.get(kind, buckets, newestAt, filter)?.['id']);
      for (const [bucket, payload] of payloads.entries()) {
        insertBucket.run(id * MAX_BUCKETS + bucket, payload);
      }
      replaceRuns([{ id, buckets, newestAt, filter }, ...runs], undo);
    },
    rewrite(key, change) {
      for (const run of runs) {
        const bucket = run.id * MAX_BUCKETS + bucketOf(key, run.buckets);
        const payload = getBucket.get(bucket)?.['payload'];
        const value = payload instanceof Uint8Array ? find(payload, key) : undefined;
        if (value === undefined) continue;
        const bytes = Buffer.from(value.buffer);
        const end = value.byteOffset + value.length;
        const changed = change(value);
        const length = Buffer.allocUnsafe(4);
        length.writeUInt32LE(changed.length);
        const before = bytes.subarray((payload as Uint8Array).byteOffset, value.byteOffset - 4);
        const after = bytes.subarray(
          end,
          (payload as Uint8Array).byteOffset + (payload as Uint8Array).length,
        );
        setBucket.run(Buffer.concat([before, length, changed, after]), bucket);
      }
    },
    olderThan: (time) => runs.filter(({ newestAt }) => newestAt < time).map(({ id }) => id),
    remove(id, undo) {
      deleteBuckets.run(id * MAX_BUCKETS, (id + 1) * MAX_BUCKETS);
      deleteRun.run(id);
      replaceRuns(
        runs.filter((run) => run.id !== id),
        undo,
      );
    },
  };
}

/** Four bytes of the key from `at` as an unsigned number; the key is a hash, so any are as good. */
function word(key: string, at: number): number {
  return (
    (key.charCodeAt(at) |
      (key.charCodeAt(at + 1) << 8) |
      (key.charCodeAt(at + 2) << 16) |
      (key.charCodeAt(at + 3) << 24)) >>>
    0
  );
}

function bucketOf(key: string, buckets: number): number {
  return word(key, 8) % buckets;
}

/** A power of two, so that a probe is a mask. */
function filterBytes(keys: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(64, (keys * BITS_PER_KEY) / 8)));
}

function mayContain(filter: Uint8Array, h1: number, h2: number): boolean {
  const mask = filter.length * 8 - 1;
  let h = h1;
  for (let i = 0; i < PROBES; i += 1) {
    const bit = h & mask;
    if (((filter[bit >>> 3] ?? 0) & (1 << (bit & 7))) === 0) return false;
    h = (h + h2) | 0;
  }
  return true;
}

function addToFilter(filter: Uint8Array, h1: number, h2: number): void {
  const mask = filter.length * 8 - 1;
  let h = h1;
  for (let i = 0; i < PROBES; i += 1) {
    const bit = h & mask;
    filter[bit >>> 3] = (filter[bit >>> 3] ?? 0) | (1 << (bit & 7));
    h = (h + h2) | 0;
  }
}

function find(payload: Uint8Array, key: string): Buffer | undefined {
  const buffer = Buffer.from(payload.buffer, payload.byteOffset, payload.length);
  const first = word(key, 0);
  for (let at = 0; at < buffer.length;) {
    const length = buffer.readUInt32LE(at + 16);
    if (buffer.readUInt32LE(at) === first && buffer.toString('latin1', at, at + 16) === key) {
      return buffer.subarray(at + 20, at + 20 + length);
    }
    at += 20 + length;
  }
  return undefined;
}
