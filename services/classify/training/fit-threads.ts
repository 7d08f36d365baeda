// Runs fits in threads, as many at a time as there are processors: a fit is minutes of arithmetic on data of its own.
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Fit, FitProblem, Said } from './fit.ts';
import type { FitRunner } from './train.ts';

/** What a thread is given: texts to learn from and, to hear what is then said of them, others. */
export interface FitTask {
  readonly problem: FitProblem;
  readonly texts: Int32Array;
  readonly others: Int32Array | null;
}

/** `most`: how many threads at a time; each needs the memory of a fit. */
export function fitsInThreads(most: number = availableParallelism()): FitRunner {
  let running = 0;
  const waiting: (() => void)[] = [];
  async function inTurn<T>(task: FitTask): Promise<T> {
    if (running >= most) await new Promise<void>((resolve) => waiting.push(resolve));
    running += 1;
    try {
      return await inThread<T>(task);
    } finally {
      running -= 1;
      waiting.shift()?.();
    }
  }
  return {
    learn: (problem, texts) => inTurn<Fit>({ problem, texts, others: null }),
    hear: (problem, texts, others) => inTurn<Said>({ problem, texts, others }),
  };
}

async function inThread<T>(task: FitTask): Promise<T> {
  const worker = new Worker(new URL('./fit-thread.ts', import.meta.url), { workerData: task });
  try {
    return await new Promise<T>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
      worker.once('exit', (code) => reject(new Error(`a fit ended with ${code}`)));
    });
  } finally {
    await worker.terminate();
  }
}
