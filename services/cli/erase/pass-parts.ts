// What a pass of the erasures works on, as far as this process has it, and what earlier passes of the process know.
import type { EntityPayloads } from '#core/log/entity-payloads.ts';
import type { ObjectStore } from '#core/objects/port.ts';
import type { Db } from '#core/store/postgres.ts';
import { createEraseMemory, type EraseMemory } from '../../archive/erase-files.ts';
import type { Erased } from '../../archive/erasures.ts';
import type { FileFormat } from '../../archive/file-format.ts';
import type { LetterJudge } from './letters.ts';
import type { ScanParts } from './scan-topics.ts';

/** The log, as far as this process has it. */
export type PassLog = Omit<ScanParts, 'erased' | 'judge' | 'signal' | 'onRead'>;

export interface PassParts {
  readonly objects: ObjectStore;
  readonly format: FileFormat;
  /** Undefined where there is none; `elsewhere` where only another process may open it. */
  readonly db: Db | undefined | 'elsewhere';
  /** Whether the database is this process's own. */
  readonly isOwnDb: boolean;
  readonly log: PassLog | undefined;
  /** Where claims keep updates of tickets; undefined where another process has them. */
  readonly entities: EntityPayloads | undefined;
  /** Of the embedded log: deletes what is past its retention, from its files too. */
  readonly forget?: (() => Promise<void>) | undefined;
  /** Of these erasures; undefined without the pseudonym keys. */
  readonly judgeOf: ((erased: Erased) => LetterJudge) | undefined;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly graceMs: number;
  readonly memory?: PassMemory | undefined;
  readonly signal?: AbortSignal | undefined;
  /** @param doing what is looked through, and how far */
  readonly onProgress?: ((doing: string, share: number) => void) | undefined;
}

/** What earlier passes of a process know. */
export interface PassMemory {
  files: EraseMemory;
  of: string;
}

export function createPassMemory(): PassMemory {
  return { files: createEraseMemory(), of: '' };
}
