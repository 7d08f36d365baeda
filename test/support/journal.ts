// What a sender knows for certain, on disk before it counts: every attempt before it was made, every acknowledgement
// when it came. An oracle needs nothing else to say what a pipeline owes.
import { fdatasync, openSync, closeSync, readFileSync, writeSync } from 'node:fs';
import { promisify } from 'node:util';

/** What is to become of an event that is seen for the first time. */
export type Fate = 'insight' | 'company-author' | 'id-conflict' | 'undecodable';

export interface Said {
  readonly topic: string;
  /** Of the record, and of what becomes of it. */
  readonly key: string;
  /** Of the key, from 1: sent only when the one before was acknowledged. */
  readonly seq: number;
  /** What the pipeline knows it by: the key and the seq, so that sending it again is recognised. */
  readonly id: string;
  /** Hash of what was said, as letters: it travels with the record, so that mixed-up content is seen. */
  readonly mark: string;
  /** Milliseconds since the epoch. */
  readonly occurredAt: number;
  readonly fate: Fate;
}

export interface Entry extends Said {
  /** How often it was sent, whether or not an answer came. */
  attempts: number;
  /** How often it was acknowledged. */
  acknowledged: number;
}

/** By `nameOf`. */
export type Journal = ReadonlyMap<string, Entry>;

export interface JournalWriter {
  /** To be called before each attempt. */
  sending(batch: readonly Said[]): void;
  /** Resolves when the acknowledgement is on disk. */
  acknowledged(batch: readonly Said[]): Promise<void>;
  close(): Promise<void>;
}

const synced = promisify(fdatasync);

/** The same id may be used for two contents, by a sender that errs. */
export function nameOf({ id, mark }: Pick<Said, 'id' | 'mark'>): string {
  return `${id} ${mark}`;
}

export function openJournal(path: string): JournalWriter {
  const file = openSync(path, 'a');
  const told = new Set<string>();
  let syncing: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  let isOpen = true;

  /** One sync serves all that were written before it began. */
  const sync = (): Promise<void> => {
    if (syncing === undefined) {
      syncing = synced(file).finally(() => {
        syncing = undefined;
      });
      return syncing;
    }
    next ??= syncing.then(() => {
      next = undefined;
      return sync();
    });
    return next;
  };
  const write = (lines: readonly unknown[]): void => {
    writeSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  };

  return {
    sending(batch) {
      write(
        batch.map((said) => {
          const name = nameOf(said);
          if (told.has(name)) return { again: name };
          told.add(name);
          return { sent: said };
        }),
      );
    },
    acknowledged(batch) {
      write(batch.map((said) => ({ acknowledged: nameOf(said) })));
      return sync();
    },
    async close() {
      if (!isOpen) return;
      isOpen = false;
      await (next ?? syncing);
      closeSync(file);
    },
  };
}

type Line =
  | { readonly sent: Said }
  | { readonly again: string }
  | { readonly acknowledged: string };

/** @throws Error when a line but the last, which a crash may have cut, cannot be read. */
export function readJournal(path: string): Journal {
  const entries = new Map<string, Entry>();
  const lines = readFileSync(path, 'utf8').split('\n');
  // What stands after the last line break was cut.
  for (const text of lines.slice(0, -1)) {
    const line = JSON.parse(text) as Line;
    if ('sent' in line) {
      const { sent } = line;
      entries.set(nameOf(sent), { ...sent, attempts: 1, acknowledged: 0 });
      continue;
    }
    const entry = entries.get('again' in line ? line.again : line.acknowledged);
    if (entry === undefined) throw new Error(`The journal ${path} answers what was never sent`);
    if ('again' in line) entry.attempts += 1;
    else entry.acknowledged += 1;
  }
  return entries;
}
