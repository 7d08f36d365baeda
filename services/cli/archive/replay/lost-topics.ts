// Which topics of the archive were lost, and made anew since: what is archived of them is of earlier ones of their names.
import type { LogReader, TopicStatus } from '#core/log/port.ts';
import type { ObjectStore } from '#core/objects/port.ts';
import { readIntent } from '../../../archive/chunk-intent.ts';
import { datasets, type Dataset } from '../../../archive/datasets.ts';
import { archivedName, readGeneration } from '../../../archive/generations.ts';
import { holdingsOf, type HeldRange } from './holdings.ts';

export interface TopicThen {
  readonly dataset: Dataset<unknown>;
  /** Of the topic that what was archived last is of. */
  readonly generation: number;
  /** The topic is another one by now, or there is none. */
  readonly isLost: boolean;
  /** Of all generations. */
  readonly ranges: readonly HeldRange[];
  readonly rows: number;
}

export async function topicsThen(
  log: Pick<LogReader, 'topics' | 'read'>,
  store: ObjectStore,
): Promise<readonly TopicThen[]> {
  const topics = await log.topics();
  const found: TopicThen[] = [];
  for (const dataset of datasets) {
    const { name } = dataset.topic;
    const { generation } = await readGeneration(store, name);
    const { ranges, days } = await holdingsOf(store, dataset);
    const archived = ranges.filter(({ topic }) => topic === archivedName(name, generation));
    const status = topics.find((topic) => topic.name === name);
    const isLost = archived.length > 0 && !(await isSame(log, store, status, archived));
    found.push({
      dataset,
      generation,
      isLost,
      ranges,
      rows: days.reduce((sum, { rows }) => sum + rows, 0),
    });
  }
  return found;
}

/** By where it ends, and by the first record of a chunk that it still has. */
async function isSame(
  log: Pick<LogReader, 'read'>,
  store: ObjectStore,
  status: TopicStatus | undefined,
  archived: readonly HeldRange[],
): Promise<boolean> {
  for (const { topic, partition, from, to } of archived) {
    const now = status?.partitions.find((one) => one.partition === partition);
    if (now === undefined || now.end < to) return false;
    const intent = await readIntent(store, { topic, partition, from });
    if (intent === undefined || from < now.start) continue;
    const { records } = await log.read(status!.name, partition, from, { maxRecords: 1 });
    const first = records[0];
    if (first?.offset === from && (first.headers['ce_id'] ?? '') !== intent.first) return false;
  }
  return true;
}
