// An archive in memory that several writers change at once, one call at a time in an order that a test chooses, with
// crashes between any two calls. After every call that changed something what a reader by manifest sees is judged.
import { createHash } from 'node:crypto';
import { createTally, isCovered } from '../../services/archive/covers.ts';
import { dropped } from '../../services/archive/datasets.ts';
import type { FileFormat } from '../../services/archive/file-format.ts';
import {
  chunkFileKey,
  dataPrefix,
  dayOf,
  madeFileKey,
  manifestKey,
} from '../../services/archive/layout.ts';
import {
  changeManifest,
  readManifest,
  type Covered,
  type Manifest,
  type ManifestFile,
} from '../../services/archive/manifest.ts';
import { readFileRows } from '../../services/archive/read-file.ts';
import type { ArchivedRow } from '../../services/archive/row.ts';
import { swapFiles } from '../../services/archive/swap-files.ts';
import type { ObjectStore } from '../../services/core/objects/port.ts';
import type { DroppedRecord } from '../../schemas/generated/dropped-record.ts';
import { dayMs, droppedRow, someDayMs } from './archive-rows.ts';
import { jsonFiles } from './json-files.ts';
import { createMemoryObjects, type MemoryObjects } from './memory-objects.ts';

export type Row = ArchivedRow<DroppedRecord>;

export const worldDays = [dayOf(someDayMs), dayOf(someDayMs + dayMs)] as const;
const topic = dropped.topic.name;

export interface ArchiveWorld {
  readonly objects: MemoryObjects;
  readonly format: FileFormat;
  /** Milliseconds since the epoch. */
  now: number;
  /** What is archived of a partition; a chunk that is covered already changes nothing. */
  writeChunk(store: ObjectStore, partition: number, from: number, to: number): Promise<void>;
  /** Rewrites the files of a day that hold rows of these places. @returns whether none is left */
  erase(store: ObjectStore, day: string, of: (row: Row) => boolean): Promise<boolean>;
  /** Fails where a reader by manifest sees a row twice, not at all, in the wrong order, or unerased again. */
  judge(): void;
  /** Rows of a day by what its manifest says now. */
  rowsOf(day: string): readonly Row[];
  readonly manifestOf: (day: string) => Manifest;
  /** Keys of data, whether they count or not. */
  dataKeys(): readonly string[];
}

/** Rows that there are between two offsets: one in eight offsets has none, and a third of the rows is of the second day. */
export function rowsBetween(partition: number, from: number, to: number): readonly Row[] {
  return Array.from({ length: to - from }, (_, i) => from + i)
    .filter((offset) => offset % 8 !== 5)
    .map((offset) =>
      droppedRow(partition, offset, someDayMs + (offset % 3 === 1 ? dayMs : 0) + offset),
    );
}

