// One partition as its holder sees it: fetched but not yet delivered records, and from where to fetch more. What is
// fetched stays packed until it is delivered, so that memory is bounded in bytes, not records (tulios/kafkajs#1694).
import type { PassOver, ReceivedRecord } from '../port.ts';
import { readBatches, type FetchedRecords, type ReadBatch } from './record-reader.ts';
import type { FetchedPartition } from './fetch-request.ts';
import type { SchemaIds } from './schema-ids.ts';

export interface Buffered {
  /** From where to fetch on. */
  readonly fetchOffset: () => number;
  /** Packed bytes not delivered yet. */
  readonly bytes: () => number;
  add(fetched: FetchedPartition): void;
  /** The next records, at most so many; empty when none is buffered. */
  take(maxRecords: number, maxBytes: number): Taken;
  /** Puts back what was taken last; to be delivered again. */
  putBack(taken: Taken): void;
  /** Forgets what lies before `offset`: somebody has had it. */
  passTo(offset: number): void;
  /** @throws SignpostError `log-corrupt`, each time: what cannot be read is not passed over. */
  readonly hasRecords: () => boolean;
  /** Offset of the next record to deliver, behind markers passed over so far. */
  readonly position: () => number;
  /** What of its records came last: all passed over, or some to deliver; undefined before the first. */
  readonly latest: () => 'passed' | 'delivered' | undefined;
}

export interface Taken {
  readonly records: readonly ReceivedRecord[];
  /** Where the partition goes on: behind markers and aborted records that follow, as far as they are known. */
  readonly nextOffset: number;
}

interface Chunk {
  readonly batches: Generator<ReadBatch, void, void>;
  readonly bytes: number;
}

/** @param topic its name inside, without the prefix it has on the cluster. */
export function createBuffered(
  topic: string,
  from: number,
  ids: SchemaIds | undefined,
  passOver?: PassOver,
): Buffered {
  let fetchOffset = from;
  let bytes = 0;
  const chunks: Chunk[] = [];
  /** Unpacked and not delivered; `at` counts those delivered. */
  let unpacked: readonly ReceivedRecord[] = [];
  let at = 0;
  let position = from;
  let passedTo = from;
  let returned: Taken | undefined;
  let latest: 'passed' | 'delivered' | undefined;
  let broken: { readonly error: unknown } | undefined;

  function unpack(chunk: Chunk): IteratorResult<ReadBatch, void> {
    if (broken !== undefined) throw broken.error;
    try {
      return chunk.batches.next();
    } catch (error) {
      // Asked again, a generator that threw says that it is done.
      broken = { error };
      throw error;
    }
  }

  /** Unpacks until there is a record; false when all is delivered. */
  function fill(): boolean {
    while (at >= unpacked.length) {
      const chunk = chunks[0];
      if (chunk === undefined) return false;
      const next = unpack(chunk);
      if (next.done) {
        chunks.shift();
        bytes -= chunk.bytes;
      } else {
        const { records, passed, nextOffset } = next.value;
        unpacked = records;
        at = countBefore(records, passedTo);
        position = Math.max(nextOffset, passedTo);
        if (records.length > at) latest = 'delivered';
        else if (passed > 0) latest = 'passed';
      }
    }
    return true;
  }

  return {
    fetchOffset: () => fetchOffset,
    bytes: () => bytes,
    hasRecords: () => returned !== undefined || fill(),
    add(fetched) {
      if (fetched.nextOffset === undefined) return;
      const records: FetchedRecords = { ...fetched, topic, from: fetchOffset };
      chunks.push({ batches: readBatches(records, ids, passOver), bytes: fetched.bytes.length });
      bytes += fetched.bytes.length;
      fetchOffset = fetched.nextOffset;
    },
    take(maxRecords, maxBytes) {
      if (returned !== undefined) {
        const again = returned;
        returned = undefined;
        return again;
      }
      const records: ReceivedRecord[] = [];
      let taken = 0;
      while (records.length < maxRecords && fill()) {
        const record = unpacked[at]!;
        const size = (record.value?.length ?? 0) + (record.key?.length ?? 0);
        if (records.length > 0 && taken + size > maxBytes) break;
        records.push(record);
        taken += size;
        at += 1;
      }
      return { records, nextOffset: fill() ? unpacked[at]!.offset : position };
    },
    position: () => returned?.records[0]?.offset ?? unpacked[at]?.offset ?? position,
    latest: () => latest,
    putBack(taken) {
      returned = taken;
    },
    passTo(offset) {
      passedTo = Math.max(passedTo, offset);
      position = Math.max(position, offset);
      at = Math.max(at, countBefore(unpacked, offset));
      if (fetchOffset >= offset) return;
      chunks.length = 0;
      bytes = 0;
      fetchOffset = offset;
    },
  };
}

/** How many of `records`, which are in order, lie before `offset`. */
function countBefore(records: readonly ReceivedRecord[], offset: number): number {
  if ((records[0]?.offset ?? offset) >= offset) return 0;
  const first = records.findIndex((record) => record.offset >= offset);
  return first < 0 ? records.length : first;
}
