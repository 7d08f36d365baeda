// How far consumer groups are behind, from the log itself: in records, and by the age of the oldest one unread.
import { Gauge, Registry, type MetricObject } from 'prom-client';
import type { LogReader } from './log/port.ts';

/** A consumer group with the topics it reads. */
export interface GroupReads {
  readonly group: string;
  readonly topics: readonly string[];
}

export interface PartitionLag {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  /**
   * Offsets between what the group committed and the end. On Kafka some of them are markers of transactions, so it may
   * be a little too large; but it is 0 exactly when nothing is left to read.
   */
  readonly records: number;
  /** Offset of the first of them. */
  readonly nextOffset: number;
  /**
   * Timestamp (ms) of the oldest record unread: when Signpost accepted what it stems from, for that is carried along
   * every hop. Null when nothing is left, or when what is left cannot be read yet (an open transaction).
   */
  readonly oldestMs: number | null;
}

/** What was left of a partition by offsets alone: cheap, and without the right to read the topic; the group must be one that this client may describe. */
interface Gap {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  /** Offset the group reads next. */
  readonly from: number;
  readonly end: number;
}

/** Committed offsets are read before the ends of topics: when they meet, nothing was under way in between. */
async function gapsOf(log: LogReader, groups: readonly GroupReads[]): Promise<readonly Gap[]> {
  const committed = new Map(
    (await log.committed(groups.map(({ group }) => group))).map(
      ({ group, topic, partition, offset }) => [`${group} ${topic}/${partition}`, offset],
    ),
  );
  const topics = new Map((await log.topics()).map((topic) => [topic.name, topic.partitions]));
  return groups.flatMap(({ group, topics: names }) =>
    names.flatMap((topic) =>
      (topics.get(topic) ?? []).map(({ partition, start, end: shown, hiddenTo }) => {
        const end = hiddenTo ?? shown;
        const at = committed.get(`${group} ${topic}/${partition}`) ?? start;
        return { group, topic, partition, from: Math.max(start, at), end };
      }),
    ),
  );
}

/** Looks at the first record left of every partition. Needs the right to read the topics. */
export async function lagOf(
  log: LogReader,
  groups: readonly GroupReads[],
): Promise<readonly PartitionLag[]> {
  const lags: PartitionLag[] = [];
  // One after the other: most partitions have nothing left, and a log is asked by others too.
  for (const { from, end, ...at } of await gapsOf(log, groups)) {
    if (from >= end) {
      lags.push({ ...at, records: 0, nextOffset: from, oldestMs: null });
      continue;
    }
    const read = await log.read(at.topic, at.partition, from, { maxRecords: 1 });
    const [oldest] = read.records;
    const nextOffset = oldest?.offset ?? read.nextOffset;
    const records = Math.max(oldest === undefined ? 0 : 1, end - nextOffset);
    lags.push({ ...at, records, nextOffset, oldestMs: oldest?.timestamp ?? null });
  }
  return lags;
}

/** Sum of what is left by offsets alone; on Kafka a little too large, see `PartitionLag.records`. */
export async function roughLag(log: LogReader, groups: readonly GroupReads[]): Promise<number> {
  const gaps = await gapsOf(log, groups);
  return gaps.reduce((sum, { from, end }) => sum + Math.max(0, end - from), 0);
}

/**
 * Lag as Prometheus metrics, to be given to `metricsText` beside the snapshots of stages. Every copy of a service tells
 * the lag of its whole group: take the maximum over copies.
 * @param nowMs milliseconds since the epoch
 */
export async function lagMetrics(
  log: LogReader,
  groups: readonly GroupReads[],
  nowMs: number,
): Promise<readonly MetricObject[]> {
  const registry = new Registry();
  const registers = [registry];
  const labelNames = ['group', 'topic', 'partition'];
  const records = new Gauge({
    name: 'signpost_consumer_lag_records',
    help: 'Records a group has still to read, by topic and partition',
    labelNames,
    registers,
  });
  const seconds = new Gauge({
    name: 'signpost_consumer_lag_seconds',
    help: 'Time since the oldest record a group has still to read was accepted; 0 when there is none',
    labelNames,
    registers,
  });
  for (const { group, topic, partition, ...lag } of await lagOf(log, groups)) {
    const labels = { group, topic, partition: String(partition) };
    records.set(labels, lag.records);
    seconds.set(labels, lag.oldestMs === null ? 0 : Math.max(0, nowMs - lag.oldestMs) / 1000);
  }
  return registry.getMetricsAsJSON();
}
