// The thread that hosts a PGlite, so that nobody else stands still while it works. Told what to open by its worker data;
// its tables are up to date before anybody may ask.
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { migrate } from './migrate.ts';
import { storeErrorToData, type StoreThreadNews, type ToStoreThread } from './pglite-protocol.ts';
import { startStoreServer } from './pglite-server.ts';
import { databaseOn } from './pglite.ts';
import { startPglite, type Lite } from './pglite-start.ts';

export interface StoreThreadData {
  readonly directory: string;
}

if (parentPort !== null) run(parentPort, workerData as StoreThreadData);

function run(owner: MessagePort, { directory }: StoreThreadData): void {
  const tell = (news: StoreThreadNews): void => owner.postMessage(news);
  const failed = (error: unknown): void => {
    tell({ kind: 'failed', error: storeErrorToData(error) });
    owner.close();
    setImmediate(() => process.exit());
  };
  const lite = open(directory);
  const server = startStoreServer(lite, failed);
  lite.then(() => tell({ kind: 'ready' }), failed);
  owner.on('message', (order: ToStoreThread) => {
    if (order.kind === 'serve') {
      server.serve(order.port);
      return;
    }
    close().catch(failed);
  });

  async function close(): Promise<void> {
    await server.close();
    tell({ kind: 'closed' });
    owner.close();
    // What PostgreSQL leaves running inside has nothing to do any more.
    setImmediate(() => process.exit());
  }
}

async function open(directory: string): Promise<Lite> {
  const lite = await startPglite(directory, Date.now());
  try {
    await migrate(databaseOn(lite, directory));
  } catch (error) {
    await lite.close();
    throw error;
  }
  return lite;
}
