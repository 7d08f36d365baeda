// One request to a target on this machine: bounded in time and size, to the address that was judged, no redirect followed.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createTlsServer } from 'node:https';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createResolve, type Resolve } from '../../services/alert/deliver/connect-guard.ts';
import {
  createSend,
  mostBodyBytes,
  type Answer,
  type SendPolicy,
} from '../../services/alert/deliver/send.ts';
import { deadPort, startTargetServer, type TargetServer } from '../support/target-server.ts';

const here: SendPolicy = {
  allowed: { privateNetworks: true, ranges: [] },
  connectTimeoutMs: 1000,
  totalTimeoutMs: 1000,
};
const strict = { ...here, allowed: { privateNetworks: false, ranges: [] } };
const never = new AbortController().signal;
const loopback: Resolve = async () => [{ address: '127.0.0.1', family: 4 }];

let target: TargetServer;
const servers: Server[] = [];
beforeEach(async () => {
  target = await startTargetServer();
});
afterEach(async () => {
  await target.close();
  for (const server of servers.splice(0)) server.close();
});

function post(
  url: string,
  policy: SendPolicy = here,
  resolve: Resolve = loopback,
  signal: AbortSignal = never,
): Promise<Answer> {
  const headers = { 'content-type': 'application/json', 'x-told': 'yes' };
  return createSend(resolve)({ method: 'POST', url, headers, body: '{"ä":1}' }, policy, signal);
}

/** A server that does with each connection what it is told. */
async function rawServer(onConnection: (socket: Socket) => void) {
  const server = createServer(onConnection);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

describe('a request', () => {
  it('arrives whole, and its answer comes back', async () => {
    target.answer = (response) => response.writeHead(202, { 'retry-after': '7' }).end('taken');
    const answer = await post(`${target.url}/a/b?c=d`);
    expect(answer).toEqual({
      answered: true,
      status: 202,
      retryAfter: '7',
      body: 'taken',
      isWhole: true,
    });
    expect(target.received).toMatchObject([
      {
        method: 'POST',
        path: '/a/b?c=d',
        body: '{"ä":1}',
        headers: { 'content-length': '8', 'x-told': 'yes', connection: 'close' },
      },
    ]);
  });

  it('names the host as the target does, though it goes to an address', async () => {
    const port = new URL(target.url).port;
    await post(`http://noc.example:${port}/`);
    expect(target.received[0]?.headers.host).toBe(`noc.example:${port}`);
  });

  it('is not sent to this machine unless that is allowed', async () => {
    expect(await post(target.url, strict)).toMatchObject({
      answered: false,
      failure: 'address-refused',
      detail: '127.0.0.1 is at 127.0.0.1, which is this machine itself',
    });
    expect(target.received).toEqual([]);
  });

  it('to a name of this machine is not sent either, by whatever resolves it', async () => {
    const { port } = new URL(target.url);
    const answer = await post(`http://localhost:${port}/`, strict, createResolve());
    expect(answer).toMatchObject({ failure: 'address-refused' });
    expect(target.received).toEqual([]);
  });

  it('goes to the address that was judged, though the name leads elsewhere a moment later', async () => {
    const answers = ['127.0.0.1', '10.0.0.1'];
    const asked: string[] = [];
    const rebinding: Resolve = async (hostname) => {
      asked.push(hostname);
      return [{ address: answers[asked.length - 1] ?? '10.0.0.2', family: 4 }];
    };
    const onlyHere = { ...here, allowed: { privateNetworks: false, ranges: ['127.0.0.0/8'] } };
    const url = `http://rebinding.example:${new URL(target.url).port}/`;
    expect(await post(url, onlyHere, rebinding)).toMatchObject({ status: 200 });
    expect(asked).toEqual(['rebinding.example']);
    expect(await post(url, onlyHere, rebinding)).toMatchObject({ failure: 'address-refused' });
    expect(target.received).toHaveLength(1);
  });

  it('follows no redirect', async () => {
    const other = await startTargetServer();
    target.answer = (response) => response.writeHead(307, { location: other.url }).end();
    expect(await post(target.url)).toMatchObject({ answered: true, status: 307 });
    expect(other.received).toEqual([]);
    await other.close();
  });

  it('of which the answer is longer than bearable is cut, its status counts', async () => {
    target.answer = (response) => {
      response.writeHead(200);
      const more = (): void => {
        while (!response.destroyed && response.write('x'.repeat(10_000)));
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    };
    const answer = await post(target.url);
    expect(answer).toMatchObject({ status: 200, isWhole: false });
    expect(answer.answered && answer.body.length).toBe(mostBodyBytes);
  });

  it('of which the answer trickles ends in time, its status counts', async () => {
    target.answer = (response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write('.'), 20);
      response.on('close', () => clearInterval(timer));
    };
    const begun = performance.now();
    const answer = await post(target.url, { ...here, totalTimeoutMs: 300 });
    expect(answer).toMatchObject({ status: 200, isWhole: false });
    expect(performance.now() - begun).toBeLessThan(900);
  });

  it('of which the head trickles is no answer', async () => {
    const url = await rawServer((socket) => {
      socket.on('error', () => {});
      socket.write('HTTP/1.1 200 OK\r\nx-slow: ');
      const timer = setInterval(() => socket.write('.'), 20);
      socket.on('close', () => clearInterval(timer));
    });
    expect(await post(url, { ...here, totalTimeoutMs: 300 })).toEqual({
      answered: false,
      failure: 'no-answer',
      detail: 'no answer within 300 ms',
    });
  });

  it('of which the head never ends is broken off', async () => {
    const url = await rawServer((socket) => {
      socket.on('error', () => {});
      socket.write(`HTTP/1.1 200 OK\r\nx-long: ${'a'.repeat(40_000)}`);
    });
    expect(await post(url)).toMatchObject({ answered: false, failure: 'broke-off' });
  });

  it.each([
    ['says nothing and hangs up', (socket: Socket) => socket.destroy()],
    ['speaks no HTTP', (socket: Socket) => socket.end('220 mail ready\r\n')],
  ])('to a server that %s is broken off', async (_, onConnection) => {
    const url = await rawServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => onConnection(socket));
    });
    expect(await post(url)).toMatchObject({ answered: false, failure: 'broke-off' });
  });

  it('to nobody is not reached', async () => {
    expect(await post(`http://127.0.0.1:${await deadPort()}/`)).toEqual({
      answered: false,
      failure: 'not-reached',
      detail: 'ECONNREFUSED',
    });
  });

  it('to a name that nobody knows, or that takes too long to find, is not sent', async () => {
    const unknown: Resolve = () =>
      Promise.reject(Object.assign(new Error('none'), { code: 'ENOTFOUND' }));
    expect(await post('http://noc.example/', here, unknown)).toMatchObject({
      failure: 'name-not-resolved',
      detail: 'ENOTFOUND',
    });
    expect(await post('http://noc.example/', here, async () => [])).toMatchObject({
      failure: 'name-not-resolved',
    });
    const hanging: Resolve = () => new Promise(() => {});
    const hurried = { ...here, connectTimeoutMs: 100 };
    expect(await post('http://noc.example/', hurried, hanging)).toMatchObject({
      failure: 'not-reached',
      detail: 'not connected within 100 ms',
    });
  });

  it('is given up when it is told to stop', async () => {
    target.answer = () => {};
    const stopping = new AbortController();
    setTimeout(() => stopping.abort(), 50);
    expect(await post(target.url, here, loopback, stopping.signal)).toMatchObject({
      failure: 'stopped',
    });
    expect(await post(target.url, here, loopback, stopping.signal)).toMatchObject({
      failure: 'stopped',
    });
    expect(target.received).toHaveLength(1);
  });
});

