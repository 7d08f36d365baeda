// Whether the objects that manifests name are what the manifests say: there, of that size and content, with those rows.
// Reads every one of them; memory holds one at a time, and a bit for each row of a dataset.
import { hash } from 'node:crypto';
import { SignpostError } from '#core/errors.ts';
import { createTally } from './covers.ts';
import type { Dataset } from './datasets.ts';
import { createFindings, offsetsOf, type Findings } from './findings.ts';
import { dayOf } from './layout.ts';
import { readManifest, type ManifestFile } from './manifest.ts';
import { comparePlaces, type Place } from './merge-rows.ts';
import { createOffsetSet, type OffsetSet } from './offset-set.ts';
import type { FileAccess } from './read-file.ts';
import type { ArchivedRow } from './row.ts';

export interface DayFiles {
  readonly files: number;
  readonly bytes: number;
  readonly rows: number;
}

/** Others that replace the files of a day all the time are given up on after so many tries. */
const mostTries = 5;

/**
 * Reads all files of a day as its manifest names them; where some are replaced meanwhile, those of the new manifest.
 * @param seen rows of the dataset's other days: this day's are added
 * @param onRead is told of bytes that were read
 */
export async function verifyDayFiles<T>(
  access: FileAccess,
  dataset: Dataset<T>,
  day: string,
  seen: OffsetSet,
  findings: Findings,
  onRead: (bytes: number) => void,
): Promise<DayFiles> {
  for (let tries = 1; ; tries += 1) {
    const before = await readManifest(access.store, dataset, day);
    const { files } = before.manifest;
    const found = createFindings(dataset.name);
    const places = createOffsetSet();
    for (const file of files) {
      await verifyFile(access, { dataset, day, file, places }, found);
      onRead(file.bytes);
    }
    if (found.all.length > 0 && tries < mostTries) {
      const after = await readManifest(access.store, dataset, day);
      if (after.manifest.revision !== before.manifest.revision) continue;
    }
    const common = seen.addAll(places);
    if (common !== undefined) {
      const { partition, offset } = common;
      const where = { day, partition, from: offset, to: offset + 1 };
      const says = `Offset ${offset} of ${dataset.topic.name}/${partition} is in files of ${day} and in files of another day.`;
      found.add('row-doubled', where, says);
    }
    findings.addAll(found);
    return {
      files: files.length,
      bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
      rows: files.reduce((sum, { rows }) => sum + rows, 0),
    };
  }
}

interface FileOf<T> {
  readonly dataset: Dataset<T>;
  readonly day: string;
  readonly file: ManifestFile;
  /** Rows of the day's other files: this one's are added. */
  readonly places: OffsetSet;
}

async function verifyFile<T>(
  { store, format }: FileAccess,
  { dataset, day, file, places }: FileOf<T>,
  findings: Findings,
): Promise<void> {
  const { key } = file;
  const where = { day, key };
  const held = await store.get(key);
  if (held === null) {
    findings.add(
      'object-missing',
      where,
      `${key} is not there, though the manifest of ${day} names it.`,
    );
    return;
  }
  const { bytes } = held;
  if (bytes.length !== file.bytes) {
    const says = `${key} has ${bytes.length} bytes, not ${file.bytes} as the manifest says.`;
    findings.add('object-differs', where, says);
    return;
  }
  if (hash('sha256', bytes) !== file.sha256) {
    findings.add(
      'object-differs',
      where,
      `${key} has another SHA-256 than the manifest says: its bytes were changed.`,
    );
    return;
  }
  try {
    await verifyRows(format.read(dataset, bytes), { dataset, day, file, places }, findings);
  } catch (error) {
    if (!(error instanceof SignpostError) || error.code !== 'archive-damaged') throw error;
    findings.add('file-damaged', where, `${key} cannot be read: ${error.message}`);
  }
}

async function verifyRows<T>(
  batches: AsyncIterable<readonly ArchivedRow<T>[]>,
  { dataset, day, file, places }: FileOf<T>,
  findings: Findings,
): Promise<void> {
  const { key } = file;
  const { topic } = dataset;
  const tally = createTally(dataset, file.covers);
  let last: Place | undefined;
  let isInOrder = true;
  for await (const rows of batches) {
    for (const row of rows) {
      const { partition, offset } = row;
      const place = `offset ${offset} of ${topic.name}/${partition}`;
      const where = { day, key, partition, from: offset, to: offset + 1 };
      if (last !== undefined && comparePlaces(last, row) > 0) isInOrder = false;
      last = { partition, offset };
      if (!places.add(partition, offset))
        findings.add(
          'row-doubled',
          where,
          `${key} holds ${place}, which it or another file of ${day} holds too.`,
        );
      if (!tally.add(row))
        findings.add('row-stray', where, `${key} holds ${place}, which the manifest does not say.`);
      const ownDay = dayOf(dataset.eventTime(row.record));
      if (ownDay !== day)
        findings.add('row-stray', where, `${key} holds ${place}, which is of ${ownDay}.`);
    }
  }
  if (!isInOrder)
    findings.add(
      'file-damaged',
      { day, key },
      `${key} does not hold its rows by partition and offset.`,
    );
  let sum = 0;
  for (const [at, counted] of tally.covers().entries()) {
    const cover = file.covers[at]!;
    const { partition, from, to, rows, erased } = cover;
    sum += rows;
    const where = { day, key, partition, from, to };
    const range = `${offsetsOf(cover)} of ${topic.name}/${partition}`;
    if (counted.rows !== rows || counted.erased !== erased)
      findings.add(
        'rows-differ',
        where,
        `${key}, ${range}: ${counted.rows} rows, ${counted.erased} of them with erased words; the manifest says ${rows} and ${erased}.`,
      );
    else if (counted.schema === cover.schema && counted.checksum !== cover.checksum)
      findings.add(
        'rows-differ',
        where,
        `${key}, ${range}: the rows have another checksum than the manifest says.`,
      );
  }
  if (sum !== file.rows)
    findings.add(
      'rows-differ',
      { day, key },
      `${key}: the manifest says ${file.rows} rows, and ${sum} in its ranges.`,
    );
}
