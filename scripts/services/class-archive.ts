// What a JVM has made of a program's classes by the time it serves, kept in the cache beside the jars: a start from it
// takes 60 % of the processor time. It only saves work, so what is wrong with it costs time and nothing else: Java takes
// no archive of another Java or of other jars.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, realpathSync, renameSync, rmSync, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { javaProgram } from './java.ts';
import { cacheFolder, cachedPath, type PinnedFile } from './pinned-files.ts';

export interface ClassArchive {
  /** For a JVM that has the jars as its class path; none when there is no archive. */
  flags(): readonly string[];
  /** Makes it unless it is there: `train` runs the program with the flags it is given, to a clean end. */
  make(train: (flags: readonly string[]) => Promise<void>): Promise<void>;
}

/** Dumping, Java warns of every class that cannot be kept. */
const quiet = '-Xlog:cds*=off';

/** @param jars all of them fetched */
export function classArchive(name: string, jars: readonly PinnedFile[]): ClassArchive {
  const java = javaFile();
  // Java cannot be asked which it is without starting it; a new one is a new file.
  const known = [java ?? '', ...jars.map(cachedPath)].map(stampOf).join('\n');
  const hash = createHash('sha256').update(known).digest('hex').slice(0, 16);
  const folder = join(cacheFolder(), 'classes');
  const path = join(folder, `${name}-${hash}.jsa`);
  return {
    flags: () => (existsSync(path) ? [`-XX:SharedArchiveFile=${path}`, quiet] : []),
    async make(train) {
      if (java === undefined || existsSync(path)) return;
      mkdirSync(folder, { recursive: true });
      const draft = `${path}.${process.pid}.unfinished`;
      try {
        await train([`-XX:ArchiveClassesAtExit=${draft}`, quiet]);
        if (existsSync(draft)) renameSync(draft, path);
      } finally {
        rmSync(draft, { force: true });
      }
    },
  };
}

function javaFile(): string | undefined {
  const program = javaProgram('java');
  const places = isAbsolute(program)
    ? [program]
    : (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, program));
  const found = places.find((place) => existsSync(place));
  return found === undefined ? undefined : realpathSync(found);
}

function stampOf(path: string): string {
  const stats = statSync(path, { throwIfNoEntry: false });
  return `${path} ${stats?.size} ${stats?.mtimeMs}`;
}