describe('TLS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'signpost-tls-'));
  const file = (name: string): string => join(folder, name);
  let port: number;
  let ca: string;
  const server = { close: (): void => {} };

  beforeAll(async () => {
    const subject = ['-subj', '/CN=noc.example', '-addext', 'subjectAltName=DNS:noc.example'];
    const made = ['-keyout', file('key.pem'), '-out', file('cert.pem'), '-days', '2'];
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    execFileSync('openssl', ['req', '-x509', ...key, ...made, ...subject], { stdio: 'ignore' });
    ca = readFileSync(file('cert.pem'), 'utf8');
    const tls = createTlsServer({ key: readFileSync(file('key.pem')), cert: ca }, (_, response) =>
      response.end('{}'),
    );
    await new Promise<void>((resolve) => tls.listen(0, '127.0.0.1', resolve));
    ({ port } = tls.address() as AddressInfo);
    server.close = () => tls.close();
  });
  afterAll(() => {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is verified by the name, against the certificates of the target', async () => {
    expect(await post(`https://noc.example:${port}/`, { ...here, ca })).toMatchObject({
      status: 200,
    });
    expect(await post(`https://noc.example.:${port}/`, { ...here, ca })).toMatchObject({
      status: 200,
    });
  });

  it('refuses who is not known, whatever the environment says, and who has another name', async () => {
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    try {
      expect(await post(`https://noc.example:${port}/`)).toMatchObject({
        failure: 'tls-refused',
        detail: 'DEPTH_ZERO_SELF_SIGNED_CERT',
      });
    } finally {
      delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    }
    expect(await post(`https://other.example:${port}/`, { ...here, ca })).toMatchObject({
      failure: 'tls-refused',
      detail: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
  });
});
