// Erasures of one process: while somebody is to be erased, a thread of its own makes a pass every few minutes; otherwise
// nothing runs.
import { setTimeout as pause } from 'node:timers/promises';
import { Worker, type MessagePort } from 'node:worker_threads';
import type { EmbeddedLog } from '#core/log/embedded/open.ts';
import type { Logger } from '#core/logger.ts';
import { createLiveErasures } from '../../archive/live-erasures.ts';
import { openArchive } from '../archive/open-archive.ts';
import type { Config } from '../config.ts';
import type { EraseThreadData } from './erase-thread.ts';

export interface EraserParts {
  /** The data directory, whose log and database this process has open. */
  readonly directory: string;
  readonly config: Config;
  readonly log: Pick<EmbeddedLog, 'connect'>;
  readonly store: { connect(): MessagePort };
  readonly logger: Logger;
  /** How often it is looked whether somebody is to be erased, and how long a pass rests. */
  readonly lookMs?: number;
  readonly restMs?: number;
}

/** Until `signal` aborts. What fails outside is logged and tried again. @throws bugs alone */
export async function keepErasingHere(
  { directory, config, log, store, logger, lookMs = 15_000, restMs = 120_000 }: EraserParts,
  signal: AbortSignal,
): Promise<void> {
  const erased = createLiveErasures({
    open: () => openArchive({ kind: 'embedded', directory }, config),
    logger,
    clock: () => performance.now(),
    everyMs: lookMs / 2,
  });
  while (!signal.aborted) {
    const isOpen = erased().erasures.some(({ doneAt }) => doneAt === null);
    if (isOpen)
      await pass({ directory, config, log: log.connect(), store: store.connect() }, signal);
    await pause(isOpen ? restMs : lookMs, undefined, { signal, ref: false }).catch(() => {});
  }
}

async function pass(data: EraseThreadData, signal: AbortSignal): Promise<void> {
  const worker = new Worker(new URL('./erase-thread.ts', import.meta.url), {
    workerData: data,
    transferList: [data.log, data.store],
    name: 'signpost-erase',
  });
  const stop = (): void => worker.postMessage('stop');
  signal.addEventListener('abort', stop, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      worker.once('error', reject);
      worker.once('exit', () => resolve());
    });
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
