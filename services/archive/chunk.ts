// A chunk: the records that are archived in one go, from a stretch of a partition. Where it begins and ends is agreed on
// before anything of it is written; see `chunk-intent.ts`.
import { SignpostError } from '#core/errors.ts';
import type { ReceivedRecord } from '#core/log/port.ts';
import type { ObjectStore } from '#core/objects/port.ts';
import type { Delivered } from '#core/stage.ts';
import type { Stretch } from '#core/stretch.ts';
import { agreeOn, findIntent, type Intent } from './chunk-intent.ts';
import type { Dataset } from './datasets.ts';
import { archivedName, readGeneration } from './generations.ts';
import { dayOf, type OffsetRange } from './layout.ts';
import type { ArchivedRow } from './row.ts';
import { rowOf } from './to-row.ts';

/** A row whose record is still bytes: thousands of them wait in memory for their turn to be written. */
export type ChunkRow = ArchivedRow<Uint8Array>;

export interface Chunk {
  readonly range: OffsetRange;
  /** In the order of the partition, by event day. */
  readonly days: ReadonlyMap<string, readonly ChunkRow[]>;
  readonly records: number;
  readonly unreadable: Delivered['unreadable'];
}

/** A chunk ends with so many records, or with as many as have so many bytes. */
export interface ChunkLimits {
  readonly records: number;
  readonly bytes: number;
}

/**
 * The chunk that holds what comes at `offset` or next, as it was agreed on or as it is agreed on now. It may begin before
 * `offset`, where it was begun but not noted as archived.
 * @returns undefined where nothing comes
 * @throws SignpostError `archive-other-topic` where the archive knows another topic of this name
 */
export async function takeChunk<T>(
  store: ObjectStore,
  dataset: Dataset<T>,
  stretch: Stretch<T>,
  { offset, limits }: { readonly offset: number; readonly limits: ChunkLimits },
): Promise<Chunk | undefined> {
  const { topic, partition } = stretch;
  const { generation } = await readGeneration(store, topic.name);
  const place = { topic: archivedName(topic.name, generation), partition };
  const known = await findIntent(store, place, offset);
  if (known !== undefined && known.to > offset) return follow(store, dataset, stretch, known);
  const { first, to, taken } = await readUpTo(dataset, stretch, offset, limits);
  if (first === undefined) return undefined;
  const wanted = { ...place, from: first.offset, to, first: idOf(first) };
  const agreed = await agreeOn(store, wanted);
  if (agreed === wanted) return { range: rangeOf(agreed), ...taken };
  return follow(store, dataset, stretch, agreed);
}

/** Reads what an intent says. What the topic has forgotten of it by now is not in the chunk. */
async function follow<T>(
  store: ObjectStore,
  dataset: Dataset<T>,
  stretch: Stretch<T>,
  intent: Intent,
): Promise<Chunk> {
  const { from, to } = intent;
  const { first, to: end, taken } = await readUpTo(dataset, stretch, from, { before: to });
  if (end < to) throw otherTopic(store, intent, `knows offsets up to ${to}, but ${end} is the end`);
  if (first?.offset === from && idOf(first) !== intent.first)
    throw otherTopic(store, intent, `knows another record at offset ${from}`);
  return { range: { ...rangeOf(intent), from: first?.offset ?? from }, ...taken };
}

function rangeOf({ topic, partition, from, to }: Intent): OffsetRange {
  return { topic, partition, from, to };
}

function otherTopic(store: ObjectStore, { topic, partition }: Intent, what: string): SignpostError {
  return new SignpostError(
    'archive-other-topic',
    `The archive in ${store.where} ${what} of ${topic}, partition ${partition}: the topic was made anew, or has lost records`,
    {
      hint: 'Where the log was lost: `signpost archive replay --into insights` brings back what the archive has, and what comes is archived beside it. Where it is the log of another installation: name another place for its archive (archive.url).',
    },
  );
}

interface Read {
  readonly first: ReceivedRecord | undefined;
  /** Behind the last record. */
  readonly to: number;
  readonly taken: Pick<Chunk, 'days' | 'records' | 'unreadable'>;
}

/** Reads from `offset` on, to the end of the partition or as far as the limits allow: one record at least. */
async function readUpTo<T>(
  dataset: Dataset<T>,
  stretch: Stretch<T>,
  offset: number,
  limits: ChunkLimits | { readonly before: number },
): Promise<Read> {
  const days = new Map<string, ChunkRow[]>();
  const unreadable: Delivered['unreadable'][number][] = [];
  let first: ReceivedRecord | undefined;
  let records = 0;
  let bytes = 0;
  const isFull = (next: ReceivedRecord): boolean =>
    'before' in limits
      ? next.offset >= limits.before
      : records > 0 && (records >= limits.records || bytes + next.value!.length > limits.bytes);
  const take = (received: ReceivedRecord): void => {
    first ??= received;
    records += 1;
    bytes += received.value!.length;
    const day = dayOfRecord(dataset, received);
    if (typeof day !== 'string') {
      unreadable.push({ received, detail: day.message });
      return;
    }
    const row = rowOf(received, received.value!);
    const rows = days.get(day);
    if (rows === undefined) days.set(day, [row]);
    else rows.push(row);
  };
  let to = offset;
  const read = (): Read => ({ first, to, taken: { days, records, unreadable } });
  for await (const page of stretch.read(offset)) {
    for (const received of page.records) {
      if (isFull(received)) {
        to = received.offset;
        return read();
      }
      take(received);
    }
    to = page.nextOffset;
    if ('before' in limits && to >= limits.before) break;
  }
  return read();
}

/** The event day, or why the record cannot be read. */
function dayOfRecord<T>(dataset: Dataset<T>, { value }: ReceivedRecord): string | SignpostError {
  try {
    return dayOf(dataset.eventTime(dataset.topic.codec.decode(value!)));
  } catch (error) {
    if (error instanceof SignpostError && error.code === 'undecodable') return error;
    throw error;
  }
}

function idOf({ headers }: ReceivedRecord): string {
  return headers['ce_id'] ?? '';
}
