// Requests that kafkajs makes too slowly or too trustingly for a log, written by hand and sent over its connections:
// metadata and transactions with errors per topic, produce with finished batches.
// https://kafka.apache.org/protocol.html
import {
  encoded,
  protocolError,
  type Broker,
  type InTransaction,
  type WireRequest,
} from './kafkajs-internals.ts';
import type { ClosedBatch } from './record-batch.ts';
import {
  createWriter,
  readArray,
  readInt16,
  readInt32,
  readInt64,
  readInt8,
  readString,
  taken,
  writeArray,
  writeBytes,
  writeInt16,
  writeInt32,
  writeInt64,
  writeInt8,
  writeString,
  type WireReader,
  type WireWriter,
} from './wire-format.ts';

export interface ClusterMetadata {
  readonly brokers: readonly { nodeId: number; host: string; port: number }[];
  readonly topics: readonly TopicMetadata[];
}

export interface TopicMetadata {
  /** 0 when the topic is there. */
  readonly errorCode: number;
  readonly name: string;
  readonly internal: boolean;
  /** Leaders are node ids; -1 while there is none. */
  readonly partitions: readonly { partition: number; leader: number }[];
}

/** Metadata v6 of the topics named, of all when null; makes none. */
export function metadataOf(
  broker: Broker,
  topics: readonly string[] | null,
): Promise<ClusterMetadata> {
  return send(
    broker,
    { apiKey: 3, apiVersion: 6, apiName: 'Metadata' },
    (writer) => {
      if (topics === null) writeInt32(writer, -1);
      else writeArray(writer, topics, writeString);
      writeInt8(writer, 0);
    },
    (reader) => {
      readInt32(reader);
      const brokers = readArray(reader, () => {
        const nodeId = readInt32(reader);
        const host = readString(reader) ?? '';
        const port = readInt32(reader);
        readString(reader);
        return { nodeId, host, port };
      });
      readString(reader);
      readInt32(reader);
      return { brokers, topics: readArray(reader, readTopic) };
    },
  );
}

function readTopic(reader: WireReader): TopicMetadata {
  const errorCode = readInt16(reader);
  const name = readString(reader) ?? '';
  const internal = readInt8(reader) !== 0;
  const partitions = readArray(reader, () => {
    readInt16(reader);
    const partition = readInt32(reader);
    const leader = readInt32(reader);
    readArray(reader, readInt32);
    readArray(reader, readInt32);
    readArray(reader, readInt32);
    return { partition, leader };
  });
  return { errorCode, name, internal, partitions };
}

export interface Produced {
  readonly topic: string;
  readonly partition: number;
  readonly baseOffset: number;
}

/**
 * Produce v7, acknowledged by all in-sync replicas; at most one batch of a partition.
 * @param transactionalId null where the batches are in no transaction
 * @throws the first error.
 */
export function produce(
  broker: Broker,
  transactionalId: string | null,
  batches: readonly ClosedBatch[],
  timeoutMs: number,
): Promise<readonly Produced[]> {
  const byTopic = [...Map.groupBy(batches, ({ topic }) => topic)];
  return send(
    broker,
    { apiKey: 0, apiVersion: 7, apiName: 'Produce' },
    (writer) => {
      writeString(writer, transactionalId);
      writeInt16(writer, -1);
      writeInt32(writer, timeoutMs);
      writeArray(writer, byTopic, (_, [topic, each]) => {
        writeString(writer, topic);
        writeArray(writer, each, (__, { partition, bytes }) => {
          writeInt32(writer, partition);
          writeInt32(writer, bytes.length);
          writeBytes(writer, bytes);
        });
      });
    },
    (reader) =>
      readArray(reader, () => {
        const topic = readString(reader) ?? '';
        return readArray(reader, () => {
          const partition = readInt32(reader);
          const errorCode = readInt16(reader);
          const baseOffset = readInt64(reader);
          reader.at += 16;
          // 46: the broker has this very batch already, from a try whose answer was lost.
          if (errorCode !== 0 && errorCode !== 46) throw errorAbout(errorCode, topic);
          return { topic, partition, baseOffset };
        });
      }).flat(),
    timeoutMs + 1_000,
  );
}

/** The other topics of a transaction were not looked at, since one of them was refused. */
const NOT_ATTEMPTED = 55;

/** AddPartitionsToTxn v1. @throws the error of the topic that is at fault; kafkajs takes the first, which need not be it. */
export function addPartitions(
  broker: Broker,
  { transactionalId, producerId, producerEpoch }: InTransaction,
  topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[],
): Promise<void> {
  return send(
    broker,
    { apiKey: 24, apiVersion: 1, apiName: 'AddPartitionsToTxn' },
    (writer) => {
      writeString(writer, transactionalId);
      writeInt64(writer, Number(producerId.toString()));
      writeInt16(writer, producerEpoch);
      writeArray(writer, topics, (_, { topic, partitions }) => {
        writeString(writer, topic);
        writeArray(writer, partitions, writeInt32);
      });
    },
    (reader) => {
      readInt32(reader);
      const errors = readArray(reader, () => {
        const topic = readString(reader) ?? '';
        return readArray(reader, () => {
          readInt32(reader);
          return { topic, errorCode: readInt16(reader) };
        });
      }).flat();
      const failed = errors.filter(({ errorCode }) => errorCode !== 0);
      const first = failed.find(({ errorCode }) => errorCode !== NOT_ATTEMPTED) ?? failed[0];
      if (first !== undefined) throw errorAbout(first.errorCode, first.topic);
    },
  );
}

/** The protocol's error of a code in a response, knowing which topic it is about. */
export function errorAbout(code: number, topic: string): Error {
  return Object.assign(protocolError(code), { topic });
}

/** DescribeLogDirs v1: bytes of each partition on this broker's disks; empty where this client may not ask. */
export function logSizes(
  broker: Broker,
  partitions: readonly { readonly topic: string; readonly partition: number }[],
): Promise<readonly { topic: string; partition: number; bytes: number }[]> {
  const byTopic = [...Map.groupBy(partitions, ({ topic }) => topic)];
  return send(
    broker,
    { apiKey: 35, apiVersion: 1, apiName: 'DescribeLogDirs' },
    (writer) => {
      writeArray(writer, byTopic, (_, [topic, each]) => {
        writeString(writer, topic);
        writeArray(writer, each, (__, { partition }) => writeInt32(writer, partition));
      });
    },
    (reader) => {
      readInt32(reader);
      return readArray(reader, () => {
        readInt16(reader);
        readString(reader);
        return readArray(reader, () => {
          const topic = readString(reader) ?? '';
          return readArray(reader, () => {
            const partition = readInt32(reader);
            const bytes = readInt64(reader);
            readInt64(reader);
            readInt8(reader);
            return { topic, partition, bytes };
          });
        }).flat();
      }).flat();
    },
  );
}

/** Sends a request of our own making. */
export function send<T>(
  broker: Broker,
  api: { apiKey: number; apiVersion: number; apiName: string },
  write: (writer: WireWriter) => void,
  read: (reader: WireReader) => T,
  requestTimeout?: number,
): Promise<T> {
  const request: WireRequest<T> = {
    request: {
      ...api,
      async encode() {
        const writer = createWriter(512);
        write(writer);
        return encoded(taken(writer));
      },
    },
    response: {
      decode: async (payload) => payload,
      parse: async (payload) => read({ buffer: payload as Buffer, at: 0 }),
    },
    ...(requestTimeout === undefined ? {} : { requestTimeout }),
    logResponseError: false,
  };
  return broker.connectionPool.send(request);
}
