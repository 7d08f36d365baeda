// Stored batches as the records a reader asked for.
import type { ReceivedRecord } from '../port.ts';
import { decodeBatch } from './batch-codec.ts';
import type { Chunk } from './protocol.ts';

export function decodeChunks(
  chunks: readonly Chunk[],
  topic: string,
  partition: number,
): ReceivedRecord[] {
  const records: ReceivedRecord[] = [];
  for (const { baseOffset, from, to, bytes } of chunks) {
    decodeBatch(bytes, { topic, partition, baseOffset }, from, to, records);
  }
  return records;
}
