// `signpost topics`: what the log holds, for how long, and how far its readers are.
import type { CommittedOffset, LogReader, PartitionStatus, TopicStatus } from '#core/log/port.ts';
import { SignpostError } from '#core/errors.ts';
import { fixedTopics, topicsFor, type Retention } from '../topology.ts';
import type { TopicsOptions } from './commands/topics.ts';
import { count } from './count.ts';
import { configOf, logAt, type LogAt } from './open-log.ts';
import { withReader } from './open-reader.ts';
import type { LogPlace } from './options.ts';
import { createOutput, type Styles } from './output.ts';
import { oneLine } from './safe-text.ts';
import { tableLines } from './table.ts';
import { readLast } from './tail/read-merged.ts';
import { timeOf } from './tail/show-record.ts';
import { reallyKept } from './topics/really-kept.ts';

export interface TopicSummary {
  readonly name: string;
  readonly partitions: number;
  /** On a cluster offsets: markers of transactions, which no reader sees, are among them. */
  readonly records: number;
  readonly bytes: number;
  /** Times of the first and last record, milliseconds since the epoch; null when empty. */
  readonly oldest: number | null;
  readonly newest: number | null;
  /** How long records are kept: for good where infinite, null where it is not known. */
  readonly retentionMs: number | null;
  /** Records each group has still to read; on a cluster offsets. */
  readonly lag: Readonly<Record<string, number>>;
}

export async function listTopics(place: LogPlace, options: TopicsOptions): Promise<void> {
  const config = configOf(place);
  const at = logAt(place, () => config);
  const topics = await withReader(place, async (log) => {
    const names = (await log.topics()).map(({ name }) => name);
    // Who may read topics may not always ask a cluster for their settings: then it is as they should be.
    const kept = await reallyKept(at, config, names).catch((error: unknown) => {
      if (error instanceof SignpostError && at.kind === 'kafka') return new Map<string, number>();
      throw error;
    });
    return summarize(log, config.retention, kept);
  });
  const output = createOutput();
  if (options.json) await output.json({ topics });
  else for (const line of topicLines(topics, output.styles, at.kind)) await output.line(line);
}

/** @param kept for how long the log says that it keeps a topic, milliseconds; others are as they should be */
export async function summarize(
  log: LogReader,
  retention: Retention,
  kept: ReadonlyMap<string, number>,
): Promise<readonly TopicSummary[]> {
  const committed = await log.committed();
  const order = new Map<string, number>(fixedTopics.map(({ name }, i) => [name, i]));
  const topics = (await log.topics()).toSorted(
    (a, b) =>
      (order.get(a.name) ?? Infinity) - (order.get(b.name) ?? Infinity) ||
      (a.name < b.name ? -1 : 1),
  );
  const summaries: TopicSummary[] = [];
  for (const topic of topics)
    summaries.push(
      await summaryOf(
        log,
        topic,
        committed,
        kept.get(topic.name) ?? wantedFor(topic.name, retention),
      ),
    );
  return summaries;
}

async function summaryOf(
  log: LogReader,
  { name, partitions }: TopicStatus,
  committed: readonly CommittedOffset[],
  retentionMs: number | null,
): Promise<TopicSummary> {
  const times: (number | undefined)[] = [];
  for (const range of partitions) {
    if (range.end <= range.start) continue;
    times.push(await timeAt(log, name, range.partition, range.start));
    times.push(await timeOfLast(log, name, range));
  }
  const known = times.filter((time) => time !== undefined);
  const groups = new Set(committed.filter(({ topic }) => topic === name).map(({ group }) => group));
  const lag = (group: string): number =>
    partitions.reduce((sum, { partition, start, end }) => {
      const at = committed.find(
        (one) => one.group === group && one.topic === name && one.partition === partition,
      );
      return sum + end - Math.max(start, at?.offset ?? start);
    }, 0);
  return {
    name,
    partitions: partitions.length,
    records: partitions.reduce((sum, { start, end }) => sum + end - start, 0),
    bytes: partitions.reduce((sum, { bytes }) => sum + bytes, 0),
    oldest: known.length === 0 ? null : Math.min(...known),
    newest: known.length === 0 ? null : Math.max(...known),
    retentionMs,
    lag: Object.fromEntries([...groups].toSorted().map((group) => [group, lag(group)])),
  };
}

async function timeAt(
  log: LogReader,
  topic: string,
  partition: number,
  offset: number,
): Promise<number | undefined> {
  const { records } = await log.read(topic, partition, offset, { maxRecords: 1 });
  return records[0]?.timestamp;
}

async function timeOfLast(
  log: LogReader,
  topic: string,
  range: PartitionStatus,
): Promise<number | undefined> {
  let time: number | undefined;
  for await (const { timestamp } of readLast(log, topic, [range], 1)) time = timestamp;
  return time;
}

function wantedFor(name: string, retention: Retention): number | null {
  const [, department = ''] = name.split('.');
  const topic = topicsFor([department], retention).find((known) => known.name === name);
  return topic?.retentionMs ?? null;
}

/** @param kind of the log: only the embedded one holds nothing but records */
export function topicLines(
  topics: readonly TopicSummary[],
  { bold, dim }: Styles,
  kind: LogAt['kind'],
): string[] {
  if (topics.length === 0) return ['The log is still empty.'];
  const rows = topics.map(
    ({ name, partitions, records, bytes, oldest, newest, retentionMs, lag }) => [
      oneLine(name),
      String(partitions),
      count(records),
      sizeOf(bytes),
      oldest === null ? '' : timeOf(oldest),
      newest === null ? '' : timeOf(newest),
      retentionMs === null ? '' : keptText(retentionMs),
      Object.entries(lag)
        .map(
          ([group, behind]) =>
            `${oneLine(group)}${behind === 0 ? '' : ` (${count(behind)} behind)`}`,
        )
        .join(', '),
    ],
  );
  const held = kind === 'kafka' ? 'offsets' : 'records';
  const head = ['topic', 'partitions', held, 'size', 'oldest', 'newest', 'kept', 'read by'];
  return [
    ...tableLines(head, rows, bold, ['read by']),
    dim('Times are when Signpost took the records in.'),
    ...(kind === 'kafka'
      ? [dim('Offsets are those of records and of the markers that end transactions.')]
      : []),
  ];
}

const dayMs = 86_400_000;
/** A topic without end is made with a hundred years. */
const forGoodMs = 36_500 * dayMs;

/** A time in its two largest units: `29 d 23 h`. */
export function keptText(ms: number): string {
  if (ms >= forGoodMs) return 'for good';
  const units = [
    ['d', dayMs],
    ['h', 3_600_000],
    ['min', 60_000],
    ['s', 1000],
  ] as const;
  let rest = ms;
  const parts: string[] = [];
  for (const [unit, size] of units) {
    const many = Math.floor(rest / size);
    rest -= many * size;
    if (many > 0) parts.push(`${count(many)} ${unit}`);
    else if (parts.length > 0) break;
  }
  return parts.slice(0, 2).join(' ') || '0 s';
}

/** Bytes in powers of 1024, to three digits. */
export function sizeOf(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]!}`;
}
