// Whether the archive holds of a topic what the topic holds: each record in a file of its event day, each range with the
// same number of rows and the same checksum. Reads the topic as a stream; memory holds what the manifests say.
import { SignpostError } from '#core/errors.ts';
import type { LogReader, PartitionStatus, ReceivedRecord } from '#core/log/port.ts';
import { groupOf } from '#core/run-stage.ts';
import { header } from '#core/topic.ts';
import { createChecksum } from './checksum.ts';
import { compareSlots, type Slot } from './compare-slots.ts';
import { createRangeFinder } from './covers.ts';
import { rejected, type Dataset } from './datasets.ts';
import { offsetsOf, type Findings } from './findings.ts';
import { isWithin, type DaySpan, type HeldCover } from './held-covers.ts';
import { dayOf } from './layout.ts';
import { rejectedKeptUntil } from './retire.ts';

/** A partition of a topic beside what is archived of it, over the ranges that both hold in full. */
export interface PartitionProof {
  readonly topic: string;
  readonly partition: number;
  /** What the topic holds. */
  readonly from: number;
  readonly to: number;
  /** In the topic, and in ranges that the archive says it holds. */
  readonly records: number;
  /** That the archive says it holds in these ranges, those with erased words apart. */
  readonly rows: number;
  readonly erased: number;
  /** Sums of both sides; null where nothing was summed. */
  readonly topicChecksum: string | null;
  readonly archiveChecksum: string | null;
  /** In ranges of which the topic has forgotten the beginning: they are known to be archived, but not summed. */
  readonly partly: number;
  /** Rows whose checksum another release made, of another schema: they are counted only. */
  readonly countedOnly: number;
  /** Not archived yet. */
  readonly waiting: number;
  /** Dead letters that are as old as the erasure deadline: the archive has given them up. */
  readonly expired: number;
  /** That no codec reads: they are dead letters. */
  readonly unreadable: number;
}

export interface TopicSide {
  readonly log: LogReader;
  readonly span: DaySpan;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly graceMs: number;
  /** Records that wait longer are a finding. */
  readonly lateMs: number;
  /** Places in `covers` whose words are erased, by `partition/offset`: the topic may hold them still. */
  readonly erasedPlaces: (cover: HeldCover) => Promise<ReadonlySet<string>>;
  /** Told of records read. */
  readonly onRead: (records: number) => void;
}

/** Offset up to which the stage says that all is archived, by partition. To be read before the manifests are. */
export async function archivedUpTo(
  log: LogReader,
  dataset: Dataset<unknown>,
): Promise<ReadonlyMap<number, number>> {
  const group = groupOf('archive');
  const committed = await log.committed([group]);
  return new Map(
    committed
      .filter((at) => at.group === group && at.topic === dataset.topic.name)
      .map(({ partition, offset }) => [partition, offset]),
  );
}

export interface PartitionOf<T> {
  readonly dataset: Dataset<T>;
  readonly status: PartitionStatus;
  /** Of this partition. */
  readonly covers: readonly HeldCover[];
  /** See `archivedUpTo`. */
  readonly archivedTo: number;
}

