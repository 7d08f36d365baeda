// Erases persons from the archive's files: each that holds words of theirs is written anew without these and put into its
// place by the manifest, so that who reads sees every row once at every moment. Done again it finds nothing.
import { createHash } from 'node:crypto';
import type { Alert } from '#schemas/alert.ts';
import type { Insight } from '#schemas/insight.ts';
import type { Judgement } from '#schemas/judgement.ts';
import type { RejectedRecord } from '#schemas/rejected-record.ts';
import type { Signal } from '#schemas/signal.ts';
import { SignpostError } from '#core/errors.ts';
import { createTally } from './covers.ts';
import { alerts, judgements, rejected, type Dataset } from './datasets.ts';
import { deleteOldFiles } from './erase-old-files.ts';
import {
  byToken,
  filesOf,
  learnFrom,
  saidIn,
  spokenDatasets,
  takenOf,
  type PersonsOwn,
  type Said,
  type SpokenDataset,
} from './erase-scan.ts';
import type { Erased, Taken } from './erasures.ts';
import { createLostWords, type LostWords } from './erase-alert-words.ts';
import { madeFileKey } from './layout.ts';
import { manifestDays, readManifest, type ManifestFile } from './manifest.ts';
import { readFileRows, type FileAccess } from './read-file.ts';
import type { ArchivedRow } from './row.ts';
import { signalIn, stripJudgement, stripLetter, strippedRow } from './strip.ts';
import { swapFiles } from './swap-files.ts';

export interface EraseFilesParts extends FileAccess {
  readonly erased: Erased;
  /** The erasure that takes a dead letter; undefined where these cannot be looked into. */
  readonly letterTaken?: ((letter: RejectedRecord) => Taken | undefined) | undefined;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** For how long readers of an older manifest may read what it named. */
  readonly graceMs: number;
  /** `look` counts and changes nothing. */
  readonly mode: 'erase' | 'look';
  /** What earlier passes of this process found, for the same erasures. */
  readonly memory?: EraseMemory | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onFile?: (() => void) | undefined;
}

export interface EraseMemory {
  /** SHA-256 of files that hold no words to erase: they are not read again. */
  readonly clean: Set<string>;
  readonly own: PersonsOwn;
}

export function createEraseMemory(): EraseMemory {
  return { clean: new Set(), own: { tickets: new Map(), insights: new Map() } };
}

export type ErasedName = SpokenDataset['name'] | 'judgements' | 'alerts' | 'rejected';

export interface ErasedFiles {
  /** Rows of each dataset that lose words, by erasure. */
  readonly rows: ReadonlyMap<string, Partial<Record<ErasedName, number>>>;
  readonly own: PersonsOwn;
  /** Whether files that hold words, and count no more, are still there: they go after the grace time. */
  readonly isGoing: boolean;
}

/** @throws SignpostError where the store does not answer, or `archive-damaged` naming the object */
export async function eraseFiles(parts: EraseFilesParts): Promise<ErasedFiles> {
  const { store, erased, letterTaken, memory = createEraseMemory() } = parts;
  const { own, clean } = memory;
  const rows = new Map<string, Partial<Record<ErasedName, number>>>();
  const count = (name: ErasedName, { erasure }: Taken): void => {
    const of = rows.get(erasure.id) ?? {};
    of[name] = (of[name] ?? 0) + 1;
    rows.set(erasure.id, of);
  };
  const tokens = byToken(erased);
  for (const dataset of spokenDatasets)
    for await (const { file } of filesOf(store, dataset as Dataset<never>)) {
      if (parts.signal?.aborted === true) break;
      if (!clean.has(file.sha256))
        for await (const some of saidOf(parts, dataset, file))
          for (const said of some) learnFrom(said, erased, tokens, own);
      parts.onFile?.();
    }
  const isTaken = (said: Said): Taken | undefined => takenOf(said, erased, own);
  // While the words are there that tell which words of alerts were theirs.
  const lost = await createLostWords(parts, isTaken);
  await rewriteAll(parts, alerts, {
    holds: () => lost !== undefined,
    strip: (row) => strippedAlert(row, lost),
    count: (taken) => count('alerts', taken),
  });
  await rewriteAll(parts, judgements, {
    holds: () => own.insights.size > 0,
    strip(row) {
      const { insightId, comment } = row.record as Judgement;
      const taken = comment === null ? undefined : own.insights.get(insightId);
      if (taken === undefined) return undefined;
      const record = stripJudgement(row.record as Judgement);
      return { taken, row: { ...row, erasedAt: taken.erasure.requestedAt, record } };
    },
    count: (taken) => count('judgements', taken),
  });
  if (letterTaken !== undefined)
    await rewriteAll(parts, rejected, {
      holds: () => true,
      strip(row) {
        const letter = row.record as RejectedRecord;
        const taken = row.erasedAt === null ? letterTaken(letter) : undefined;
        if (taken === undefined) return undefined;
        const record = stripLetter(letter);
        return { taken, row: { ...row, erasedAt: taken.erasure.requestedAt, record } };
      },
      count: (taken) => count('rejected', taken),
    });
  for (const dataset of spokenDatasets)
    await rewriteAll(parts, dataset as Dataset<Signal | Insight>, {
      async holds(file) {
        if (clean.has(file.sha256)) return false;
        for await (const some of saidOf(parts, dataset, file))
          if (some.some((said) => isTaken(said) !== undefined)) return true;
        clean.add(file.sha256);
        return false;
      },
      strip(row) {
        const signal = signalIn(dataset.name, row)!;
        const taken = isTaken({ ...signal, erasedAt: row.erasedAt });
        return taken === undefined
          ? undefined
          : { taken, row: strippedRow(dataset.name, row, taken) };
      },
      count: (taken) => count(dataset.name, taken),
    });
  return { rows, own, isGoing: await deleteOldFiles(parts) };
}

