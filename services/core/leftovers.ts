// Before a chain begins: what separate stages left between them goes first, so that records of a key keep their order.
import type { Log } from './log/port.ts';

interface Reader {
  readonly group: string;
  readonly topic: string;
}

interface Place extends Reader {
  readonly partition: number;
  readonly end: number;
}

const lookEveryMs = 100;

/**
 * Resolves once every group, one after the other, has read its topic up to where that ended when its turn came, or
 * `signal` aborts. The groups read by themselves, here or elsewhere.
 * @param readers in flow order: what the first leaves is what the next one has to read
 */
export async function leftoversRead(
  log: Log,
  readers: readonly Reader[],
  sleep: (ms: number, signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  for (const { group, topic } of readers) {
    const status = (await log.topics()).find(({ name }) => name === topic);
    let left: readonly Place[] = (status?.partitions ?? [])
      .filter(({ start, end }) => end > start)
      .map(({ partition, end }) => ({ group, topic, partition, end }));
    while (!signal.aborted && (left = await unread(log, left)).length > 0)
      await sleep(lookEveryMs, signal);
  }
}

async function unread(log: Log, places: readonly Place[]): Promise<readonly Place[]> {
  const committed = await log.committed();
  const isUnread = async ({ group, topic, partition, end }: Place): Promise<boolean> => {
    const offset = committed.find(
      (at) => at.group === group && at.topic === topic && at.partition === partition,
    )?.offset;
    if (offset !== undefined && offset >= end) return false;
    // The end may lie behind what is no record (Kafka's transaction markers): only reading tells.
    const { records } = await log.read(topic, partition, offset ?? 0, { maxRecords: 1 });
    const [next] = records;
    return next !== undefined && next.offset < end;
  };
  const answers = await Promise.all(places.map(isUnread));
  return places.filter((_, index) => answers[index]);
}
