// How batches of records are compressed: zstd and gzip by Node's own zlib, for our own batches and for kafkajs alike.
import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import kafkajs from 'kafkajs';
import { SignpostError } from '../../errors.ts';
import type { KafkaSettings } from './settings.ts';

/** Ids in the attributes of a batch: https://kafka.apache.org/documentation/#recordbatch */
const idOf = { none: 0, gzip: 1, zstd: 4 } as const;
/** No batch unpacks to more: a small one could hold gigabytes of zeros. */
const MOST_BYTES = 128 * 1024 * 1024;

export interface Compressor {
  readonly id: number;
  compress(bytes: Uint8Array): Uint8Array;
}

export function compressorOf(compression: KafkaSettings['compression']): Compressor {
  const id = idOf[compression];
  switch (compression) {
    case 'zstd':
      return { id, compress: (bytes) => zstdCompressSync(bytes) };
    case 'gzip':
      return { id, compress: (bytes) => gzipSync(bytes) };
    case 'none':
      return { id, compress: (bytes) => bytes };
  }
}

/** @throws SignpostError `log-corrupt` for what cannot be unpacked, `log-refused` for a compression Node lacks. */
export function decompress(id: number, bytes: Buffer): Buffer {
  try {
    switch (id) {
      case idOf.none:
        return bytes;
      case idOf.gzip:
        return gunzipSync(bytes, { maxOutputLength: MOST_BYTES });
      case idOf.zstd:
        return zstdDecompressSync(bytes, { maxOutputLength: MOST_BYTES });
      default:
        break;
    }
  } catch (cause) {
    throw new SignpostError('log-corrupt', 'A compressed batch cannot be unpacked', { cause });
  }
  const name = id === 2 ? 'snappy' : id === 3 ? 'lz4' : `compression ${id}`;
  throw new SignpostError('unsupported-compression', `A batch is compressed with ${name}`, {
    hint: 'Let its producer use zstd, gzip or none.',
  });
}

/** Teaches kafkajs zstd, for whoever reads or writes through its own producers and consumers. */
export function registerCodecs(): void {
  const { CompressionCodecs, CompressionTypes } = kafkajs;
  CompressionCodecs[CompressionTypes.ZSTD] = () => ({
    compress: async (encoder: { buffer: Buffer }) => zstdCompressSync(encoder.buffer),
    decompress: async (bytes: Buffer) => decompress(idOf.zstd, bytes),
  });
}
