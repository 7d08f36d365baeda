// The clients of one PGlite, by message ports: who has the turn has the connection to itself. Whatever a client leaves
// behind, a failed statement, an open transaction or its own death in one, is rolled back before the next turn.
import type { MessagePort } from 'node:worker_threads';
import { commandOf } from './pglite.ts';
import { storeErrorToData, type FromStore, type ToStore } from './pglite-protocol.ts';
import type { Lite } from './pglite-start.ts';
import { createTurns } from './turns.ts';

export interface StoreServer {
  serve(port: MessagePort): void;
  /** Waits for the turns that were asked for, then closes the database; later ones are not given. */
  close(): Promise<void>;
}

interface GivenTurn {
  readonly release: () => void;
  /** The statement under way, if any. */
  working: Promise<unknown>;
  isInTransaction: boolean;
}

/** @param lite once it is open; until then clients wait. @param onBroken told when it can be used no more */
export function startStoreServer(
  lite: Promise<Lite>,
  onBroken: (error: unknown) => void,
): StoreServer {
  const turns = createTurns();
  let closing: Promise<void> | undefined;

  function serve(port: MessagePort): void {
    const given = new Map<number, GivenTurn>();
    let gone = false;
    const tell = (message: FromStore): void => port.postMessage(message);

    async function begin(turn: number): Promise<void> {
      const release = await turns.next();
      if (gone) return release();
      given.set(turn, { release, working: Promise.resolve(), isInTransaction: false });
      tell({ kind: 'given', turn });
    }

    async function query({
      turn,
      id,
      text,
      values,
    }: Extract<ToStore, { kind: 'query' }>): Promise<void> {
      const holder = given.get(turn);
      if (holder === undefined) return;
      const command = commandOf(text);
      if (command === 'BEGIN' || command === 'START') holder.isInTransaction = true;
      try {
        const working = lite.then((open) => open.query(text, values));
        holder.working = working;
        const answer = await working;
        if (command === 'COMMIT' || command === 'ROLLBACK') holder.isInTransaction = false;
        tell({ kind: 'answer', id, answer });
      } catch (error) {
        tell({ kind: 'error', id, error: storeErrorToData(error) });
        if (isFatal(error)) onBroken(error);
      }
    }

    async function end(turn: number): Promise<void> {
      const holder = given.get(turn);
      if (holder === undefined) return;
      given.delete(turn);
      await holder.working.catch(() => undefined);
      try {
        if (holder.isInTransaction) await (await lite).query('ROLLBACK', []);
      } catch (error) {
        onBroken(error);
      }
      holder.release();
    }

    port.on('message', (message: ToStore) => {
      if (message.kind === 'begin') void begin(message.turn);
      else if (message.kind === 'query') void query(message);
      else void end(message.turn);
    });
    port.on('close', () => {
      gone = true;
      for (const turn of given.keys()) void end(turn);
    });
  }

  return {
    serve,
    close: () =>
      (closing ??= (async () => {
        await turns.next();
        await (await lite).close();
      })()),
  };
}

/** What PostgreSQL answers has a severity; when WebAssembly itself gives up, nothing can be asked any more. */
function isFatal(error: unknown): boolean {
  return (
    error instanceof Error &&
    (error.name === 'RuntimeError' ||
      error.name === 'ExitStatus' ||
      error.message === 'PGlite is closed')
  );
}
