// Notices that files changed, by looking at them again and again. What is still being written is not taken for new: a
// change counts once two looks in a row find the same, and is dropped when it goes on while the files are read.
import { stat } from 'node:fs/promises';

/** What tells one state of a file from another without reading it. */
export interface FileFacts {
  /** Milliseconds since the epoch. */
  readonly mtimeMs: number;
  /** Changes with the content even where a copying tool sets `mtimeMs` back. */
  readonly ctimeMs: number;
  readonly size: number;
  /** Another one after a rename over it. */
  readonly ino: number;
}

export interface FileWatch {
  /**
   * Takes one look. Where the files are not as they were taken last, and stand as at the look before, `read` is awaited;
   * what it resolves with is returned if they still stand the same after it, and counts as taken. Else undefined, and the
   * next looks try again. What `read` rejects with counts as taken too: a damaged file is read once.
   */
  look<T>(read: () => Promise<T>): Promise<T | undefined>;
}

/** @param factsOf null for a file that is not there */
export function createFileWatch(
  files: readonly string[],
  factsOf: (file: string) => Promise<FileFacts | null> = readFacts,
): FileWatch {
  let seen: string | undefined;
  let taken: string | undefined;

  const stateNow = async (): Promise<string> =>
    JSON.stringify(await Promise.all(files.map(factsOf)));

  return {
    async look(read) {
      const state = await stateNow();
      const isStill = state === seen;
      seen = state;
      if (!isStill || state === taken) return undefined;
      try {
        const result = await read();
        seen = await stateNow();
        if (seen !== state) return undefined;
        taken = state;
        return result;
      } catch (error) {
        seen = await stateNow();
        if (seen !== state) return undefined;
        taken = state;
        throw error;
      }
    },
  };
}

async function readFacts(file: string): Promise<FileFacts | null> {
  try {
    const { mtimeMs, ctimeMs, size, ino } = await stat(file);
    return { mtimeMs, ctimeMs, size, ino };
  } catch {
    // Away, or not to be reached: reading it will say why.
    return null;
  }
}
