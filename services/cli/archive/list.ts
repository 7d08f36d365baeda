// `signpost archive list`: what the archive holds, as its manifests say.
import { stat } from 'node:fs/promises';
import type { ObjectStore } from '#core/objects/port.ts';
import { readAddress } from '#core/objects/open-store.ts';
import { datasets, type Dataset } from '../../archive/datasets.ts';
import { readErasures } from '../../archive/erasures.ts';
import { manifestDays, readManifest } from '../../archive/manifest.ts';
import type { ArchiveListOptions } from '../commands/archive.ts';
import { count } from '../count.ts';
import { configOf, logAt } from '../open-log.ts';
import type { LogPlace } from '../options.ts';
import { createOutput, type Styles } from '../output.ts';
import { oneLine } from '../safe-text.ts';
import { tableLines } from '../table.ts';
import { archiveUrl, openArchive } from './open-archive.ts';
import { sizeOf } from '../topics.ts';

export interface ArchivedDay {
  readonly day: string;
  readonly rows: number;
  /** Of `rows`, those whose words were erased. */
  readonly erased: number;
  readonly files: number;
  readonly bytes: number;
}

export interface ArchivedDataset {
  readonly name: string;
  readonly version: number;
  /** In order; those without rows are left out. */
  readonly days: readonly ArchivedDay[];
}

export async function listArchive(place: LogPlace, options: ArchiveListOptions): Promise<void> {
  const config = configOf(place);
  const at = logAt(place, () => config);
  const url = archiveUrl(at, config);
  const output = createOutput();
  let held: readonly ArchivedDataset[] = [];
  let underWay = 0;
  if (await isThere(url)) {
    const store = await openArchive(at, config, { access: 'read' });
    try {
      held = await readHeld(store);
      underWay = (await readErasures(store)).filter(({ doneAt }) => doneAt === null).length;
    } finally {
      await store.close();
    }
  }
  if (options.json) {
    await output.json({ url, datasets: held.map(withSums), erasuresUnderWay: underWay });
    return;
  }
  for (const line of listLines(url, held, options.days === true, output.styles))
    await output.line(line);
  if (underWay > 0)
    await output.line(
      `${count(underWay)} ${underWay === 1 ? 'erasure is' : 'erasures are'} under way: \`signpost erase list\``,
    );
}

/** A directory that nobody has written to yet is not there. */
export async function isThere(url: string): Promise<boolean> {
  const place = readAddress(url);
  if (place.kind === 's3') return true;
  try {
    await stat(place.path);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw error;
  }
}

/** Datasets that hold something. @throws SignpostError */
async function readHeld(store: ObjectStore): Promise<readonly ArchivedDataset[]> {
  const held: ArchivedDataset[] = [];
  for (const dataset of datasets) {
    const days = (await readDays(store, dataset)).filter(({ rows }) => rows > 0);
    if (days.length > 0) held.push({ name: dataset.name, version: dataset.version, days });
  }
  return held;
}

const readsAtATime = 16;

async function readDays(
  store: ObjectStore,
  dataset: Dataset<unknown>,
): Promise<readonly ArchivedDay[]> {
  const names: string[] = [];
  for await (const day of manifestDays(store, dataset)) names.push(day);
  const days: ArchivedDay[] = [];
  for (let start = 0; start < names.length; start += readsAtATime)
    days.push(
      ...(await Promise.all(
        names.slice(start, start + readsAtATime).map((day) => readDay(store, dataset, day)),
      )),
    );
  return days;
}

async function readDay(
  store: ObjectStore,
  dataset: Dataset<unknown>,
  day: string,
): Promise<ArchivedDay> {
  const { manifest } = await readManifest(store, dataset, day);
  const { rows, files } = manifest;
  const erased = files
    .flatMap(({ covers }) => covers)
    .reduce((sum, cover) => sum + cover.erased, 0);
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  return { day, rows, erased, files: files.length, bytes };
}

function withSums({ name, version, days }: ArchivedDataset) {
  return { name, version, ...sumOf(days), days };
}

function sumOf(days: readonly ArchivedDay[]) {
  const sum = (of: (day: ArchivedDay) => number): number =>
    days.reduce((all, day) => all + of(day), 0);
  return {
    rows: sum(({ rows }) => rows),
    erased: sum(({ erased }) => erased),
    files: sum(({ files }) => files),
    bytes: sum(({ bytes }) => bytes),
  };
}

/** Lines for a person. */
function listLines(
  url: string,
  held: readonly ArchivedDataset[],
  byDay: boolean,
  { bold, dim }: Styles,
): string[] {
  if (held.length === 0)
    return [
      `Nothing is archived in ${oneLine(url)} yet.`,
      dim(
        '`signpost archive sync` archives what is on the topics; `signpost up` and `signpost run archive` do by themselves.',
      ),
    ];
  if (byDay)
    return tableLines(
      ['dataset', 'day', 'rows', 'files', 'size'],
      held.flatMap(({ name, days }) =>
        days.map((each) => [
          name,
          each.day,
          count(each.rows),
          count(each.files),
          sizeOf(each.bytes),
        ]),
      ),
      bold,
      ['day'],
    );
  return [
    ...tableLines(
      ['dataset', 'days', 'from', 'to', 'rows', 'files', 'size'],
      held.map(({ name, days }) => {
        const { rows, files, bytes } = sumOf(days);
        const [first, last] = [days[0]!.day, days.at(-1)!.day];
        return [name, count(days.length), first, last, count(rows), count(files), sizeOf(bytes)];
      }),
      bold,
      ['from', 'to'],
    ),
    dim(`in ${oneLine(url)}`),
  ];
}
