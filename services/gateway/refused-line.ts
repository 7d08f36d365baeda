// Lines of files that the gateway cannot take in: accepted by the import all the same, so each becomes a dead letter
// that says where it stood and keeps what is needed to send it through again.
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { RejectedRecord } from '#schemas/rejected-record.ts';
import { SignpostError } from '#core/errors.ts';
import type { OutgoingRecord } from '#core/log/port.ts';
import { toOutgoing } from '#core/topic.ts';
import type { IntakeReason } from '#core/refusal.ts';
import { recordsDropped, recordsRejected } from '../topology.ts';
import { createCsvReader, type RawRecord } from './files/csv.ts';
import { boundRaw, maxRawBytes, type ImportReason } from './files/import-reason.ts';
import { createJsonlReader } from './files/jsonl.ts';
import { rereadLines } from './files/lines.ts';
import { defaultReadLimits } from './files/rows.ts';
import { compileMapping } from './mapping/apply.ts';
import type { Mapping } from './mapping/mapping.ts';
import { takeIn } from './sources/intake.ts';

const stage = 'gateway';

export interface LineOrigin {
  readonly file: string;
  readonly mapping: Mapping;
  /** As the mapping's `$fileHash` has it. */
  readonly fileHash: string;
  /** Columns of a delimited file. */
  readonly header: readonly string[] | undefined;
  readonly receivedAt: number;
}

/** Why a line was refused; `field` is absent where the line as a whole is at fault. */
export interface LineRefusal {
  readonly reason: ImportReason | IntakeReason;
  readonly field?: string;
  readonly detail: string;
}

/** The dead letter of a line, ready to append. */
export function refusedLine(
  { reason, field, detail }: LineRefusal,
  { line, raw }: { readonly line: number; readonly raw: string },
  { file, mapping, fileHash, header, receivedAt }: LineOrigin,
): OutgoingRecord {
  const kept = boundRaw(raw);
  const payload = Buffer.from(kept);
  const letter: RejectedRecord = {
    id: idOfLine(line, kept, fileHash, mapping),
    source: mapping.source,
    stage,
    reason,
    detail: field ? `${field} ${detail}` : detail,
    topic: null,
    partition: null,
    offset: null,
    file: basename(file),
    line,
    mapping: mapping.label,
    key: null,
    headers: {
      file_hash: fileHash,
      ...(header === undefined ? {} : { columns: JSON.stringify(header) }),
    },
    payload,
    payloadCut: payload.length < Buffer.byteLength(raw) || payload.length > maxRawBytes - 4,
    rejectedAt: receivedAt,
  };
  return toOutgoing(recordsRejected, letter, { timestamp: receivedAt });
}

/**
 * Note that a line was refused by an earlier import of the same file already; `earlier` says how many there were, so
 * that each note has an id of its own.
 */
export function repeatedLine(
  { line, raw }: { readonly line: number; readonly raw: string },
  earlier: number,
  { mapping, receivedAt, fileHash }: LineOrigin,
): OutgoingRecord {
  const note = {
    source: mapping.source,
    stage,
    reason: 'duplicate',
    topic: `import/${fileHash}-${digestOf(boundRaw(raw), mapping)}`,
    partition: earlier,
    offset: line,
    eventId: idOfLine(line, boundRaw(raw), fileHash, mapping),
    droppedAt: receivedAt,
  };
  return toOutgoing(recordsDropped, note, { timestamp: receivedAt });
}

/**
 * Names the dead letter of a line, the same whenever the line is read again. `fileHash` is of a file's beginning alone:
 * only what the line holds, and who read it, tells apart the lines of two files that begin alike.
 */
function idOfLine(line: number, kept: string, fileHash: string, mapping: Mapping): string {
  return `${fileHash}-${line}-${digestOf(kept, mapping)}`;
}

function digestOf(kept: string, { label }: Mapping): string {
  return createHash('sha256').update(kept).update('\0').update(label).digest('hex').slice(0, 8);
}

/**
 * Sends the line of a dead letter through `mapping` once more, as the line it was.
 * @returns what to append, or why it is still refused
 */
export function retryLine(
  letter: RejectedRecord,
  mapping: Mapping,
  now: () => number,
):
  | { readonly ok: true; readonly outgoing: OutgoingRecord }
  | ({ readonly ok: false } & LineRefusal) {
  if (letter.payloadCut)
    return {
      ok: false,
      reason: 'line-too-long',
      detail: 'was cut when it was kept; import it from its file',
    };
  if (letter.reason === ('truncated-gzip' satisfies ImportReason))
    return {
      ok: false,
      reason: 'truncated-gzip',
      detail: 'the rest of it is missing; import it from the whole file',
    };
  const header = letter.headers['columns'];
  const columns = header === undefined ? mapping.columns : (JSON.parse(header) as string[]);
  const context = { fileHash: letter.headers['file_hash'] ?? '', nowMs: now, header: columns };
  const result = compileMapping(mapping, context)(readLine(letter, mapping, columns));
  if (!result.ok) return result;
  const { file, line } = letter;
  const place = file === null || line === null ? undefined : { file, line };
  return takeIn(mapping.kind, result.input, { source: mapping.source, receivedAt: now(), place });
}

function readLine(
  letter: RejectedRecord,
  mapping: Mapping,
  columns: readonly string[] | undefined,
): RawRecord {
  const reader =
    mapping.format === 'jsonl'
      ? createJsonlReader(defaultReadLimits)
      : createCsvReader({ ...defaultReadLimits, ...mapping, width: columns?.length });
  const records: RawRecord[] = [];
  const { reason, payload } = letter;
  const kept = { text: Buffer.from(payload).toString('utf8'), firstLine: letter.line ?? 1, reason };
  reader.push(rereadLines(kept, { ...defaultReadLimits, encoding: mapping.encoding }), records);
  reader.end(records);
  const [record] = records;
  if (record === undefined)
    throw new SignpostError('payload-empty', `Dead letter ${letter.id} holds no line`);
  return record;
}
