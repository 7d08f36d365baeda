// A thread that begins a transaction, writes a row in it, says so, and waits to be ended in the middle.
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { sql } from 'kysely';
import { connectPglite } from '../../services/core/store/pglite-client.ts';

const db = connectPglite((workerData as { port: MessagePort }).port, 'the store');
await db.query.transaction().execute(async (tx) => {
  await sql`INSERT INTO things VALUES (666)`.execute(tx);
  parentPort!.postMessage('written');
  await new Promise(() => setInterval(() => {}, 1000));
});
