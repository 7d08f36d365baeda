// Threads that run until told to stop: whichever ends otherwise is told of, and stopping waits for all of them.
import type { Worker } from 'node:worker_threads';

export interface ThreadGroup {
  /** Rejects when a thread failed, or ended before it was told to; never resolves. */
  readonly failed: Promise<never>;
  /** Sends every thread `message` and waits until all have exited; rejects with what failed meanwhile. */
  stop(message: string): Promise<void>;
}

export function superviseThreads(workers: readonly Worker[]): ThreadGroup {
  let stopping = false;
  const failures: unknown[] = [];
  const { promise: failed, reject } = Promise.withResolvers<never>();
  failed.catch(() => {});
  const fail = (error: unknown): void => {
    failures.push(error);
    reject(error);
  };
  const exits = workers.map(
    (worker) =>
      new Promise<void>((resolve) => {
        let told = false;
        worker.once('error', (error) => {
          told = true;
          fail(error);
        });
        worker.once('exit', (code) => {
          if (!told && (!stopping || code !== 0))
            fail(new Error(`A thread ended before it was told to, with exit code ${code}`));
          resolve();
        });
      }),
  );
  return {
    failed,
    async stop(message) {
      stopping = true;
      const before = failures.length;
      for (const worker of workers) worker.postMessage(message);
      await Promise.all(exits);
      if (failures.length > before) throw failures[before];
    },
  };
}
