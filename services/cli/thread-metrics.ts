// Metrics of a thread, by asking it; none of one that has ended.
import type { Worker } from 'node:worker_threads';
import type { MetricObject } from 'prom-client';
import type { ToStageThread } from './stage-thread.ts';

export function metricsOf(worker: Worker): Promise<readonly MetricObject[]> {
  return new Promise((resolve) => {
    const done = (metrics: readonly MetricObject[]): void => {
      worker.off('message', onMessage);
      worker.off('exit', onExit);
      resolve(metrics);
    };
    const onMessage = (message: { metrics?: readonly MetricObject[] }): void => {
      if (message.metrics !== undefined) done(message.metrics);
    };
    const onExit = (): void => done([]);
    worker.on('message', onMessage);
    worker.once('exit', onExit);
    if (worker.threadId === -1) done([]);
    else worker.postMessage('metrics' satisfies ToStageThread);
  });
}
