// Reads whole topics as any client would, with kafkajs under read_committed (mended: as it is it delivers aborted
// records) and avsc on the .avsc files alone: nothing of the log or of the codecs under test. It ends at a mark of its own on each partition, so what it did not read is
// not there, and a transaction left open is noticed.
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import avsc from 'avsc';
import kafkajs, { type IHeaders, type Kafka, type KafkaMessage } from 'kafkajs';
import { mendReadCommitted } from '#core/log/kafka/kafkajs-read-committed.ts';

export interface PlainRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: Buffer;
}

const END_HEADER = 'oracle_end';

/**
 * Every record of the topics, partition by partition in order.
 * @throws Error when some partition does not come to its end in time: a transaction on it may be open.
 */
export async function readWhole(
  kafka: Kafka,
  topics: readonly string[],
  each: (record: PlainRecord) => void,
  timeoutMs = 60_000,
): Promise<void> {
  mendReadCommitted();
  const { CompressionCodecs, CompressionTypes } = kafkajs;
  CompressionCodecs[CompressionTypes.ZSTD] = () => ({
    compress: async (encoder: { buffer: Buffer }) => zstdCompressSync(encoder.buffer),
    decompress: async (bytes: Buffer) => zstdDecompressSync(bytes),
  });
  const end = randomUUID();
  const open = await markEnds(kafka, topics, end);
  // The group remembers nothing: no offset is committed.
  const consumer = kafka.consumer({
    groupId: `oracle-${end}`,
    readUncommitted: false,
    allowAutoTopicCreation: false,
    maxWaitTimeInMs: 200,
  });
  let failed: (error: Error) => void = () => {};
  let done: () => void = () => {};
  const over = new Promise<void>((resolve, reject) => {
    done = resolve;
    failed = reject;
  });
  // A coordinator that is loading, for one, is met again by itself.
  consumer.on(consumer.events.CRASH, ({ payload: { error, restart } }) => {
    if (!restart) failed(error);
  });
  const timer = setTimeout(() => {
    failed(new Error(`No end within ${timeoutMs} ms on ${[...open].join(', ')}`));
  }, timeoutMs);
  // A rebalance or an error may deliver again what was seen.
  const next = new Map<string, number>();
  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [...topics], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: true,
      partitionsConsumedConcurrently: 4,
      // oxlint-disable-next-line typescript/require-await -- kafkajs asks for a promise
      eachBatch: async ({ batch: { topic, partition, messages } }) => {
        const place = `${topic}/${partition}`;
        for (const message of messages) {
          const offset = Number(message.offset);
          if (!open.has(place) || offset < (next.get(place) ?? 0)) continue;
          next.set(place, offset + 1);
          const record = plain(topic, partition, message);
          if (record.headers[END_HEADER] === end) open.delete(place);
          else if (message.value !== null) each(record);
        }
        if (open.size === 0) done();
      },
    });
    await over;
  } finally {
    clearTimeout(timer);
    await consumer.disconnect();
  }
}

/** Writes a mark to each partition. @returns `topic/partition` of each. */
async function markEnds(kafka: Kafka, topics: readonly string[], end: string) {
  const admin = kafka.admin();
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  const places = new Set<string>();
  try {
    await Promise.all([admin.connect(), producer.connect()]);
    const metadata = await admin.fetchTopicMetadata({ topics: [...topics] });
    for (const { name, partitions } of metadata.topics) {
      await producer.send({
        topic: name,
        messages: partitions.map(({ partitionId: partition }) => {
          places.add(`${name}/${partition}`);
          return { partition, key: null, value: null, headers: { [END_HEADER]: end } };
        }),
      });
    }
  } finally {
    await Promise.all([admin.disconnect(), producer.disconnect()]);
  }
  return places;
}

function plain(topic: string, partition: number, message: KafkaMessage): PlainRecord {
  const { key, value, offset, headers } = message;
  return {
    topic,
    partition,
    offset: Number(offset),
    key: key === null ? null : key.toString(),
    headers: textOf(headers ?? {}),
    value: value ?? Buffer.alloc(0),
  };
}

function textOf(headers: IHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, String(value ?? '')]),
  );
}

/** Avro types by the id that stands on the wire. */
export type PlainTypes = ReadonlyMap<number, avsc.Type>;

/**
 * Of every version of every record in `schemas/`.
 * @param schemas the folder with `ids.json` and the published, self-contained `.avsc` files
 */
export function readPlainTypes(schemas: string): PlainTypes {
  const ids = JSON.parse(readFileSync(join(schemas, 'ids.json'), 'utf8')) as Record<
    string,
    Record<string, number>
  >;
  const folder = join(schemas, 'generated/avro');
  return new Map(
    readdirSync(folder).map((file) => {
      const [record = '', version = ''] = file.split('.');
      const id = ids[record]?.[version.slice(1)];
      if (id === undefined) throw new Error(`${file} has no id`);
      const schema = JSON.parse(readFileSync(join(folder, file), 'utf8')) as avsc.Schema;
      return [id, avsc.Type.forSchema(schema)] as const;
    }),
  );
}

/** A value in Confluent framing; null when it cannot be read by the schema that it names. */
export function decodePlain(types: PlainTypes, value: Buffer): Record<string, unknown> | null {
  if (value.length < 5 || value[0] !== 0) return null;
  const type = types.get(value.readUInt32BE(1));
  if (type === undefined) return null;
  try {
    return type.fromBuffer(value.subarray(5)) as Record<string, unknown>;
  } catch {
    return null;
  }
}
