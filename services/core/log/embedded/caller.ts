// Questions to the log's thread and their answers. Whatever is pending when the thread ends is refused, never forgotten.
import type { MessagePort } from 'node:worker_threads';
import { SignpostError } from '../../errors.ts';
import type { Operation, Reply, Requests } from './protocol.ts';
import { errorFromData } from './sqlite-errors.ts';

export interface Call<Op extends Operation> {
  readonly id: number;
  readonly answer: Promise<Requests[Op]['answer']>;
}

export interface Caller {
  call<Op extends Operation>(
    op: Op,
    ask: Requests[Op]['ask'],
    transfer?: readonly ArrayBuffer[],
  ): Call<Op>;
  close(): void;
}

/** @param whyClosed asked when the port closed: what pending and later questions are refused with. */
export function createCaller(
  port: MessagePort,
  whyClosed: () => Promise<SignpostError> = async () => closedError(),
): Caller {
  const pending = new Map<
    number,
    { resolve: (answer: never) => void; reject: (error: Error) => void }
  >();
  let lastId = 0;
  let closed = false;

  function settled(
    id: number,
  ): { resolve: (answer: never) => void; reject: (error: Error) => void } | undefined {
    const waiting = pending.get(id);
    pending.delete(id);
    // Only an unanswered question keeps the process alive.
    if (pending.size === 0) port.unref();
    return waiting;
  }

  port.on('message', (reply: Reply) => {
    const waiting = settled(reply.id);
    if ('error' in reply) waiting?.reject(errorFromData(reply.error));
    else waiting?.resolve(reply.answer as never);
  });
  port.on('close', () => {
    closed = true;
    void refusePending();
  });
  port.unref();

  async function refusePending(): Promise<void> {
    const reason = await whyClosed();
    for (const id of pending.keys()) settled(id)?.reject(reason);
  }

  async function refused(): Promise<never> {
    throw await whyClosed();
  }

  return {
    call(op, ask, transfer = []) {
      const id = (lastId += 1);
      if (closed) return { id, answer: refused() };
      const answer = new Promise<never>((resolve, reject) => pending.set(id, { resolve, reject }));
      port.ref();
      try {
        port.postMessage({ id, op, ask }, [...transfer]);
      } catch (error) {
        settled(id)?.reject(error as Error);
      }
      return { id, answer };
    },
    close() {
      closed = true;
      port.close();
    },
  };
}

/** The refusal after a close that was asked for. */
export function closedError(): SignpostError {
  return new SignpostError('log-closed', 'The log was closed');
}
