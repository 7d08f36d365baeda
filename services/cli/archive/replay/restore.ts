// Brings topics back that were lost: what the archive has of them is written to the topics made anew, each record as it was,
// marked so that it is not archived again. Insights among it are routed to departments again.
import type { Log, LogReader } from '#core/log/port.ts';
import { isWithinSize } from '#core/log/record-size.ts';
import type { ObjectStore } from '#core/objects/port.ts';
import { header } from '#core/topic.ts';
import { revisions, signals, type Dataset, type DatasetName } from '../../../archive/datasets.ts';
import { beginGeneration, generationOf } from '../../../archive/generations.ts';
import type { FileAccess } from '../../../archive/read-file.ts';
import { readPartition } from '../../../archive/read-partition.ts';
import { createStripNow } from '../../../archive/strip-now.ts';
import { readRange } from '../../read-range.ts';
import { createIdSet, type IdSet } from '../../reconcile/id-set.ts';
import { framed } from './framed.ts';
import { topicsThen, type TopicThen } from './lost-topics.ts';
import type { Pace } from './pace.ts';
import { createPortions, leftOf } from './portions.ts';

export interface Restored {
  readonly dataset: DatasetName;
  readonly topic: string;
  /** Records written; in a dry run, that would be. */
  readonly records: number;
  /** Older than the topic keeps: they are in the archive alone. */
  readonly expired: number;
  /** On the topic already: said again since it was made anew. */
  readonly there: number;
  /** Too large for the log. */
  readonly passedOver: number;
}

export interface RestoreParts {
  readonly log: Pick<Log, 'topics' | 'read' | 'checkpoint' | 'append'>;
  /** For how long a topic keeps records, milliseconds: by its own settings, which may be less than the topology says. */
  readonly keptMs: (topic: string) => number;
  readonly access: FileAccess;
  readonly pace: Pace;
  readonly dryRun: boolean;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Told how many rows were read. */
  readonly onProgress: (rows: number) => void;
  readonly signal: AbortSignal;
}

const archiveStage = 'archive';

/** Those whose topics were lost, or whose restoration was cut off. Empty: every topic is the one that is archived. */
export async function restorable(
  log: Pick<LogReader, 'topics' | 'read' | 'checkpoint'>,
  store: ObjectStore,
): Promise<readonly TopicThen[]> {
  const found: TopicThen[] = [];
  for (const one of await topicsThen(log, store)) {
    const state = await log.checkpoint(stateKey(one));
    if (one.isLost || (state !== null && state !== done)) found.push(one);
  }
  return found;
}

/** @throws SignpostError `interrupted`, with what was written kept */
export async function restoreTopics(
  topics: readonly TopicThen[],
  parts: RestoreParts,
): Promise<readonly Restored[]> {
  const restored: Restored[] = [];
  for (const one of topics) restored.push(await restoreTopic(one, parts));
  return restored;
}

const done = 'done';

/** Where a restoration stands, by how many topics of the name were archived when it began. */
function stateKey({ dataset, generation, isLost }: TopicThen): string {
  return `archive-restore/${dataset.topic.name}/${isLost ? generation + 1 : generation}`;
}

async function restoreTopic(one: TopicThen, parts: RestoreParts): Promise<Restored> {
  const { log, keptMs, access, pace, dryRun, now, onProgress, signal } = parts;
  const { dataset, generation, isLost } = one;
  const { topic } = dataset;
  const key = stateKey(one);
  const portions = createPortions({ log, key, pace, dryRun, signal });
  const counts = { expired: 0, there: 0, passedOver: 0 };
  const result = (): Restored => ({
    dataset: dataset.name,
    topic: topic.name,
    records: portions.written(),
    ...counts,
  });
  if (isLost && !dryRun) {
    // First of all: what is cut off from here on is known to have begun.
    await log.append([], { checkpoints: { [key]: '' } });
    await beginGeneration(access.store, topic.name, generation, now());
  }
  // Signals were judged, and would be again: their insights are what comes back.
  if (dataset.name === signals.name) {
    if (!dryRun) await log.append([], { checkpoints: { [key]: done } });
    return result();
  }
  const keptFrom = now() - keptMs(topic.name);
  const before = dryRun ? null : await log.checkpoint(key);
  const there = await idsOn(log, dataset);
  const earlier = isLost ? generation : generation - 1;
  const stripNow = createStripNow(access.store);
  for (const { range, after } of leftOf(one.ranges, earlier, before)) {
    const of = generationOf(range.topic).generation;
    for await (const rows of readPartition(access, dataset, { ...range, after })) {
      // Who is erased meanwhile may be in files that are read still.
      const strip = await stripNow();
      for (const row of rows) {
        const kept = strip(dataset.name, row);
        const record = framed(kept, { topic, generation: of, carried: archiveStage });
        if (row.timestamp < keptFrom) counts.expired += 1;
        else if (there?.has(record.headers['ce_id'] ?? '') === true) counts.there += 1;
        else if (isWithinSize(record)) await portions.add(record, range, row.offset);
        else counts.passedOver += 1;
      }
      onProgress(rows.length);
    }
    await portions.flush();
  }
  if (!dryRun) await log.append([], { checkpoints: { [key]: done } });
  return result();
}

/** What was said since the topic was made anew; undefined where one id may come several times. */
async function idsOn(
  log: Pick<LogReader, 'topics' | 'read'>,
  { name, topic }: Dataset<unknown>,
): Promise<IdSet | undefined> {
  if (name === revisions.name) return undefined;
  const status = (await log.topics()).find((one) => one.name === topic.name);
  const ids = createIdSet(0);
  for (const { partition, start, end } of status?.partitions ?? [])
    for await (const records of readRange(log, topic.name, partition, start, end))
      for (const { headers } of records)
        if (headers[header.carried] !== archiveStage) ids.add(headers['ce_id'] ?? '');
  return ids;
}
