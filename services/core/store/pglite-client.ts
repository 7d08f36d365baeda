// A database that another thread hosts, by a message port: any number of threads may hold one each.
import type { MessagePort } from 'node:worker_threads';
import { SignpostError } from '../errors.ts';
import { pgliteQueries, type Answer, type Turn } from './pglite.ts';
import { storeErrorFromData, type FromStore, type ToStore } from './pglite-protocol.ts';
import type { Db } from './postgres.ts';
import { asStoreError } from './store-error.ts';

/**
 * @param port as handed out by `PgliteThread.connect`; closing this client gives back what it holds, and ends it alone
 * @param where the directory, for messages
 * @param whyClosed asked when the port closed: what is refused then; `store-unavailable` by default
 */
export function connectPglite(
  port: MessagePort,
  where: string,
  whyClosed: () => Promise<SignpostError> = async () => closedError(where),
): Db {
  interface Waiting {
    readonly resolve: (answer: Answer | undefined) => void;
    readonly reject: (error: unknown) => void;
  }
  const turns = new Map<number, Waiting>();
  const answers = new Map<number, Waiting>();
  let last = 0;
  let held = 0;
  let closed = false;

  /** Only what is asked or held keeps the process alive. */
  function rest(): void {
    if (turns.size === 0 && answers.size === 0 && held === 0) port.unref();
  }

  function take(waiting: Map<number, Waiting>, id: number): Waiting | undefined {
    const found = waiting.get(id);
    waiting.delete(id);
    return found;
  }

  function ask(
    waiting: Map<number, Waiting>,
    id: number,
    message: ToStore,
  ): Promise<Answer | undefined> {
    if (closed) return whyClosed().then((reason) => Promise.reject(reason));
    return new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject });
      port.ref();
      try {
        port.postMessage(message);
      } catch (error) {
        // A value that no message can carry.
        take(waiting, id)?.reject(error);
        rest();
      }
    });
  }

  port.on('message', (message: FromStore) => {
    if (message.kind === 'given') {
      held += 1;
      take(turns, message.turn)?.resolve(undefined);
    } else {
      const waiting = take(answers, message.id);
      if (message.kind === 'answer') waiting?.resolve(message.answer);
      else waiting?.reject(asStoreError(storeErrorFromData(message.error), where));
    }
    rest();
  });
  port.on('close', () => {
    closed = true;
    void refuseWaiting();
  });
  port.unref();

  async function refuseWaiting(): Promise<void> {
    const reason = await whyClosed();
    for (const waiting of [turns, answers])
      for (const id of waiting.keys()) take(waiting, id)?.reject(reason);
  }

  const query = pgliteQueries({
    async connect(): Promise<Turn> {
      const turn = (last += 1);
      await ask(turns, turn, { kind: 'begin', turn });
      return {
        async query(text, values) {
          const id = (last += 1);
          return (await ask(answers, id, { kind: 'query', turn, id, text, values }))!;
        },
        release() {
          held -= 1;
          if (!closed) port.postMessage({ kind: 'end', turn } satisfies ToStore);
          rest();
        },
      };
    },
  });
  return {
    query,
    where,
    async close() {
      closed = true;
      port.close();
    },
  };
}

export function closedError(where: string): SignpostError {
  return new SignpostError('store-closed', `The database in ${where} was closed`);
}
