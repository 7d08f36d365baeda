// The database of one machine: PGlite in a thread of this process, which other threads share by message ports. What was
// committed survives a crash and a power failure; a second process is refused.
import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads';
import { SignpostError } from '../errors.ts';
import { closedError, connectPglite } from './pglite-client.ts';
import { storeErrorFromData, type StoreThreadNews, type ToStoreThread } from './pglite-protocol.ts';
import type { StoreThreadData } from './pglite-thread.ts';
import type { Db } from './postgres.ts';

export interface PgliteThread {
  /** Usable at once: what is asked before it is open waits. Closing it closes this client alone. */
  readonly db: Db;
  /** Resolves once it is open; see `failed` otherwise. */
  readonly ready: Promise<void>;
  /** A port for another thread: transfer it there and call `connectPglite` with it. */
  connect(): MessagePort;
  /** Waits for the turns that were asked for, then ends and lets another process open the directory. */
  close(): Promise<void>;
  /**
   * Rejects when it could not be opened (`store-in-use`, `store-damaged`, `store-unwritable`) or ended unasked
   * (`store-ended`); never resolves.
   */
  readonly failed: Promise<never>;
}

/** @param directory made when missing; PostgreSQL's files are in a folder below */
export function openPgliteThread(directory: string): PgliteThread {
  // Without the flags of this process: a test runner's loaders have no place in there.
  const worker = new Worker(new URL('./pglite-thread.ts', import.meta.url), {
    workerData: { directory } satisfies StoreThreadData,
    execArgv: [],
    name: 'signpost-store',
  });
  const order = (message: ToStoreThread, transfer: MessagePort[] = []): void =>
    worker.postMessage(message, transfer);

  let failure: SignpostError | undefined;
  let closing: Promise<void> | undefined;
  const isReady = Promise.withResolvers<void>();
  const isClosed = Promise.withResolvers<void>();
  const { promise: failed, reject } = Promise.withResolvers<never>();
  failed.catch(() => undefined);
  const fail = (error: Error): void => {
    if (failure !== undefined) return;
    failure = isKnown(error) ? error : endedError(directory, error);
    reject(failure);
  };
  worker.on('message', (news: StoreThreadNews) => {
    if (news.kind === 'failed') fail(storeErrorFromData(news.error));
    else if (news.kind === 'closed') isClosed.resolve();
    else {
      // From here on only unanswered questions keep the process alive.
      worker.unref();
      isReady.resolve();
    }
  });
  worker.once('error', fail);
  worker.once('exit', (code) => {
    if (closing === undefined) fail(new Error(`exit code ${code}`));
    isClosed.resolve();
  });

  /** The port closes before the thread's last words arrive: they are waited for. */
  async function whyClosed(): Promise<SignpostError> {
    if (failure === undefined && closing === undefined) await failed.catch(() => undefined);
    return failure ?? closedError(directory);
  }

  function connect(): MessagePort {
    if (failure !== undefined) throw failure;
    if (closing !== undefined) throw closedError(directory);
    const { port1, port2 } = new MessageChannel();
    order({ kind: 'serve', port: port1 }, [port1]);
    return port2;
  }

  const db = connectPglite(connect(), directory, whyClosed);
  const ready = Promise.race([isReady.promise, failed]);
  ready.catch(() => undefined);
  return {
    db,
    ready,
    connect,
    failed,
    close() {
      closing ??= (async () => {
        if (failure === undefined) {
          worker.ref();
          order({ kind: 'close' });
          await isClosed.promise;
        }
        await db.close();
      })();
      return closing;
    },
  };
}

function isKnown(error: Error): error is SignpostError {
  return error instanceof SignpostError;
}

function endedError(directory: string, cause: Error): SignpostError {
  return new SignpostError(
    'store-ended',
    `The database in ${directory} ended unexpectedly: ${cause.message}`,
    {
      cause,
      hint: 'What was committed is on disk: free some space on its disk if that is full, and start again. SIGNPOST_DEBUG=1 shows the details.',
    },
  );
}
