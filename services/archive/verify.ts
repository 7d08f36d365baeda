// Proves that archive and topics say the same: over the ranges that both hold, each record of a topic is in one file of its
// event day, with what it says; and, deep, that files are what the manifests say of them, also where topics have forgotten.
import { SignpostError } from '#core/errors.ts';
import type { LogReader, TopicStatus } from '#core/log/port.ts';
import { datasets, type Dataset, type DatasetName } from './datasets.ts';
import { createFindings, type Finding, type Findings } from './findings.ts';
import { archivedName, readGeneration } from './generations.ts';
import {
  coversOf,
  readHeldDays,
  type DaySpan,
  type HeldCover,
  type HeldDay,
} from './held-covers.ts';
import { readManifest } from './manifest.ts';
import { createOffsetSet } from './offset-set.ts';
import type { FileAccess } from './read-file.ts';
import { verifyDayFiles } from './verify-files.ts';
import {
  archivedUpTo,
  verifyPartition,
  type PartitionProof,
  type TopicSide,
} from './verify-topic.ts';

export interface DatasetProof {
  readonly dataset: DatasetName;
  readonly days: number;
  readonly files: number;
  readonly rows: number;
  readonly bytes: number;
  readonly partitions: readonly PartitionProof[];
  /** Files that were read in full; null where they were not asked for. */
  readonly filesRead: number | null;
}

export interface Verification {
  /** Nothing was found wrong. What waits to be archived is not wrong. */
  readonly proven: boolean;
  readonly datasets: readonly DatasetProof[];
  readonly waiting: number;
  readonly findings: readonly Finding[];
  /** Findings beyond those that are listed. */
  readonly moreFindings: number;
}

export interface VerifySettings extends Pick<TopicSide, 'now' | 'graceMs' | 'lateMs'> {
  readonly datasets?: readonly DatasetName[];
  /** Event days. */
  readonly span?: DaySpan;
  /** Whether every file is read. */
  readonly deep?: boolean;
  /** Ends it with `interrupted`. */
  readonly signal?: AbortSignal;
  /** Told how much of the whole is done, 0 to 1, and what is being done. */
  readonly onProgress?: (share: number, says: string) => void;
}

/** Others that change days while they are verified are given up on after so many tries. */
const mostTries = 4;

/** @throws SignpostError where the log or the store cannot be read, `interrupted` */
export async function verifyArchive(
  access: FileAccess,
  log: LogReader,
  settings: VerifySettings,
): Promise<Verification> {
  const { datasets: names, onProgress = () => {} } = settings;
  const chosen = datasets.filter(({ name }) => names === undefined || names.includes(name));
  const proofs: DatasetProof[] = [];
  const findings: Finding[] = [];
  let moreFindings = 0;
  for (const [at, dataset] of chosen.entries()) {
    const progress = (share: number, says: string): void => {
      if (settings.signal?.aborted === true)
        throw new SignpostError('interrupted', 'Interrupted; nothing was changed');
      onProgress((at + Math.min(1, share)) / chosen.length, says);
    };
    const of = createFindings(dataset.name);
    proofs.push(
      await verifyDataset(access, log, dataset, { ...settings, onProgress: progress }, of),
    );
    findings.push(...of.all);
    moreFindings += of.more;
  }
  const waiting = proofs
    .flatMap(({ partitions }) => partitions)
    .reduce((sum, partition) => sum + partition.waiting, 0);
  return {
    proven: findings.length + moreFindings === 0,
    datasets: proofs,
    waiting,
    findings,
    moreFindings,
  };
}

async function verifyDataset<T>(
  access: FileAccess,
  log: LogReader,
  dataset: Dataset<T>,
  settings: VerifySettings,
  findings: Findings,
): Promise<DatasetProof> {
  const { deep = false, onProgress = () => {} } = settings;
  const half = {
    ...settings,
    onProgress: (share: number, says: string) => onProgress(share / 2, says),
  };
  const { days, partitions } = await verifyAgainstTopic(
    access,
    log,
    dataset,
    deep ? half : settings,
    findings,
  );
  const files = days.flatMap((day) => day.files);
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const rows = files.reduce((sum, file) => sum + file.rows, 0);
  let filesRead: number | null = null;
  if (deep) {
    const seen = createOffsetSet();
    let read = 0;
    filesRead = 0;
    for (const { day } of days) {
      const of = await verifyDayFiles(access, dataset, day, seen, findings, (some) => {
        read += some;
        onProgress(0.5 + read / bytes / 2, `${dataset.name}: files of ${day}`);
      });
      filesRead += of.files;
    }
  }
  const counted = { days: days.length, files: files.length, rows, bytes };
  return { dataset: dataset.name, ...counted, partitions, filesRead };
}

