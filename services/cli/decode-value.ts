// Values of topics as plain data: decoded by the schema id they carry, whatever topic they lie on.
import { alertCodec } from '#schemas/alert.ts';
import { communityPostCodec } from '#schemas/community-post.ts';
import { droppedRecordCodec } from '#schemas/dropped-record.ts';
import { insightCodec } from '#schemas/insight.ts';
import { judgementCodec } from '#schemas/judgement.ts';
import { rejectedRecordCodec } from '#schemas/rejected-record.ts';
import { signalCodec } from '#schemas/signal.ts';
import { surveyAnswerCodec } from '#schemas/survey-answer.ts';
import { ticketAggregateCodec } from '#schemas/ticket-aggregate.ts';
import { troubleTicketCodec } from '#schemas/trouble-ticket.ts';
import type { Codec } from '#core/codec.ts';

/** Of every record there is. */
export const codecs: readonly Codec<unknown>[] = [
  troubleTicketCodec,
  communityPostCodec,
  surveyAnswerCodec,
  signalCodec,
  insightCodec,
  rejectedRecordCodec,
  droppedRecordCodec,
  judgementCodec,
  ticketAggregateCodec,
  alertCodec,
];

/** Zero byte and schema id before the Avro body. */
const frameBytes = 5;

export type DecodedValue =
  | { readonly kind: 'record'; readonly recordName: string; readonly value: unknown }
  | { readonly kind: 'tombstone' }
  | { readonly kind: 'undecodable'; readonly why: string; readonly bytes: Uint8Array };

/** Decodes a value in the Confluent wire format; bytes of any kind are taken. */
export function decodeValue(bytes: Uint8Array | null): DecodedValue {
  if (bytes === null) return { kind: 'tombstone' };
  if (bytes.length < frameBytes || bytes[0] !== 0) {
    return { kind: 'undecodable', why: 'not in the Confluent wire format', bytes };
  }
  let why: string | undefined;
  for (const codec of likely(bytes)) {
    try {
      return { kind: 'record', recordName: codec.recordName, value: codec.decode(bytes) };
    } catch (error) {
      why ??= error instanceof Error ? error.message : String(error);
    }
  }
  return { kind: 'undecodable', why: why ?? 'unknown schema', bytes };
}

/** The codec that writes this schema id; else all, since older versions of a record have ids of their own. */
function likely(bytes: Uint8Array): readonly Codec<unknown>[] {
  const id = new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(1);
  const own = codecs.filter(({ schemaId }) => schemaId === id);
  return own.length > 0 ? own : codecs;
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Bytes as text where they are text; as `{"base64": …}` otherwise. A NUL marks them as no text. */
export function bytesAsJson(bytes: Uint8Array): string | { readonly base64: string } {
  if (!bytes.includes(0)) {
    try {
      return strictUtf8.decode(bytes);
    } catch {
      // Shown as base64 below.
    }
  }
  return { base64: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64') };
}

/** A decoded value with its bytes as `bytesAsJson`. */
export function plainValue(value: unknown): unknown {
  if (value instanceof Uint8Array) return bytesAsJson(value);
  if (Array.isArray(value)) return value.map(plainValue);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [name, plainValue(field)]),
  );
}
