// The ranges of a partition as the topic has them and as the archive says it has them, one beside the other.
import { createChecksum, type Checksum } from './checksum.ts';
import { offsetsOf, type Findings } from './findings.ts';
import type { HeldCover } from './held-covers.ts';
import type { PartitionProof } from './verify-topic.ts';

/** A range that the archive says it holds, and what the topic has of it. */
export interface Slot {
  readonly cover: HeldCover;
  readonly erased: ReadonlySet<string>;
  /** Whether the topic has forgotten its beginning. */
  readonly isPartly: boolean;
  readonly checksum: Checksum;
  records: number;
  isSummed: boolean;
}

export interface HeldRange {
  /** Of the topic, when it had been read: what lies before may have been forgotten before it was read. */
  readonly heldFrom: number;
  readonly readTo: number;
  readonly end: number;
  /** `topic/partition` */
  readonly name: string;
}

type Compared = Pick<
  PartitionProof,
  'records' | 'rows' | 'erased' | 'topicChecksum' | 'archiveChecksum' | 'partly' | 'countedOnly'
>;

/** Slot by slot, and what they are together. */
export function compareSlots(
  slots: readonly Slot[],
  { heldFrom, readTo, end, name }: HeldRange,
  findings: Findings,
): Compared {
  const topicSum = createChecksum();
  const archiveSum = createChecksum();
  const sums = { records: 0, rows: 0, erased: 0, partly: 0, countedOnly: 0 };
  let isSummed = false;
  for (const { cover, isPartly, checksum, ...slot } of slots) {
    const { day, key, partition, from, to, rows, erased } = cover;
    const where = { day, key, partition, from, to };
    if (to > end) {
      const beyond = { from: Math.max(from, end), to };
      const says = `${key} holds ${offsetsOf(beyond)} of ${name}, but the topic ends at ${end}: it was made anew, or has lost records.`;
      findings.add('beyond-topic', { ...where, ...beyond }, says);
      continue;
    }
    if (to > readTo) continue;
    const kept = rows - erased;
    const isTooMany = slot.records > kept;
    if ((isPartly || from < heldFrom) && !isTooMany) {
      sums.partly += slot.records;
      continue;
    }
    const range = `${offsetsOf(cover)} of ${name}, ${day}`;
    if (slot.records !== kept)
      findings.add(
        'rows-differ',
        where,
        `${range}: the topic holds ${slot.records} records, ${key} ${kept} rows${erased > 0 ? ` and ${erased} with erased words` : ''}.`,
      );
    else if (slot.isSummed && checksum.hex() !== cover.checksum)
      findings.add(
        'rows-differ',
        where,
        `${range}: the rows of ${key} say something else than the topic.`,
      );
    sums.records += slot.records;
    sums.rows += kept;
    sums.erased += erased;
    if (slot.isSummed) {
      isSummed = true;
      topicSum.addAll(checksum.hex());
      archiveSum.addAll(cover.checksum);
    } else sums.countedOnly += kept;
  }
  return {
    ...sums,
    topicChecksum: isSummed ? topicSum.hex() : null,
    archiveChecksum: isSummed ? archiveSum.hex() : null,
  };
}