/** @param format what `rowsOf` and `judge` read is JSON */
export function createArchiveWorld(
  start = someDayMs + 2 * dayMs,
  format = jsonFiles(),
): ArchiveWorld {
  const erasedBefore = new Set<string>();
  const coveredBefore = new Map<string, Covered[]>();
  const objects = createMemoryObjects({ now: () => world.now });
  const text = (key: string): string => new TextDecoder().decode(objects.read(key));
  const world: ArchiveWorld = {
    objects,
    format,
    now: start,
    async writeChunk(store, partition, from, to) {
      const range = { topic, partition, from, to };
      const byDay = Map.groupBy(rowsBetween(partition, from, to), ({ record }) =>
        dayOf(record.droppedAt),
      );
      for (const [day, rows] of byDay) {
        const key = chunkFileKey(dropped, day, range);
        const { bytes, sha256 } = fileOf(format, rows);
        const tally = createTally(dropped, [range]);
        for (const row of rows) tally.add(row);
        await store.put(key, bytes, { kind: 'absent' });
        const covers = [...tally.covers()];
        const file = { key, rows: rows.length, bytes: bytes.length, sha256, covers };
        await changeManifest(store, dropped, day, (manifest) =>
          isCovered(
            manifest.files.flatMap((one) => one.covers),
            range,
          )
            ? null
            : { ...manifest, files: [...manifest.files, file] },
        );
      }
    },
    async erase(store, day, of) {
      for (;;) {
        const { manifest } = await readManifest(store, dropped, day);
        let outcome: string | undefined;
        for (const file of manifest.files) {
          const rows: Row[] = [];
          for await (const some of readFileRows({ store, format }, dropped, file))
            rows.push(...some);
          const isToErase = (row: Row): boolean => row.erasedAt === null && of(row);
          if (!rows.some(isToErase)) continue;
          const made = erasedFile(
            format,
            day,
            file,
            rows.map((row) => (isToErase(row) ? { ...row, erasedAt: 1 } : row)),
          );
          await store.put(made.file.key, made.bytes, { kind: 'absent' });
          outcome = await swapFiles(store, dropped, day, {
            replaced: [file],
            by: [made.file],
            now: world.now,
          });
          break;
        }
        if (outcome === undefined) return true;
        if (outcome === 'retired') return false;
      }
    },
    judge() {
      for (const day of worldDays) {
        const manifest = world.manifestOf(day);
        const covers = manifest.files.flatMap((file) => file.covers);
        for (const before of coveredBefore.get(day) ?? [])
          if (!isCovered(covers, before))
            throw new Error(`${day}: a range is covered no more: ${JSON.stringify(before)}`);
        coveredBefore.set(day, covers);
        const seen = world.rowsOf(day).map((row) => place(row));
        const expected = covers.flatMap(({ partition, from, to }) =>
          rowsBetween(partition, from, to).filter(({ record }) => dayOf(record.droppedAt) === day),
        );
        const expectedPlaces = expected
          .map((row) => place(row))
          .toSorted()
          .join(' ');
        if (seen.toSorted().join(' ') !== expectedPlaces)
          throw new Error(`${day}: seen ${seen.toSorted().join(' ')}, archived ${expectedPlaces}`);
        for (const row of world.rowsOf(day)) {
          if (row.erasedAt !== null) erasedBefore.add(place(row));
          else if (erasedBefore.has(place(row))) throw new Error(`${place(row)} is unerased again`);
        }
      }
    },
    rowsOf: (day) =>
      world.manifestOf(day).files.flatMap(({ key }) => {
        const rows = text(key)
          .split('\n')
          .map((line) => JSON.parse(line) as Row);
        for (const [at, row] of rows.entries()) {
          const before = rows[at - 1];
          if (
            before !== undefined &&
            (before.partition - row.partition || before.offset - row.offset) >= 0
          )
            throw new Error(`${key} is out of order at ${place(row)}`);
        }
        return rows;
      }),
    manifestOf(day) {
      const key = manifestKey(dropped, day);
      if (!objects.keys().includes(key))
        return {
          dataset: 'dropped',
          version: 1,
          day,
          revision: 0,
          rows: 0,
          files: [],
          retired: [],
        };
      return JSON.parse(text(key)) as Manifest;
    },
    dataKeys: () => objects.keys(`${dataPrefix(dropped)}day=`),
  };
  return world;
}

function place({ partition, offset }: Row): string {
  return `${partition}/${offset}`;
}

function fileOf(format: FileFormat, rows: readonly Row[]): { bytes: Uint8Array; sha256: string } {
  const growing = format.begin(dropped);
  for (const row of rows) growing.add(row);
  const bytes = growing.finish();
  return { bytes, sha256: createHash('sha256').update(bytes).digest('hex') };
}

function erasedFile(
  format: FileFormat,
  day: string,
  like: ManifestFile,
  rows: readonly Row[],
): { file: ManifestFile; bytes: Uint8Array } {
  const { bytes, sha256 } = fileOf(format, rows);
  const tally = createTally(dropped, like.covers);
  for (const row of rows) tally.add(row);
  const file = {
    key: madeFileKey(dropped, day, sha256),
    rows: rows.length,
    bytes: bytes.length,
    sha256,
    covers: [...tally.covers()],
  };
  return { file, bytes };
}

/** Thrown in the middle of a call: the process is gone. */
export class Crash extends Error {
  override readonly name = 'Crash';
}

export interface Turns {
  /** The world's objects for one that takes turns, and crashes at its `crashAt`th call, before or after it takes effect. */
  readonly store: (crashAt?: { readonly call: number; readonly after: boolean }) => MemoryObjects;
  /** Runs all until they are done; crashes are theirs to handle. */
  run(actors: readonly Promise<unknown>[]): Promise<void>;
}

/** @param choose picks who is next of so many that wait */
export function takeTurns(world: ArchiveWorld, choose: (of: number) => number): Turns {
  const waiting: (() => void)[] = [];
  const turn = (): Promise<void> => new Promise((resolve) => void waiting.push(resolve));
  return {
    store(crashAt) {
      const store = world.objects.another();
      let calls = 0;
      store.before(async () => {
        await turn();
        calls += 1;
        if (crashAt !== undefined && calls >= crashAt.call && !crashAt.after) throw new Crash();
      });
      store.after(({ operation }) => {
        if (operation === 'put' || operation === 'delete') world.judge();
        if (crashAt !== undefined && calls >= crashAt.call) throw new Crash();
      });
      return store;
    },
    async run(actors) {
      const done = new AbortController();
      const all = Promise.all(actors).finally(() => done.abort());
      // Failures are of `all`, in the end.
      all.catch(() => {});
      while (!done.signal.aborted) {
        await new Promise((resolve) => void setImmediate(resolve));
        if (waiting.length > 0) waiting.splice(choose(waiting.length), 1)[0]!();
      }
      await all;
    },
  };
}
