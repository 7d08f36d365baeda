// Words that alerts tell as risen are those that at least three customers used. Where these are fewer once somebody is
// erased, the word goes from the alert too.
import type { Alert } from '#schemas/alert.ts';
import type { Dataset } from './datasets.ts';
import { alerts, insights } from './datasets.ts';
import { filesOf, rangedFile, type Said } from './erase-scan.ts';
import type { EraseFilesParts } from './erase-files.ts';
import type { Taken } from './erasures.ts';
import { dayOf } from './layout.ts';
import { readColumns } from './parquet/read.ts';
import { readFileRows } from './read-file.ts';

export interface LostWords {
  /** What is left of the words of an alert, and by which erasure; undefined where all stay. */
  of(alert: Alert): { readonly taken: Taken; readonly words: readonly string[] } | undefined;
}

/** As services/alert/lifecycle/words.ts has it. */
const fewestCustomers = 3;
const dayMs = 86_400_000;

/** @returns undefined where no alert tells a word that an erased person used */
export async function createLostWords(
  parts: EraseFilesParts,
  takenOf: (said: Said) => Taken | undefined,
): Promise<LostWords | undefined> {
  const told = await toldWords(parts);
  if (told.size === 0) return undefined;
  /** By word and day: who used it of those that stay, three at most, and the erasure of one that does not. */
  const uses = new Map<string, { readonly others: Set<string>; taken: Taken | undefined }>();
  for await (const { day, file } of filesOf(parts.store, insights as Dataset<never>)) {
    if (parts.signal?.aborted === true) return undefined;
    const words = told.get(day);
    if (words === undefined) continue;
    for await (const { said, text } of textsIn(parts, file)) {
      const used = wordsOf(text);
      for (const word of words) {
        if (!used.has(word)) continue;
        const key = `${day} ${word}`;
        const use = uses.get(key) ?? { others: new Set<string>(), taken: undefined };
        uses.set(key, use);
        const taken = takenOf(said);
        if (taken !== undefined) use.taken = taken;
        else if (use.others.size < fewestCustomers) use.others.add(said.customer ?? said.id);
      }
    }
  }
  if (![...uses.values()].some(({ taken }) => taken !== undefined)) return undefined;
  return {
    of(alert) {
      let by: Taken | undefined;
      const words = alert.words.filter((word) => {
        const ofDays = daysOf(alert).flatMap((day) => uses.get(`${day} ${word}`) ?? []);
        const taken = ofDays.find((use) => use.taken !== undefined)?.taken;
        const others = new Set(ofDays.flatMap((use) => [...use.others]));
        if (taken === undefined || others.size >= fewestCustomers) return true;
        by = taken;
        return false;
      });
      return by === undefined ? undefined : { taken: by, words };
    },
  };
}

/** Words of alerts by the days on which they may have been said. */
async function toldWords(parts: EraseFilesParts): Promise<Map<string, Set<string>>> {
  const told = new Map<string, Set<string>>();
  for await (const { file } of filesOf(parts.store, alerts as Dataset<never>))
    for await (const rows of readFileRows(parts, alerts, file))
      for (const { record } of rows)
        for (const day of record.words.length === 0 ? [] : daysOf(record))
          told.set(day, new Set([...(told.get(day) ?? []), ...record.words]));
  return told;
}

/** An incident of a year is told by the words of its end. */
const mostDays = 60;

function daysOf({ startedAt, resolvedAt, at }: Alert): readonly string[] {
  const end = Math.max(at, resolvedAt ?? at);
  const days: string[] = [];
  for (let ms = end; ms > startedAt - dayMs && days.length < mostDays; ms -= dayMs)
    days.push(dayOf(ms));
  return days;
}

const asked = [
  'id',
  'signal.customer',
  'signal.receivedAt',
  'signal.kind',
  'signal.revision',
  'signal.source',
  'signal.sourceId',
  'signal.text',
  '_erased_at',
] as const;

async function* textsIn(
  { store }: EraseFilesParts,
  { key, bytes }: { readonly key: string; readonly bytes: number },
): AsyncGenerator<{ readonly said: Said; readonly text: string }> {
  const dataset = insights as Dataset<unknown>;
  for await (const group of readColumns(dataset, rangedFile(store, key, bytes), asked))
    for (const [row, text] of group['signal.text'].entries()) {
      if (typeof text !== 'string') continue;
      const [id, customer, receivedAt, kind, revision, source, sourceId] = asked.map(
        (name) => group[name][row],
      );
      const erasedAt = group['_erased_at'][row];
      const said = { id, customer, receivedAt, kind, revision, source, sourceId, erasedAt };
      yield { said: said as Said, text };
    }
}

const letters = /\p{L}[\p{L}\p{M}\p{N}'’-]*/gu;

/** As the words of alerts are told: small, without what hangs on at their end. */
function wordsOf(text: string): ReadonlySet<string> {
  const words = new Set<string>();
  for (const [match] of text.normalize('NFC').matchAll(letters))
    words.add(
      match
        .toLowerCase()
        .replaceAll('’', "'")
        .replace(/['-]+$|'s$/u, ''),
    );
  return words;
}
