// Fetching, read_committed, with batches left as they are. https://kafka.apache.org/protocol.html
import { protocolError, type Broker } from './kafkajs-internals.ts';
import { wholeBatches, type AbortedTransaction } from './record-reader.ts';
import { send } from './requests.ts';
import {
  readArray,
  readInt16,
  readInt32,
  readInt64,
  readString,
  writeArray,
  writeInt32,
  writeInt64,
  writeInt8,
  writeString,
  type WireReader,
} from './wire-format.ts';

export interface FetchPartition {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly maxBytes: number;
}

export interface FetchedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
  readonly highWatermark: number;
  /** Committed records end here. */
  readonly lastStableOffset: number;
  readonly logStart: number;
  readonly aborted: readonly AbortedTransaction[];
  /** Whole batches only, and bytes of their own; see `wholeBatches`. */
  readonly bytes: Buffer;
  /** Offset after them; undefined when there are none. */
  readonly nextOffset: number | undefined;
}

export interface FetchLimits {
  readonly maxWaitMs: number;
  /** Answered sooner once there is so much; absent means anything. */
  readonly minBytes?: number;
  /** Of the whole answer; a single larger batch comes all the same. */
  readonly maxBytes: number;
}

/** Fetch v11, read_committed. */
export function fetchRecords(
  broker: Broker,
  partitions: readonly FetchPartition[],
  { maxWaitMs, minBytes = 1, maxBytes }: FetchLimits,
): Promise<readonly FetchedPartition[]> {
  const byTopic = [...Map.groupBy(partitions, ({ topic }) => topic)];
  return send(
    broker,
    { apiKey: 1, apiVersion: 11, apiName: 'Fetch' },
    (writer) => {
      writeInt32(writer, -1);
      writeInt32(writer, maxWaitMs);
      writeInt32(writer, minBytes);
      writeInt32(writer, maxBytes);
      writeInt8(writer, 1);
      writeInt32(writer, 0);
      writeInt32(writer, -1);
      writeArray(writer, byTopic, (_, [topic, each]) => {
        writeString(writer, topic);
        writeArray(writer, each, (__, at) => {
          writeInt32(writer, at.partition);
          writeInt32(writer, -1);
          writeInt64(writer, at.offset);
          writeInt64(writer, -1);
          writeInt32(writer, at.maxBytes);
        });
      });
      writeInt32(writer, 0);
      writeString(writer, '');
    },
    (reader) => {
      readInt32(reader);
      const errorCode = readInt16(reader);
      if (errorCode !== 0) throw protocolError(errorCode);
      readInt32(reader);
      return readArray(reader, () => {
        const topic = readString(reader) ?? '';
        return readArray(reader, () => readFetched(reader, topic));
      }).flat();
    },
  );
}

function readFetched(reader: WireReader, topic: string): FetchedPartition {
  const partition = readInt32(reader);
  const errorCode = readInt16(reader);
  const highWatermark = readInt64(reader);
  const lastStableOffset = readInt64(reader);
  const logStart = readInt64(reader);
  const aborted = readArray(reader, () => {
    const producerId = reader.buffer.readBigInt64BE(reader.at);
    reader.at += 8;
    return { producerId, firstOffset: readInt64(reader) };
  });
  readInt32(reader);
  const length = Math.max(0, readInt32(reader));
  const slice = reader.buffer.subarray(reader.at, reader.at + length);
  reader.at += length;
  const whole = wholeBatches(slice);
  return {
    topic,
    partition,
    errorCode,
    highWatermark,
    lastStableOffset,
    logStart,
    aborted,
    // Copied, or a little of one partition would hold the whole answer in memory.
    bytes: Buffer.from(slice.subarray(0, whole.length)),
    nextOffset: whole.nextOffset,
  };
}
