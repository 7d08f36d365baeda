// Free loopback ports for servers, below the range that systems hand out to outgoing connections.
import { createServer } from 'node:net';

// A killed server's port must still be free when it comes back. In the outgoing range a client that keeps trying to
// reconnect would sooner or later be given that very port, connect to itself and hold it. Linux hands out from 32768.
const lowest = 20_000;
const highest = 31_999;

/** `count` different ports on 127.0.0.1 on which nothing listens now. */
export async function freePorts(
  count: number,
  random: () => number = Math.random,
): Promise<readonly number[]> {
  const found = new Set<number>();
  while (found.size < count) {
    const port = lowest + Math.floor(random() * (highest - lowest + 1));
    if (!found.has(port) && (await isFree(port))) found.add(port);
  }
  return [...found];
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () =>
      server.close(() => resolve(true)),
    );
  });
}