export async function verifyPartition<T>(
  side: TopicSide,
  { dataset, status, covers, archivedTo }: PartitionOf<T>,
  findings: Findings,
): Promise<PartitionProof> {
  const { log, span, now } = side;
  const { topic } = dataset;
  const { partition, start } = status;
  const name = `${topic.name}/${partition}`;
  const end = status.hiddenTo ?? status.end;
  const slots = await Promise.all(
    covers.filter(({ to }) => to > start).map((cover) => slotOf(cover, start, side)),
  );
  const byDay = Map.groupBy(slots, ({ cover }) => cover.day);
  const finders = new Map(
    [...byDay].map(([day, of]) => [day, createRangeFinder(of, ({ cover }) => cover)]),
  );
  const counts = { waiting: 0, expired: 0, unreadable: 0 };
  let oldestWaiting = Number.POSITIVE_INFINITY;
  const missing = createMissing(name, partition, findings);

  const see = (record: ReceivedRecord, value: Uint8Array): void => {
    const { offset, timestamp } = record;
    const decoded = decodedBy(dataset, value);
    const day = decoded === undefined ? undefined : dayOf(dataset.eventTime(decoded));
    if (day !== undefined && !isWithin(span, day)) return;
    const slot = day === undefined ? undefined : finders.get(day)?.(partition, offset);
    if (slot !== undefined && decoded !== undefined) return count(slot, offset, value, decoded);
    if (offset >= archivedTo) {
      counts.waiting += 1;
      oldestWaiting = Math.min(oldestWaiting, timestamp);
    } else if (day === undefined) counts.unreadable += 1;
    else if (dataset.name === rejected.name && now() >= rejectedKeptUntil(day, side.graceMs))
      counts.expired += 1;
    else missing.add(day, offset);
  };
  const count = (slot: Slot, offset: number, value: Uint8Array, decoded: T): void => {
    missing.end(slot.cover.day);
    if (slot.erased.has(`${partition}/${offset}`)) return;
    slot.records += 1;
    const { schema } = slot.cover;
    const { codec } = topic;
    if (slot.isPartly || !slot.isSummed) return;
    if (schema === codec.schemaId) slot.checksum.add(partition, offset, codec.encode(decoded));
    else if (schemaOf(value) === schema) slot.checksum.add(partition, offset, value);
    else slot.isSummed = false;
  };

  let at = start;
  while (at < end) {
    const { records, nextOffset } = await log.read(topic.name, partition, at, limits);
    if (nextOffset <= at) break;
    for (const record of records)
      // Brought back from the archive, it is there under its first offset.
      if (
        record.offset < end &&
        record.value !== null &&
        record.headers[header.carried] !== archiveStage
      )
        see(record, record.value);
    side.onRead(nextOffset - at);
    at = nextOffset;
  }
  missing.endAll();
  if (now() - oldestWaiting > side.lateMs) {
    const since = new Date(oldestWaiting).toISOString();
    const records = counts.waiting === 1 ? '1 record waits' : `${counts.waiting} records wait`;
    const says = `${records} on ${name} to be archived, the oldest since ${since}: nobody archives, or it cannot.`;
    findings.add('waits-long', { partition, from: archivedTo, to: end }, says);
  }
  // What was forgotten while it was read was not there to be counted.
  const heldFrom = await startOf(log, topic.name, partition);
  const compared = compareSlots(slots, { heldFrom, readTo: at, end, name }, findings);
  return { topic: topic.name, partition, from: start, to: end, ...compared, ...counts };
}

/** Records of a day that follow one another and are in no file are one finding. */
function createMissing(name: string, partition: number, findings: Findings) {
  const runs = new Map<string, { readonly from: number; to: number; records: number }>();
  const end = (day: string): void => {
    const run = runs.get(day);
    if (run === undefined) return;
    runs.delete(day);
    const records = run.records === 1 ? '1 record is' : `${run.records} records are`;
    const says = `${offsetsOf(run)} of ${name}: ${records} of ${day} and in no file of the archive.`;
    findings.add('rows-missing', { day, partition, from: run.from, to: run.to }, says);
  };
  return {
    add(day: string, offset: number): void {
      const run = runs.get(day);
      if (run === undefined) runs.set(day, { from: offset, to: offset + 1, records: 1 });
      else {
        run.to = offset + 1;
        run.records += 1;
      }
    },
    end,
    endAll: () => [...runs.keys()].toSorted().forEach(end),
  };
}

const limits = { maxRecords: 4000, maxBytes: 4 * 1024 * 1024 };
const archiveStage = 'archive';

async function slotOf(cover: HeldCover, start: number, side: TopicSide): Promise<Slot> {
  return {
    cover,
    erased: cover.erased > 0 ? await side.erasedPlaces(cover) : new Set(),
    isPartly: cover.from < start,
    checksum: createChecksum(),
    records: 0,
    isSummed: true,
  };
}

async function startOf(log: LogReader, topic: string, partition: number): Promise<number> {
  const status = (await log.topics()).find(({ name }) => name === topic);
  return status?.partitions.find((of) => of.partition === partition)?.start ?? 0;
}

function decodedBy<T>({ topic: { codec } }: Dataset<T>, value: Uint8Array): T | undefined {
  try {
    return codec.decode(value);
  } catch (error) {
    if (error instanceof SignpostError && error.code === 'undecodable') return undefined;
    throw error;
  }
}

/** Of the Confluent framing: see `codec.ts`. */
function schemaOf(value: Uint8Array): number {
  return new DataView(value.buffer, value.byteOffset).getUint32(1);
}
