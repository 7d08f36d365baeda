// Readers that stand still while their topic grows. What a group has not read is kept whatever its age, so that one
// switched off for good holds its topic for ever.
import type { LogReader, TopicStatus } from '#core/log/port.ts';

export interface StalledReader {
  readonly group: string;
  readonly topic: string;
  /** Records it has not read. */
  readonly behind: number;
  /** When the oldest of them was taken in, milliseconds since the epoch. */
  readonly waitingSince: number;
}

/** A topic that grew for so long past a reader is no mere backlog. */
const patienceMs = 60 * 60_000;

/**
 * @param pause waits a moment: a reader that moves meanwhile is catching up, and not among those returned
 */
export async function stalledReaders(
  log: LogReader,
  pause: () => Promise<void>,
): Promise<readonly StalledReader[]> {
  const found = await look(log);
  if (found.length === 0) return [];
  await pause();
  const later = await look(log);
  return later.filter(({ group, topic, waitingSince }) =>
    found.some(
      (one) => one.group === group && one.topic === topic && one.waitingSince === waitingSince,
    ),
  );
}

async function look(log: LogReader): Promise<readonly StalledReader[]> {
  const topics = new Map((await log.topics()).map((topic) => [topic.name, topic]));
  const offsets = new Map<string, Map<number, number>>();
  for (const { group, topic, partition, offset } of await log.committed()) {
    const key = JSON.stringify([group, topic]);
    offsets.set(key, (offsets.get(key) ?? new Map<number, number>()).set(partition, offset));
  }
  const stalled: StalledReader[] = [];
  for (const [key, committed] of offsets) {
    const [group, name] = JSON.parse(key) as [string, string];
    const topic = topics.get(name);
    const found = topic && (await measure(log, topic, committed));
    if (found !== undefined) stalled.push({ group, topic: name, ...found });
  }
  return stalled;
}

async function measure(
  log: LogReader,
  { name, partitions }: TopicStatus,
  committed: ReadonlyMap<number, number>,
): Promise<Pick<StalledReader, 'behind' | 'waitingSince'> | undefined> {
  let behind = 0;
  let waitingSince = Infinity;
  let newest = -Infinity;
  const timeAt = async (partition: number, offset: number): Promise<number | undefined> =>
    (await log.read(name, partition, offset, { maxRecords: 1 })).records[0]?.timestamp;
  for (const { partition, start, end } of partitions) {
    // Of a partition it never committed in, a group has everything to read.
    const next = Math.max(start, committed.get(partition) ?? start);
    if (next >= end) continue;
    behind += end - next;
    waitingSince = Math.min(waitingSince, (await timeAt(partition, next)) ?? Infinity);
    newest = Math.max(newest, (await timeAt(partition, end - 1)) ?? -Infinity);
  }
  return newest - waitingSince >= patienceMs ? { behind, waitingSince } : undefined;
}
