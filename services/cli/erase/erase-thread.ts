// A thread that makes one pass of the erasures of one process, on the log and the database that other threads host.
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { connectEmbeddedLog } from '#core/log/embedded/client.ts';
import { SignpostError } from '#core/errors.ts';
import { createLogger } from '#core/logger.ts';
import { connectPglite } from '#core/store/pglite-client.ts';
import { openArchive } from '../archive/open-archive.ts';
import type { Config } from '../config.ts';
import { storeDirectory } from '../store-place.ts';
import { erasePass } from './erase-pass.ts';
import { passLogOf, passPartsOf } from './open-places.ts';
import { knownKeys } from './who.ts';

export interface EraseThreadData {
  readonly log: MessagePort;
  readonly store: MessagePort;
  /** The data directory. */
  readonly directory: string;
  readonly config: Config;
}

const data = workerData as EraseThreadData;
const { directory, config } = data;
const stop = new AbortController();
parentPort!.on('message', () => stop.abort());

const logger = createLogger('erase', config.logLevel);
const log = connectEmbeddedLog(data.log);
const db = connectPglite(data.store, storeDirectory(directory));
try {
  const at = { kind: 'embedded', directory } as const;
  const objects = await openArchive(at, config, { signal: stop.signal });
  try {
    await erasePass({
      ...passPartsOf(config, { objects, keys: knownKeys(at, config), signal: stop.signal }),
      db,
      isOwnDb: true,
      log: await passLogOf(directory, config, log),
      entities: log,
      forget: () => log.forget(),
    });
  } finally {
    await objects.close();
  }
} catch (error) {
  // What was cut off is done by the next pass; bugs end the process.
  if (!stop.signal.aborted && !(error instanceof SignpostError)) throw error;
  if (error instanceof SignpostError)
    logger.warn({ code: error.code }, `Erasures go on later: ${error.message}`);
} finally {
  await db.close();
  await log.close();
  parentPort!.close();
}
