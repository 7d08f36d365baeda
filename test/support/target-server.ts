// A target on this machine: keeps what it is sent, and answers as it is told.
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export interface TargetServer {
  readonly url: string;
  readonly received: Received[];
  /** Takes the place of the answer 200. */
  answer: (response: ServerResponse, received: Received) => void;
  close(): Promise<void>;
}

export async function startTargetServer(): Promise<TargetServer> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const got = {
        method: request.method ?? '',
        path: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(chunks).toString(),
        at: Date.now(),
      };
      received.push(got);
      target.answer(response, got);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const target: TargetServer = {
    url: `http://127.0.0.1:${port}`,
    received,
    answer: (response) => response.end('{}'),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return target;
}

/** A port that nobody listens on. */
export async function deadPort(): Promise<number> {
  const server = await startTargetServer();
  await server.close();
  return Number(new URL(server.url).port);
}
