// Group commit: requests that arrive together are written in one append. A request is acknowledged only after the append
// that holds all its records has resolved, and its records are never split over two. Nobody queues behind one that is late.
import { SignpostError } from '#core/errors.ts';
import type { OutgoingRecord } from '#core/log/port.ts';

const maxBatchRecords = 1000;
const maxBatchBytes = 1024 * 1024;

interface Waiting {
  readonly records: readonly OutgoingRecord[];
  readonly bytes: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export interface Batcher {
  /**
   * Resolves once the records are durable; rejects with the append's error, or with `log-unavailable` when the append
   * before has taken `patienceMs`, and then none of them was written.
   */
  submit(records: readonly OutgoingRecord[]): Promise<void>;
  /** An append has taken longer than `patienceMs` and goes on: who comes now would wait in vain. */
  stalled(): boolean;
  /** Resolves when nothing waits or is being written. */
  drained(): Promise<void>;
}

/**
 * One append at a time: what arrives meanwhile forms the next batch, so batches grow with the load. A first request
 * waits `lingerMs` for company. A batch closes at 1,000 records or 1 MiB, but a larger single request stays whole.
 * When an append takes `patienceMs`, all that wait behind it are told, and so is who comes before it ends. Those in it
 * wait on: told to come again, they would be written again, and a log that is slow would never get anywhere.
 */
export function createBatcher(
  append: (records: readonly OutgoingRecord[]) => Promise<unknown>,
  { lingerMs, patienceMs }: { readonly lingerMs: number; readonly patienceMs: number },
): Batcher {
  let queue: Waiting[] = [];
  let queuedRecords = 0;
  let queuedBytes = 0;
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> | undefined;
  let stalled = false;

  function full(): boolean {
    return queuedRecords >= maxBatchRecords || queuedBytes >= maxBatchBytes;
  }

  function schedule(): void {
    if (writing !== undefined || queue.length === 0) return;
    if (full()) start();
    else timer ??= setTimeout(start, lingerMs);
  }

  function start(): void {
    clearTimeout(timer);
    timer = undefined;
    if (writing !== undefined) return;
    writing = write().finally(() => {
      writing = undefined;
      // Whoever came during the append has waited long enough.
      if (queue.length > 0) start();
    });
  }

  async function write(): Promise<void> {
    const batch = takeBatch();
    const patience = setTimeout(giveUp, patienceMs);
    try {
      await append(batch.flatMap(({ records }) => records));
      for (const { resolve } of batch) resolve();
    } catch (error) {
      for (const { reject } of batch) reject(error);
    } finally {
      clearTimeout(patience);
      stalled = false;
    }
  }

  function giveUp(): void {
    stalled = true;
    for (const { reject } of queue) reject(noAnswer(patienceMs));
    queue = [];
    queuedRecords = queuedBytes = 0;
  }

  function takeBatch(): Waiting[] {
    let count = 0;
    let records = 0;
    let bytes = 0;
    for (const waiting of queue) {
      const fits =
        records + waiting.records.length <= maxBatchRecords &&
        bytes + waiting.bytes <= maxBatchBytes;
      if (count > 0 && !fits) break;
      count += 1;
      records += waiting.records.length;
      bytes += waiting.bytes;
    }
    const batch = queue.slice(0, count);
    queue = queue.slice(count);
    queuedRecords -= records;
    queuedBytes -= bytes;
    return batch;
  }

  return {
    submit(records) {
      if (stalled) return Promise.reject(noAnswer(patienceMs));
      const bytes = records.reduce((sum, { value }) => sum + (value?.length ?? 0), 0);
      return new Promise((resolve, reject) => {
        queue.push({ records, bytes, resolve, reject });
        queuedRecords += records.length;
        queuedBytes += bytes;
        schedule();
      });
    },
    stalled: () => stalled,
    async drained() {
      while (writing !== undefined || queue.length > 0) {
        start();
        await writing;
      }
    },
  };
}

function noAnswer(patienceMs: number): SignpostError {
  return new SignpostError('log-unavailable', `The log has not answered for ${patienceMs} ms`);
}
