// Files from Maven Central by a pinned list: fetched in parallel, checked against their SHA-256, renamed into the
// cache only when whole. What is in the cache is checked again on every use; a wrong file is never run.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import * as http from 'node:http';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { ServerError } from './server-error.ts';

export interface PinnedFile {
  /** Path below the repository's root, as Maven lays it out. */
  readonly path: string;
  readonly bytes: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
}

export interface FetchOptions {
  /** Where the repository stands; without a closing slash. */
  readonly from?: string;
  readonly folder?: string;
}

const central = 'https://repo1.maven.org/maven2';
const atOnce = 8;
const attempts = 5;
const timeoutMs = 120_000;

/** Of all that is fetched once, and of what is made of it. */
export const cacheFolder = (): string =>
  process.env['SIGNPOST_CACHE'] ?? join(homedir(), '.cache/signpost');

const cache = (): string => join(cacheFolder(), 'maven');

/** Where a pinned file stands once it was fetched. */
export const cachedPath = (file: PinnedFile): string => join(cache(), file.path);

/**
 * Sees to it that every file is in the cache (`SIGNPOST_CACHE`, else `~/.cache/signpost`) with the pinned bytes.
 * Comes from `SIGNPOST_MAVEN` when set, else from Maven Central.
 * @throws ServerError `checksum-mismatch` or `download-failed`
 */
export async function fetchPinnedFiles(
  files: readonly PinnedFile[],
  options: FetchOptions = {},
): Promise<void> {
  const from = (options.from ?? process.env['SIGNPOST_MAVEN'] ?? central).replace(/\/$/, '');
  const folder = options.folder ?? cache();
  useProxyOfEnvironment();
  const waiting = files.map((file) => ({ file, target: join(folder, file.path) }));
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        if ((await digest(next.target)) === next.file.sha256) continue;
        await fetchOne(`${from}/${next.file.path}`, next.file, next.target);
      }
    }),
  );
}

async function fetchOne(url: string, file: PinnedFile, target: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  // One part file per process: two runs that fill one cache at once never write into each other's.
  const part = `${target}.${process.pid}.part`;
  try {
    await download(url, file, part);
    const found = await digest(part);
    if (found !== file.sha256) {
      throw new ServerError(
        'checksum-mismatch',
        `${url} is not the file that is pinned: its SHA-256 is ${found}, pinned is ${file.sha256}. It was thrown away.`,
      );
    }
    await rename(part, target);
  } finally {
    await rm(part, { force: true });
  }
}

/** Takes the file up again where the connection broke. */
async function download(url: string, file: PinnedFile, part: string): Promise<void> {
  const handle = await open(part, 'w');
  let have = 0;
  let failure: unknown;
  try {
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      if (attempt > 0) await sleep(200 * 2 ** attempt);
      const ending = new AbortController();
      const timer = setTimeout(() => ending.abort(), timeoutMs);
      try {
        const range = have > 0 ? { range: `bytes=${have}-` } : {};
        const response = await fetch(url, { headers: range, signal: ending.signal });
        if (!response.ok || response.body === null) {
          failure = new Error(`HTTP ${response.status}`);
          // The server will say the same again, unless it is overloaded or broken.
          if (response.status < 429) break;
          continue;
        }
        if (response.status !== 206) have = 0;
        for await (const chunk of response.body) {
          have += chunk.length;
          // Wrong already: do not fill the disk with it.
          if (have > file.bytes) break;
          await handle.write(chunk, 0, chunk.length, have - chunk.length);
        }
        if (have === file.bytes) return;
        failure = new Error(`${have} bytes came, ${file.bytes} are pinned`);
        if (have > file.bytes) break;
      } catch (error) {
        failure = error;
      } finally {
        clearTimeout(timer);
        ending.abort();
      }
    }
  } finally {
    await handle.close();
  }
  throw new ServerError(
    'download-failed',
    `${url} could not be fetched (${reason(failure)}). Without a way to Maven Central, name a mirror in SIGNPOST_MAVEN.`,
    failure,
  );
}

function reason(failure: unknown): string {
  if (!(failure instanceof Error)) return String(failure);
  return failure.cause instanceof Error ? failure.cause.message : failure.message;
}

async function digest(path: string): Promise<string | undefined> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  return hash.digest('hex');
}

/** Node reads HTTPS_PROXY and NO_PROXY only when told to; Node before 24.14 has no way to be told so late. */
function useProxyOfEnvironment(): void {
  const { setGlobalProxyFromEnv } = http as { setGlobalProxyFromEnv?: () => void };
  setGlobalProxyFromEnv?.();
}
