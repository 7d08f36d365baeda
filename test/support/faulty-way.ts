// The way to an HTTP server, on which requests and answers can be lost, cut, held up or refused. Hosts and signatures stay
// as the client made them.
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Fault =
  /** The connection ends before the server sees the request. */
  | 'lost-request'
  /** The server does what it was asked, and nobody hears of it. */
  | 'lost-answer'
  /** Nothing comes back, and the connection stays. */
  | 'silence'
  /** Half of the answer's body comes, then the connection ends. */
  | 'half-answer'
  /** Half of the answer's body comes, then nothing more, and the connection stays. */
  | 'stalled-answer'
  | { readonly status: number; readonly code: string };

export interface Passing {
  readonly method: string;
  /** With the query. */
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
}

export interface FaultyWay {
  /** Instead of the server's. */
  readonly endpoint: string;
  /** What came by, faults or not. */
  readonly passed: readonly Passing[];
  /** Decides for each request from now on; undefined lets it through. */
  choose(fault: (passing: Passing) => Fault | undefined): void;
  /** The next requests that `of` is true of meet these, one each. */
  meet(faults: readonly Fault[], of?: (passing: Passing) => boolean): void;
  close(): Promise<void>;
}

export async function openFaultyWay(target: string): Promise<FaultyWay> {
  const { hostname, port } = new URL(target);
  const passed: Passing[] = [];
  let choose: (passing: Passing) => Fault | undefined = () => undefined;

  const forward = (from: IncomingMessage, body: Buffer): Promise<[IncomingMessage, Buffer]> =>
    new Promise((resolve, reject) => {
      const { method, url, headers } = from;
      const to = request({ hostname, port, method, path: url, headers, agent: false }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () => resolve([answer, Buffer.concat(chunks)]));
        answer.on('error', reject);
      });
      to.on('error', reject);
      to.end(body);
    });

  const handle = async (from: IncomingMessage, to: ServerResponse): Promise<void> => {
    const { method = '', url = '', headers } = from;
    const passing = { method, url, headers };
    passed.push(passing);
    const fault = choose(passing);
    if (fault === 'lost-request') return void from.socket.destroy();
    if (fault === 'silence') return void from.resume();
    const chunks: Buffer[] = [];
    for await (const chunk of from) chunks.push(chunk as Buffer);
    if (typeof fault === 'object') {
      const body = `<Error><Code>${fault.code}</Code><Message>said</Message></Error>`;
      to.writeHead(fault.status, { 'content-type': 'application/xml' }).end(body);
      return;
    }
    const [answer, body] = await forward(from, Buffer.concat(chunks));
    if (fault === 'lost-answer') return void from.socket.destroy();
    to.writeHead(answer.statusCode!, answer.headers);
    if (fault === undefined) return void to.end(body);
    to.write(body.subarray(0, body.length / 2));
    if (fault === 'half-answer') setTimeout(() => from.socket.destroy(), 50);
  };
  const server = createServer((from, to) => {
    handle(from, to).catch(() => from.socket.destroy());
  });
  server.on('checkContinue', (from: IncomingMessage, to: ServerResponse) => {
    to.writeContinue();
    handle(from, to).catch(() => from.socket.destroy());
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    passed,
    choose(fault) {
      choose = fault;
    },
    meet(faults, of = () => true) {
      const left = [...faults];
      choose = (passing) => (of(passing) ? left.shift() : undefined);
    },
    async close() {
      const closed = new Promise((resolve) => void server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
