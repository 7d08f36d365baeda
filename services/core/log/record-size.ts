// How large a record may be: what every log takes, so that no record that stages write is refused by one of them.
import type { LogRecord } from './port.ts';

/**
 * Key, value and headers of one record, in bytes; Kafka's topics are made to take it (`max.message.bytes`). Intake takes
 * records of up to 960 KiB, and signals and insights of them stay below 2 MiB.
 */
export const maxRecordBytes = 8 * 1024 * 1024 - 64 * 1024;

/** UTF-8 takes at most so many bytes for a UTF-16 code unit. */
const mostBytesPerUnit = 3;
/** Of a record beside its texts: lengths, times and offsets. */
const fixedBytes = 64;
/** Of a header beside its texts. */
const headerBytes = 10;

/** Whether a record is within `maxRecordBytes`. */
export function isWithinSize({ key, value, headers }: LogRecord): boolean {
  let units = key?.length ?? 0;
  let bytes = fixedBytes + (value?.length ?? 0);
  for (const name in headers) {
    units += name.length + headers[name]!.length;
    bytes += headerBytes;
  }
  if (bytes + units * mostBytesPerUnit <= maxRecordBytes) return true;
  if (bytes + units > maxRecordBytes) return false;
  bytes += Buffer.byteLength(key ?? '');
  for (const name in headers) bytes += Buffer.byteLength(name) + Buffer.byteLength(headers[name]!);
  return bytes <= maxRecordBytes;
}