type Row = ArchivedRow<unknown>;

interface Rewrite {
  /** Whether a file is to be looked into. */
  readonly holds: (file: ManifestFile) => boolean | Promise<boolean>;
  /** The row without words; undefined where it stays as it is. */
  readonly strip: (row: Row) => { readonly taken: Taken; readonly row: Row } | undefined;
  readonly count: (taken: Taken) => void;
}

async function* saidOf(
  { store }: EraseFilesParts,
  dataset: SpokenDataset,
  file: ManifestFile,
): AsyncGenerator<readonly Said[]> {
  try {
    yield* saidIn(store, dataset, file);
  } catch (error) {
    // Compacted meanwhile, and deleted: what took its place is read by the next pass at the latest.
    if (!(error instanceof SignpostError) || error.code !== 'objects-gone') throw error;
  }
}

/** Of one day's changing files: others that change it all the time are left to it, and the next pass comes back. */
const mostTries = 5;

async function rewriteAll<T>(
  parts: EraseFilesParts,
  dataset: Dataset<T>,
  rewrite: Rewrite,
): Promise<void> {
  for await (const day of manifestDays(parts.store, dataset)) {
    let isSettled = false;
    for (let tries = 0; tries < mostTries && !isSettled; tries += 1) {
      if (parts.signal?.aborted === true) return;
      isSettled = true;
      const { manifest } = await readManifest(parts.store, dataset, day);
      for (const file of manifest.files)
        if (!(await rewriteFile(parts, dataset, day, file, rewrite))) isSettled = false;
    }
  }
}

/** @returns false where the file does not count any more: the day is to be looked at anew */
async function rewriteFile<T>(
  parts: EraseFilesParts,
  dataset: Dataset<T>,
  day: string,
  file: ManifestFile,
  { holds, strip, count }: Rewrite,
): Promise<boolean> {
  const { store, format, now, mode } = parts;
  if (!(await holds(file))) return true;
  const taken: Taken[] = [];
  const growing = format.begin(dataset);
  const tally = createTally(dataset, file.covers);
  let rows = 0;
  try {
    for await (const some of readFileRows({ store, format }, dataset, file))
      for (const row of some) {
        const stripped = strip(row);
        if (stripped !== undefined) taken.push(stripped.taken);
        const next = (stripped?.row ?? row) as ArchivedRow<T>;
        growing.add(next);
        tally.add(next);
        rows += 1;
      }
  } catch (error) {
    if (error instanceof SignpostError && error.code === 'objects-gone') return false;
    throw error;
  }
  if (taken.length > 0 && mode === 'erase') {
    const bytes = growing.finish();
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const key = madeFileKey(dataset, day, sha256);
    await store.put(key, bytes, { kind: 'absent' });
    const made = { key, rows, bytes: bytes.length, sha256, covers: [...tally.covers()] };
    const swapped = await swapFiles(store, dataset, day, {
      replaced: [file],
      by: [made],
      now: now(),
    });
    if (swapped === 'changed') return false;
    // Of this very content there was one that is about to be deleted: a later pass writes it.
    if (swapped === 'retired') return true;
  }
  for (const each of taken) count(each);
  return true;
}

function strippedAlert(
  row: Row,
  lost: LostWords | undefined,
): { taken: Taken; row: Row } | undefined {
  const alert = row.record as Alert;
  const found = lost?.of(alert);
  if (found === undefined) return undefined;
  const { taken, words } = found;
  return {
    taken,
    row: { ...row, erasedAt: taken.erasure.requestedAt, record: { ...alert, words } },
  };
}
