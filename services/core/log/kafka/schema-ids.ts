// Schema ids in the Confluent framing (magic byte 0, then the id, big-endian, then Avro): a registry's ids on the wire,
// the repository's fixed ids inside.

export interface SchemaIds {
  /** The registry's id of a schema of the repository. @throws SignpostError when it is not registered. */
  toWire(id: number): number;
  /** The repository's id; undefined when the registry's id is none of ours: the value passes as it is. */
  fromWire(id: number): number | undefined;
}

const HEADER_BYTES = 5;

/** Rewrites the id of a framed value in `buffer` from `offset` on, in place; what is not framed is left alone. */
export function writeWireId(buffer: Buffer, offset: number, length: number, ids: SchemaIds): void {
  if (length < HEADER_BYTES || buffer[offset] !== 0) return;
  buffer.writeUInt32BE(ids.toWire(buffer.readUInt32BE(offset + 1)), offset + 1);
}

/** The same value with the repository's id; a copy only where ids differ, since others may hold the bytes. */
export function withOwnId(value: Buffer, ids: SchemaIds): Buffer {
  if (value.length < HEADER_BYTES || value[0] !== 0) return value;
  const wire = value.readUInt32BE(1);
  const own = ids.fromWire(wire);
  if (own === undefined || own === wire) return value;
  const copy = Buffer.from(value);
  copy.writeUInt32BE(own, 1);
  return copy;
}
