// Dead letters as they lie on their topic: found, filtered, and whether they were replayed. One at a time in memory.
import type { RejectedRecord } from '#schemas/rejected-record.ts';
import { SignpostError } from '#core/errors.ts';
import type { LogReader, ReceivedRecord } from '#core/log/port.ts';
import { recordsRejected } from '../../topology.ts';
import type { LetterFilter } from '../commands/rejected.ts';
import { readMerged } from '../tail/read-merged.ts';

/** Dead letters of all partitions in order of time, as far as there were any when this began. */
export async function* readLetters(
  log: LogReader,
  wanted: (headers: ReceivedRecord['headers']) => boolean = () => true,
): AsyncGenerator<RejectedRecord> {
  const topic = (await log.topics()).find(({ name }) => name === recordsRejected.name);
  if (topic === undefined) return;
  for await (const { value, headers } of readMerged(log, topic.name, topic.partitions)) {
    if (value === null || !wanted(headers)) continue;
    const letter = decoded(value);
    if (letter !== undefined) yield letter;
  }
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
