// Dead letters as they lie on their topic: found, filtered, and whether they were replayed. One at a time in memory.
import type { RejectedRecord } from '#schemas/rejected-record.ts';
import { SignpostError } from '#core/errors.ts';
import type { LogReader, ReceivedRecord } from '#core/log/port.ts';
import { recordsRejected } from '../../topology.ts';
import type { LetterFilter } from '../commands/rejected.ts';
import { readMerged } from '../tail/read-merged.ts';

/**
 * Dead letters of all partitions in order of time, those of one millisecond in order of where they came from (topic,
 * partition, offset; file, line), as far as there were any when this began.
 */
export async function* readLetters(
  log: LogReader,
  wanted: (headers: ReceivedRecord['headers']) => boolean = () => true,
): AsyncGenerator<RejectedRecord> {
  const topic = (await log.topics()).find(({ name }) => name === recordsRejected.name);
  if (topic === undefined) return;
  const records = readMerged(log, topic.name, topic.partitions);
  for await (const { value, headers } of orderedByOrigin(records)) {
    if (value === null || !wanted(headers)) continue;
    const letter = decoded(value);
    if (letter !== undefined) yield letter;
  }
}

/** What is put in order at a time: an import refuses many lines in one millisecond. */
const mostAtOnce = { records: 20_000, bytes: 16 * 1024 * 1024 };
/** Ids tell the origin; the numbers within them count as numbers. */
const naturally = new Intl.Collator('en', { numeric: true });

async function* orderedByOrigin(
  records: AsyncIterable<ReceivedRecord>,
): AsyncGenerator<ReceivedRecord> {
  let together: ReceivedRecord[] = [];
  let bytes = 0;
  for await (const record of records) {
    const isLater = together[0] !== undefined && record.timestamp !== together[0].timestamp;
    if (isLater || together.length >= mostAtOnce.records || bytes >= mostAtOnce.bytes) {
      yield* together.toSorted(byOrigin);
      together = [];
      bytes = 0;
    }
    together.push(record);
    bytes += record.value?.length ?? 0;
  }
  yield* together.toSorted(byOrigin);
}

function byOrigin(a: ReceivedRecord, b: ReceivedRecord): number {
  return naturally.compare(a.headers['ce_id'] ?? '', b.headers['ce_id'] ?? '');
}

/** Those that a filter lets through. */
export async function* filterLetters(
  log: LogReader,
  { source, reason, stage }: LetterFilter,
): AsyncGenerator<RejectedRecord> {
  for await (const letter of readLetters(log)) {
    if (source !== undefined && letter.source !== source) continue;
    if (reason !== undefined && letter.reason !== reason) continue;
    if (stage !== undefined && letter.stage !== stage) continue;
    yield letter;
  }
}

/** Those with these ids, each once. @throws SignpostError `unknown-dead-letter` at the end when one was not found. */
export async function* lettersById(
  log: LogReader,
  ids: readonly string[],
): AsyncGenerator<RejectedRecord> {
  const open = new Set(ids);
  for await (const letter of readLetters(log, (headers) => open.has(headers['ce_id'] ?? ''))) {
    if (!open.delete(letter.id)) continue;
    yield letter;
    if (open.size === 0) return;
  }
  throw new SignpostError(
    'unknown-dead-letter',
    `There is no dead letter ${[...open].join(', ')}`,
    {
      hint: '`signpost rejected list` shows their ids.',
    },
  );
}

/**
 * Keys of the checkpoints that say a letter was replayed: by its own id, and by what it holds, since one record can be
 * rejected by several stages.
 */
export function replayKeys({ id, topic, partition, offset }: RejectedRecord): readonly string[] {
  return topic === null
    ? [`replayed/${id}`]
    : [`replayed/${id}`, `replayed/${topic}/${partition}/${offset}`];
}

/** When a letter was replayed, ISO 8601; null when it was not. */
export async function replayedAt(log: LogReader, letter: RejectedRecord): Promise<string | null> {
  for (const key of replayKeys(letter)) {
    const at = await log.checkpoint(key);
    if (at !== null) return at;
  }
  return null;
}

/** A dead letter that cannot be read itself is seen by `tail rejected`; there is nothing to list or replay. */
function decoded(value: Uint8Array): RejectedRecord | undefined {
  try {
    return recordsRejected.codec.decode(value);
  } catch {
    return undefined;
  }
}
