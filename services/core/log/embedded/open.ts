// The log of one machine: a file owned by a thread of this process, which other threads and processes can read.
// What was acknowledged survives a crash and a power loss; a second writer is refused.
import { Worker, MessageChannel } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { SignpostError } from '../../errors.ts';
import { closedError } from './caller.ts';
import { connectEmbeddedLog, type EmbeddedClient } from './client.ts';
import type { LogThreadData, LogThreadNews, LogThreadOrder } from './log-thread.ts';
import { errorFromData } from './sqlite-errors.ts';

export interface EmbeddedLogOptions {
  /** The data directory; the log lies in its folder `log`. Created when missing. */
  readonly directory: string;
  /** A group's member that neither asks nor commits for so long loses its partitions. Default 30 s. */
  readonly sessionTimeoutMs?: number;
  /** How often what is past its retention is deleted. Default 1 min. */
  readonly retentionIntervalMs?: number;
  /** How long a sender's id is recognised. Default 90 days. */
  readonly claimRetentionMs?: number;
  /** How long an entity's payloads are kept after its last update. Default 30 days. */
  readonly entityRetentionMs?: number;
  /** The log refuses to grow beyond, as if the disk were full. Default: no limit. */
  readonly maxFileBytes?: number;
}

export interface EmbeddedLog extends EmbeddedClient {
  /** A port for another thread: transfer it there and call `connectEmbeddedLog` with it. */
  connect(): MessagePort;
  /** Rejects with `log-closed` and its cause when the log's thread ended unasked; never resolves. */
  readonly failed: Promise<never>;
  /** Finishes what was asked, folds the write-ahead log into the file and lets another process write. */
  close(): Promise<void>;
}

const SESSION_TIMEOUT_MS = 30_000;
const RETENTION_INTERVAL_MS = 60_000;
const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * Opens a data directory for writing.
 * @throws SignpostError `log-in-use` (naming the process), `newer-format`, `not-a-log`, `log-not-writable`,
 *   `log-corrupt`, `disk-full`.
 */
export async function openEmbeddedLog(options: EmbeddedLogOptions): Promise<EmbeddedLog> {
  const data: LogThreadData = {
    directory: options.directory,
    sessionTimeoutMs: options.sessionTimeoutMs ?? SESSION_TIMEOUT_MS,
    retentionIntervalMs: options.retentionIntervalMs ?? RETENTION_INTERVAL_MS,
    claimRetentionMs: options.claimRetentionMs ?? 90 * DAY_MS,
    entityRetentionMs: options.entityRetentionMs ?? 30 * DAY_MS,
    ...(options.maxFileBytes === undefined ? {} : { maxFileBytes: options.maxFileBytes }),
  };
  // Without the flags of this process: a test runner's loaders have no place in there.
  const worker = new Worker(new URL('./log-thread.ts', import.meta.url), {
    workerData: data,
    execArgv: [],
    // Batches pass through and are garbage at once; a large nursery would only keep more of them around.
    resourceLimits: { maxYoungGenerationSizeMb: 16 },
    name: 'signpost-log',
  });
  const order = (message: LogThreadOrder, transfer: MessagePort[] = []): void =>
    worker.postMessage(message, transfer);

  let failure: SignpostError | undefined;
  let cause: unknown;
  let finished = false;
  let closing: Promise<void> | undefined;
  worker.on('message', ({ kind }: LogThreadNews) => (finished ||= kind === 'closed'));
  worker.once('error', (error) => (cause = error));
  const failed = new Promise<never>((_, reject) => {
    worker.once('exit', (code) => {
      if (finished) return;
      failure = endedError(cause, code);
      reject(failure);
    });
  });
  failed.catch(() => undefined);

  await news(worker, 'ready');
  // From here on only unanswered questions keep the process alive.
  worker.unref();

  /** The port closes before the thread's last words arrive: they are waited for. */
  async function whyClosed(): Promise<SignpostError> {
    if (failure === undefined && closing === undefined) {
      worker.ref();
      await failed.catch(() => undefined);
    }
    return failure ?? closedError();
  }

  function connect(): MessagePort {
    if (failure !== undefined) throw failure;
    if (closing !== undefined) throw closedError();
    const { port1, port2 } = new MessageChannel();
    order({ kind: 'serve', port: port1 }, [port1]);
    return port2;
  }

  const log = connectEmbeddedLog(connect(), whyClosed);
  return {
    ...log,
    connect,
    failed,
    close() {
      closing ??= (async () => {
        // What was acknowledged is on disk; nobody is there to be waited for.
        if (failure !== undefined) return log.close();
        worker.ref();
        const closed = news(worker, 'closed');
        order({ kind: 'close' });
        try {
          await Promise.race([closed, failed]);
        } finally {
          await log.close();
        }
      })();
      return closing;
    },
  };
}

function endedError(cause: unknown, exitCode: number): SignpostError {
  const why = cause instanceof Error ? cause.message : `exit code ${exitCode}`;
  return new SignpostError('log-closed', `The log's thread ended unexpectedly: ${why}`, {
    ...(cause === undefined ? {} : { cause }),
    hint: 'What was acknowledged is on disk; start again. SIGNPOST_DEBUG=1 shows the details.',
  });
}

/** Waits for what the thread says next; @throws what made it fail. */
function news(worker: Worker, expected: LogThreadNews['kind']): Promise<void> {
  return new Promise((resolve, reject) => {
    const heard = (message: LogThreadNews): void => {
      stop();
      if (message.kind === 'failed') reject(errorFromData(message.error));
      else if (message.kind === expected) resolve();
    };
    const failed = (error: Error): void => {
      stop();
      reject(error);
    };
    const ended = (): void => {
      stop();
      reject(new SignpostError('log-closed', "The log's thread ended unexpectedly"));
    };
    const stop = (): void => {
      worker.off('message', heard).off('error', failed).off('exit', ended);
    };
    worker.on('message', heard).on('error', failed).on('exit', ended);
  });
}
