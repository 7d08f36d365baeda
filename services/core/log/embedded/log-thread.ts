// The thread that owns an embedded log's file. Told what to open by its worker data; says when it is ready.
import { parentPort, workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { startLogServer } from './log-server.ts';
import type { LogServer } from './log-server.ts';
import { errorToData } from './sqlite-errors.ts';
import type { ErrorData } from './sqlite-errors.ts';

export type LogThreadData = Omit<Parameters<typeof startLogServer>[0], 'now'>;

export type LogThreadOrder =
  | { readonly kind: 'serve'; readonly port: MessagePort }
  | { readonly kind: 'close' };

export type LogThreadNews =
  | { readonly kind: 'ready' }
  | { readonly kind: 'closed' }
  | { readonly kind: 'failed'; readonly error: ErrorData };

if (parentPort !== null) run(parentPort, workerData as LogThreadData);

function run(owner: MessagePort, data: LogThreadData): void {
  const tell = (news: LogThreadNews): void => owner.postMessage(news);
  let server: LogServer;
  try {
    server = startLogServer({ ...data, now: Date.now });
  } catch (error) {
    tell({ kind: 'failed', error: errorToData(error) });
    owner.close();
    return;
  }
  owner.on('message', (order: LogThreadOrder) => {
    if (order.kind === 'serve') {
      server.serve(order.port);
      return;
    }
    try {
      server.close();
      tell({ kind: 'closed' });
    } catch (error) {
      tell({ kind: 'failed', error: errorToData(error) });
    }
    owner.close();
  });
  tell({ kind: 'ready' });
}
