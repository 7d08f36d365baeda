// Reads and writes Avro in the Confluent wire format for the generated codecs in `schemas/generated`.
// Bytes come from anywhere: whatever they hold, decoding ends quickly, in a record or in `undecodable`.
import { readFileSync } from 'node:fs';
import { AvroReader } from './avro-reader.ts';
import { AvroWriter } from './avro-writer.ts';
import type { Codec } from './codec.ts';
import { SignpostError } from './errors.ts';
import { findMismatch } from './avro-mismatch.ts';
import { parseShape } from './registry/avro-shape.ts';
import { learnedSchema } from './registry/learned-schemas.ts';
import { resolvingReader } from './registry/resolve.ts';
import { nameOfId } from './registry/schema-source.ts';

/** Zero byte and schema id before the Avro body. */
export const FRAME_BYTES = 5;

/** What the generator knows of a record; a codec follows from it. */
export interface AvroFormat<T> {
  /** Full name, for example `signpost.Insight`. */
  readonly recordName: string;
  /** Id of the schema that `write` follows. */
  readonly schemaId: number;
  /** The self-contained schema of that id, read only to explain a value that does not fit. */
  readonly schemaFile: URL;
  readonly write: (writer: AvroWriter, record: T) => void;
  /** Writes the last field alone; given where it may be null. */
  readonly writeLast?: (writer: AvroWriter, record: T) => void;
  /** One per published version, by schema id; each yields the newest shape. */
  readonly readers: ReadonlyMap<number, (reader: AvroReader) => T>;
}

// One of each for the whole thread: encoding and decoding are synchronous and never nest.
const writer = new AvroWriter();
const reader = new AvroReader();

/**
 * The codec of a record. Encoded arrays share memory with others, so none may be transferred to another thread; `bytes`
 * fields of decoded records are views on the input.
 */
export function createCodec<T>(format: AvroFormat<T>): Codec<T> {
  const { recordName, schemaId } = format;
  const readers = new Map(format.readers);
  return {
    recordName,
    schemaId,
    encode(record) {
      writer.begin(schemaId);
      try {
        format.write(writer, record);
      } catch (error) {
        throw explain(format, record, error);
      }
      return writer.finish(record);
    },
    withLast(bytes, record) {
      const end = bytes.length - 1;
      if (format.writeLast === undefined || bytes[end] !== NULL_BRANCH) return undefined;
      if (schemaIdOf(bytes) !== schemaId) return undefined;
      writer.begin(schemaId);
      writer.copy(bytes, FRAME_BYTES, end);
      try {
        format.writeLast(writer, record);
      } catch (error) {
        throw explain(format, record, error);
      }
      return writer.finish(record);
    },
    decode(bytes) {
      try {
        const id = reader.begin(bytes);
        let read = readers.get(id);
        if (read === undefined) readers.set(id, (read = readerOfLearned(format, id)));
        const record = read(reader);
        reader.end();
        return record;
      } catch (error) {
        if (!(error instanceof SignpostError)) throw error;
        throw new SignpostError(error.code, `${recordName}: ${error.message}`, { cause: error });
      } finally {
        reader.release();
      }
    },
  };
}

/** Index of the branch for null in a union, which schemas here put first. */
const NULL_BRANCH = 0;

function schemaIdOf(bytes: Uint8Array): number {
  return ((bytes[1]! << 24) | (bytes[2]! << 16) | (bytes[3]! << 8) | bytes[4]!) >>> 0;
}

/** Reads what another release wrote; see docs/decisions/0008-schema-ids-and-versions.md. */
function readerOfLearned<T>(format: AvroFormat<T>, id: number): (reader: AvroReader) => T {
  const written = learnedSchema(id);
  if (written === undefined || written.name !== format.recordName) {
    throw reader.failure(`schema id ${nameOfId(id)} is none of this record's`);
  }
  const known = parseShape(readFileSync(format.schemaFile, 'utf8'));
  try {
    return resolvingReader(written, known) as (reader: AvroReader) => T;
  } catch (error) {
    throw reader.failure(`schema id ${nameOfId(id)} cannot be read: ${(error as Error).message}`);
  }
}

/** Names the field at fault and never its value: that may be a customer's words. */
function explain<T>(format: AvroFormat<T>, record: T, cause: unknown): Error {
  const mismatch = findMismatch(JSON.parse(readFileSync(format.schemaFile, 'utf8')), record);
  const why = mismatch ?? (cause instanceof Error ? cause.message : 'unknown reason');
  return new Error(`${format.recordName} does not fit its schema: ${why}`);
}
