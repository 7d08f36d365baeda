// Avro in the Confluent wire format: a zero byte, the schema id (4 bytes, big-endian), then the Avro body.

/** Encodes and decodes one record type. Generated codecs implement it; see `schemas/generated`. */
export interface Codec<T> {
  /** Full name of the Avro record, for example `signpost.Insight`. */
  readonly recordName: string;
  /** Id of the schema it writes with, fixed in the repository. */
  readonly schemaId: number;
  /** The framed record, in memory that is not written again but shared with others. @throws Error when the value does not fit the schema. */
  encode(record: T): Uint8Array;
  /**
   * `record` encoded, made of `bytes`: what this codec's `encode` gave for the same record with null as its last field.
   * Undefined when they cannot be that, or the last field is never null; then `encode` does it.
   */
  withLast(bytes: Uint8Array, record: T): Uint8Array | undefined;
  /** Reads any published version of the record. @throws SignpostError `undecodable` when the bytes do not fit. */
  decode(bytes: Uint8Array): T;
}
