// Stored forms of claims: an owner, an entity's payloads, and a commit's claims in the journal.
import { ID_LENGTH } from './claim-message.ts';
import { readVarint, varintEnd, writeVarint } from './varint.ts';

/** Who claimed an id first. */
export interface Owner {
  readonly partitionId: number;
  readonly offset: number;
  readonly content: string;
}

/** One of an entity's payloads and the claim it came with. */
export interface EntityPayload {
  readonly id: string;
  readonly partitionId: number;
  readonly offset: number;
  readonly payload: Uint8Array;
}

/** What one commit adds; all claims of one partition. */
export interface JournalEntry {
  readonly owners: readonly (readonly [id: string, owner: Owner])[];
  readonly payloads: readonly (readonly [entity: string, payload: EntityPayload])[];
}

export function encodeOwner({ partitionId, offset, content }: Owner): Buffer {
  const out = Buffer.allocUnsafe(20 + 3 * content.length);
  const at = writeVarint(out, writeVarint(out, 0, partitionId), offset);
  return out.subarray(0, at + out.write(content, at, 'utf8'));
}

export function decodeOwner(bytes: Buffer): Owner {
  const at = varintEnd(bytes, 0);
  return {
    partitionId: readVarint(bytes, 0),
    offset: readVarint(bytes, at),
    content: bytes.toString('utf8', varintEnd(bytes, at)),
  };
}

export function encodePayloads(payloads: readonly EntityPayload[]): Buffer {
  const size = payloads.reduce((sum, { payload }) => sum + ID_LENGTH + 30 + payload.length, 0);
  const out = Buffer.allocUnsafe(size);
  let at = 0;
  for (const entry of payloads) at = writePayload(out, at, entry);
  return out.subarray(0, at);
}

export function decodePayloads(bytes: Buffer): EntityPayload[] {
  const payloads: EntityPayload[] = [];
  for (let at = 0; at < bytes.length;) {
    const read = readPayload(bytes, at);
    payloads.push(read.entry);
    at = read.end;
  }
  return payloads;
}

export function encodeJournal({ owners, payloads }: JournalEntry): Buffer {
  let size = 20;
  for (const [, { content }] of owners) size += ID_LENGTH + 30 + 3 * content.length;
  for (const [, { payload }] of payloads) size += 2 * ID_LENGTH + 30 + payload.length;
  const out = Buffer.allocUnsafe(size);
  let at = writeVarint(out, 0, owners.length);
  for (const [id, { partitionId, offset, content }] of owners) {
    at += out.write(id, at, 'latin1');
    at = writeVarint(out, at, partitionId);
    at = writeVarint(out, at, offset);
    at = writeVarint(out, at, Buffer.byteLength(content));
    at += out.write(content, at, 'utf8');
  }
  for (const [entity, entry] of payloads) {
    at += out.write(entity, at, 'latin1');
    at = writePayload(out, at, entry);
  }
  return out.subarray(0, at);
}

export function decodeJournal(bytes: Buffer): JournalEntry {
  const owners: [string, Owner][] = [];
  const payloads: [string, EntityPayload][] = [];
  let at = 0;
  const text = (length: number, encoding: 'latin1' | 'utf8'): string => {
    at += length;
    return bytes.toString(encoding, at - length, at);
  };
  const number = (): number => {
    const value = readVarint(bytes, at);
    at = varintEnd(bytes, at);
    return value;
  };
  for (let n = number(); n > 0; n -= 1) {
    const id = text(ID_LENGTH, 'latin1');
    owners.push([id, { partitionId: number(), offset: number(), content: text(number(), 'utf8') }]);
  }
  while (at < bytes.length) {
    const entity = text(ID_LENGTH, 'latin1');
    const { entry, end } = readPayload(bytes, at);
    payloads.push([entity, entry]);
    at = end;
  }
  return { owners, payloads };
}

function writePayload(out: Buffer, position: number, entry: EntityPayload): number {
  let at = position + out.write(entry.id, position, 'latin1');
  at = writeVarint(out, at, entry.partitionId);
  at = writeVarint(out, at, entry.offset);
  at = writeVarint(out, at, entry.payload.length);
  out.set(entry.payload, at);
  return at + entry.payload.length;
}

function readPayload(bytes: Buffer, position: number): { entry: EntityPayload; end: number } {
  const partitionAt = position + ID_LENGTH;
  const offsetAt = varintEnd(bytes, partitionAt);
  const lengthAt = varintEnd(bytes, offsetAt);
  const payloadAt = varintEnd(bytes, lengthAt);
  const end = payloadAt + readVarint(bytes, lengthAt);
  return {
    entry: {
      id: bytes.toString('latin1', position, partitionAt),
      partitionId: readVarint(bytes, partitionAt),
      offset: readVarint(bytes, offsetAt),
      // A copy: the bytes around it are let go.
      payload: Uint8Array.from(bytes.subarray(payloadAt, end)),
    },
    end,
  };
}
