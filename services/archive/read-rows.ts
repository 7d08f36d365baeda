// All rows of a dataset in a span of event days, each once, whatever becomes of its files meanwhile: day by day, and of a
// day by topic, partition and offset. Where a reading stood, another one goes on.
import type { Dataset } from './datasets.ts';
import { manifestDays, readManifest } from './manifest.ts';
import { readDay } from './read-day.ts';
import type { FileAccess } from './read-file.ts';
import type { ArchivedRow } from './row.ts';

/** Where a row is. `topic` is the name that the archive keeps it under, see `generations.ts`. */
export interface RowPlace {
  /** `2026-11-22`. */
  readonly day: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** Rows of one day and topic, in order. */
export interface RowPortion<T> {
  readonly day: string;
  readonly topic: string;
  readonly rows: readonly ArchivedRow<T>[];
}

export interface ReadRowsOptions {
  /** Event days, `2026-11-22`, `to` exclusive. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  /** Begins behind this row. */
  readonly after?: RowPlace | undefined;
}

/** @throws SignpostError `archive-damaged` naming the object */
export async function* readRows<T>(
  access: FileAccess,
  dataset: Dataset<T>,
  { from, to, after }: ReadRowsOptions = {},
): AsyncGenerator<RowPortion<T>> {
  const first = after !== undefined && after.day > (from ?? '') ? after.day : from;
  for (const day of await daysWithin(access, dataset, first, to)) {
    const stood = day === after?.day ? after : undefined;
    for (const topic of await topicsOf(access, dataset, day)) {
      if (stood !== undefined && topic < stood.topic) continue;
      const options = { topic, after: topic === stood?.topic ? stood : undefined };
      for await (const rows of readDay(access, dataset, day, options)) yield { day, topic, rows };
    }
  }
}

async function daysWithin(
  { store }: FileAccess,
  dataset: Pick<Dataset<unknown>, 'name' | 'version'>,
  from = '',
  to?: string,
): Promise<readonly string[]> {
  const days: string[] = [];
  for await (const day of manifestDays(store, dataset))
    if (day >= from && (to === undefined || day < to)) days.push(day);
  return days;
}

async function topicsOf(
  { store }: FileAccess,
  dataset: Pick<Dataset<unknown>, 'name' | 'version'>,
  day: string,
): Promise<readonly string[]> {
  const { manifest } = await readManifest(store, dataset, day);
  const topics = manifest.files.flatMap(({ covers }) => covers.map(({ topic }) => topic));
  return [...new Set(topics)].toSorted();
}
