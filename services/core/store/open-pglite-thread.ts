// The database of one machine: PGlite in a thread of this process, which other threads share by message ports. What was
// committed survives a crash and a power failure; a second process is refused.
import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads';
import { SignpostError } from '../errors.ts';
import { closedError, connectPglite } from './pglite-client.ts';
import { storeErrorFromData, type StoreThreadNews, type ToStoreThread } from './pglite-protocol.ts';
import type { StoreThreadData } from './pglite-thread.ts';
import type { Db } from './postgres.ts';

export interface PgliteThread {
  /** Usable at once: what is asked before it is open, and its tables up to date, waits. Closing it closes this client alone. */
  readonly db: Db;
  /** Resolves once it is open; see `failed` otherwise. */
  readonly ready: Promise<void>;
  /** A port for another thread: transfer it there and call `connectPglite` with it. */
  connect(): MessagePort;
  /** Waits for the turns that were given or asked for, then lets another process open the directory. Opening is cut off. */
  close(): Promise<void>;
  /**
   * Rejects when it could not be opened (`store-in-use`, `store-damaged`, `store-unwritable`, and those of `migrate`) or ended unasked
   * (`store-ended`); never resolves.
   */
  readonly failed: Promise<never>;
}

/**
 * @param directory made when missing; PostgreSQL's files are in a folder below
 * @param after what has to be done before: opening takes a processor to itself for a while. Its failure is its owner's.
 */
export function openPgliteThread(
  directory: string,
  after: Promise<unknown> = Promise.resolve(),
): PgliteThread {
  let worker: Worker | undefined;
  const orders: [ToStoreThread, MessagePort[]][] = [];
  const order = (message: ToStoreThread, transfer: MessagePort[] = []): void => {
    if (worker === undefined) orders.push([message, transfer]);
    else worker.postMessage(message, transfer);
  };

  let failure: SignpostError | undefined;
  let closing: Promise<void> | undefined;
  let isOpen = false;
  const isReady = Promise.withResolvers<void>();
  const isClosed = Promise.withResolvers<void>();
  const { promise: failed, reject } = Promise.withResolvers<never>();
  failed.catch(() => undefined);
  const fail = (error: Error): void => {
    if (failure !== undefined) return;
    failure = isKnown(error) ? error : endedError(directory, error);
    reject(failure);
  };
  function start(): void {
    // Closed before it began.
    if (closing !== undefined) return;
    const started = startThread(directory);
    started.on('message', (news: StoreThreadNews) => {
      if (news.kind === 'failed') fail(storeErrorFromData(news.error));
      else if (news.kind === 'closed') isClosed.resolve();
      else {
        // From here on only unanswered questions keep the process alive.
        started.unref();
        isOpen = true;
        isReady.resolve();
      }
    });
    started.once('error', fail);
    started.once('exit', (code) => {
      if (closing === undefined) fail(new Error(`exit code ${code}`));
      isClosed.resolve();
    });
    worker = started;
    for (const [message, transfer] of orders.splice(0)) order(message, transfer);
  }
  after.then(start, start);

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
        if (failure === undefined && worker !== undefined) {
          worker.ref();
          if (isOpen) order({ kind: 'close' });
          // Nothing is in it yet, or it was left whole: what opening does is done again the next time.
          else await worker.terminate();
          await isClosed.promise;
        }
        await db.close();
      })();
      return closing;
    },
  };
}

function startThread(directory: string): Worker {
  // Without the flags of this process: a test runner's loaders have no place in there.
  return new Worker(new URL('./pglite-thread.ts', import.meta.url), {
    workerData: { directory } satisfies StoreThreadData,
    execArgv: [],
    name: 'signpost-store',
  });
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