/** Begins anew where a file was replaced between its manifest and its turn. */
async function verifyAgainstTopic<T>(
  access: FileAccess,
  log: LogReader,
  dataset: Dataset<T>,
  settings: VerifySettings,
  findings: Findings,
): Promise<{ readonly days: readonly HeldDay[]; readonly partitions: readonly PartitionProof[] }> {
  const { span = {}, onProgress = () => {} } = settings;
  for (let tries = 1; ; tries += 1) {
    const found = createFindings(dataset.name);
    // The order proves: what the stage had committed is in the manifests that are read after that, and what these name is
    // in the topic as it is after that.
    const archivedTo = await archivedUpTo(log, dataset);
    const days: HeldDay[] = [];
    for await (const held of readHeldDays(access.store, dataset, span, found)) {
      days.push(held);
      onProgress(0, `${dataset.name}: manifest of ${held.day}`);
    }
    const covers = days.flatMap((day) => coversOf(day.day, day.files));
    const of = { dataset, archivedTo, covers, settings, findings: found };
    const partitions = await verifyTopic(access, log, of);
    if (tries < mostTries && (await someReplaced(access, dataset, found.all))) continue;
    findings.addAll(found);
    return { days, partitions };
  }
}

interface TopicOf<T> {
  readonly dataset: Dataset<T>;
  readonly archivedTo: ReadonlyMap<number, number>;
  readonly covers: readonly HeldCover[];
  readonly settings: VerifySettings;
  readonly findings: Findings;
}

async function verifyTopic<T>(
  access: FileAccess,
  log: LogReader,
  { dataset, archivedTo, covers, settings, findings }: TopicOf<T>,
): Promise<readonly PartitionProof[]> {
  const { name } = dataset.topic;
  const { onProgress = () => {}, span = {} } = settings;
  const partitions = partitionsOf(await log.topics(), name);
  const total = partitions.reduce((sum, { start, end }) => sum + end - start, 0);
  let read = 0;
  const side: TopicSide = {
    ...settings,
    log,
    span,
    erasedPlaces: (cover) => erasedPlacesOf(access, dataset, cover),
    onRead(records) {
      read += records;
      onProgress(read / total, `${dataset.name}: ${name}`);
    },
  };
  // What is of earlier generations of the topic, the topic has no more.
  const archived = archivedName(name, (await readGeneration(access.store, name)).generation);
  const byPartition = Map.groupBy(
    covers.filter(({ topic }) => topic === archived),
    ({ partition }) => partition,
  );
  const proofs: PartitionProof[] = [];
  for (const status of partitions) {
    const of = {
      dataset,
      status,
      covers: byPartition.get(status.partition) ?? [],
      archivedTo: archivedTo.get(status.partition) ?? 0,
    };
    proofs.push(await verifyPartition(side, of, findings));
  }
  for (const [partition, [cover]] of byPartition) {
    if (partitions.length === 0 || partitions.some((of) => of.partition === partition)) continue;
    const says = `${cover!.key} holds rows of ${name}/${partition}, but the topic has ${partitions.length} partitions: it was made anew.`;
    findings.add('beyond-topic', { day: cover!.day, key: cover!.key, partition }, says);
  }
  return proofs;
}

function partitionsOf(topics: readonly TopicStatus[], name: string): TopicStatus['partitions'] {
  return topics.find((topic) => topic.name === name)?.partitions ?? [];
}

/** None where the file is not there: that is found out otherwise. */
async function erasedPlacesOf<T>(
  { store, format }: FileAccess,
  dataset: Dataset<T>,
  { key }: HeldCover,
): Promise<ReadonlySet<string>> {
  const held = await store.get(key);
  const places = new Set<string>();
  if (held === null) return places;
  for await (const rows of format.read(dataset, held.bytes))
    for (const { partition, offset, erasedAt } of rows)
      if (erasedAt !== null) places.add(`${partition}/${offset}`);
  return places;
}

/** Whether a file that was found wanting counts no more: then what was found may have been somebody's work in between. */
async function someReplaced(
  { store }: FileAccess,
  dataset: Pick<Dataset<unknown>, 'name' | 'version'>,
  findings: readonly Finding[],
): Promise<boolean> {
  for (const { kind, day, key } of findings) {
    if (kind !== 'rows-differ' || day === null) continue;
    const { manifest } = await readManifest(store, dataset, day);
    if (!manifest.files.some((file) => file.key === key)) return true;
  }
  return false;
}
