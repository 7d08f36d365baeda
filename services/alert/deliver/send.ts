// One HTTP request to a target, bounded in time and size: to an address that was judged, TLS verified, no redirect
// followed, no proxy of the environment used. What goes wrong is an answer too; no sentence holds more than the host.
import {
  request as httpRequest,
  type ClientRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import type { Allowance } from './addresses.ts';
import {
  createResolve,
  guardedAddresses,
  type Resolve,
  type ResolvedAddress,
} from './connect-guard.ts';
import { hostnameOf } from './target-url.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PATCH';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface SendPolicy {
  readonly allowed: Allowance;
  /** For the name, the connection and TLS. */
  readonly connectTimeoutMs: number;
  /** For all of it. */
  readonly totalTimeoutMs: number;
  /** Certificates in PEM, trusted in place of the usual ones. */
  readonly ca?: string | undefined;
}

export const sendFailures = [
  'name-not-resolved',
  'address-refused',
  'not-reached',
  'tls-refused',
  'no-answer',
  'broke-off',
  'stopped',
] as const;
export type SendFailure = (typeof sendFailures)[number];

export type Answer =
  | {
      readonly answered: true;
      readonly status: number;
      readonly retryAfter: string | undefined;
      /** As much of it as came in time and within `mostBodyBytes`. */
      readonly body: string;
      readonly isWhole: boolean;
    }
  | { readonly answered: false; readonly failure: SendFailure; readonly detail: string };

export type Send = (
  request: HttpRequest,
  policy: SendPolicy,
  signal: AbortSignal,
) => Promise<Answer>;

export const mostBodyBytes = 65_536;

type Cut = 'connect' | 'total' | 'stopped';

export function createSend(resolve: Resolve = createResolve()): Send {
  return async (request, policy, signal) => {
    const cut = new AbortController();
    const stop = (): void => cut.abort('stopped' satisfies Cut);
    const connecting = setTimeout(
      () => cut.abort('connect' satisfies Cut),
      policy.connectTimeoutMs,
    );
    const all = setTimeout(() => cut.abort('total' satisfies Cut), policy.totalTimeoutMs);
    signal.addEventListener('abort', stop);
    if (signal.aborted) stop();
    try {
      const url = new URL(request.url);
      const guarded = await orCut(
        guardedAddresses(hostnameOf(url), policy.allowed, resolve),
        cut.signal,
      );
      if (!guarded.ok) {
        const detail = `${url.hostname} is at ${guarded.address}, which is ${kindWords[guarded.kind] ?? guarded.kind}`;
        return { answered: false, failure: 'address-refused', detail };
      }
      if (guarded.addresses.length === 0)
        return { answered: false, failure: 'name-not-resolved', detail: 'no address' };
      const parts = { url, request, policy, addresses: guarded.addresses, signal: cut.signal };
      return await exchange(parts, () => clearTimeout(connecting));
    } catch (error) {
      return failureOf(error, cut.signal, policy);
    } finally {
      clearTimeout(connecting);
      clearTimeout(all);
      signal.removeEventListener('abort', stop);
    }
  };
}

const kindWords: Readonly<Record<string, string>> = {
  private: 'a private address',
  loopback: 'this machine itself',
  shared: "a provider's shared address",
  metadata: 'where clouds tell their machines secrets',
};

interface Exchange {
  readonly url: URL;
  readonly request: HttpRequest;
  readonly policy: SendPolicy;
  readonly addresses: readonly ResolvedAddress[];
  readonly signal: AbortSignal;
}

/** @throws what the connection ends with before there is a status */
async function exchange(parts: Exchange, connected: () => void): Promise<Answer> {
  const { url, request, policy, addresses, signal } = parts;
  const isSecure = url.protocol === 'https:';
  const hostname = hostnameOf(url);
  const options: RequestOptions = {
    method: request.method,
    host: hostname,
    port: url.port === '' ? (isSecure ? 443 : 80) : Number(url.port),
    path: `${url.pathname}${url.search}`,
    headers: {
      ...request.headers,
      ...(request.body !== undefined && { 'content-length': Buffer.byteLength(request.body) }),
    },
    // A connection of its own: none is left over that was made by other rules.
    agent: false,
    lookup: pinnedTo(addresses),
    signal,
    maxHeaderSize: 16_384,
  };
  const tls = {
    // Said, since a variable of the environment may turn it off otherwise.
    rejectUnauthorized: true,
    servername: isIP(hostname) === 0 ? hostname : '',
    ...(policy.ca !== undefined && { ca: policy.ca }),
  };
  const outgoing = isSecure ? httpsRequest({ ...options, ...tls }) : httpRequest(options);
  outgoing.once('socket', (socket) =>
    socket.once(isSecure ? 'secureConnect' : 'connect', connected),
  );
  try {
    const response = await responseTo(outgoing, request.body);
    const { body, isWhole } = await readBody(response);
    const retryAfter = response.headers['retry-after'];
    return { answered: true, status: response.statusCode ?? 0, retryAfter, body, isWhole };
  } finally {
    outgoing.destroy();
  }
}

/** Rejects with what the connection ends with before there is a status; later the status is the answer. */
function responseTo(outgoing: ClientRequest, body: string | undefined): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    outgoing.on('error', reject);
    outgoing.once('response', resolve);
    outgoing.end(body);
  });
}

async function readBody(response: IncomingMessage): Promise<{ body: string; isWhole: boolean }> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  let isWhole = true;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > mostBodyBytes) {
        isWhole = false;
        break;
      }
    }
  } catch {
    isWhole = false;
  }
  return { body: Buffer.concat(chunks).subarray(0, mostBodyBytes).toString(), isWhole };
}

/** Answers with what was judged, and asks nobody again. */
function pinnedTo(addresses: readonly ResolvedAddress[]): LookupFunction {
  return (_hostname, { all }, callback) => {
    if (all === true) callback(null, [...addresses]);
    else callback(null, addresses[0]!.address, addresses[0]!.family);
  };
}

async function orCut<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: ended, reject } = Promise.withResolvers<never>();
  const cut = (): void => reject(new Error('Cut off while resolving'));
  signal.addEventListener('abort', cut);
  if (signal.aborted) cut();
  // Nobody waits any more for a name that comes too late.
  work.catch(() => {});
  try {
    return await Promise.race([work, ended]);
  } finally {
    signal.removeEventListener('abort', cut);
  }
}

function failureOf(error: unknown, { aborted, reason }: AbortSignal, policy: SendPolicy): Answer {
  const failed = (failure: SendFailure, detail: string): Answer => ({
    answered: false,
    failure,
    detail,
  });
  if (aborted) {
    if (reason === 'stopped') return failed('stopped', 'stopped before there was an answer');
    return reason === 'connect'
      ? failed('not-reached', `not connected within ${policy.connectTimeoutMs} ms`)
      : failed('no-answer', `no answer within ${policy.totalTimeoutMs} ms`);
  }
  const code = codeOf(error);
  if (/^(?:ENOTFOUND|EAI_[A-Z]+|ENODATA)$/.test(code)) return failed('name-not-resolved', code);
  if (/CERT|^ERR_TLS|^ERR_SSL|^ERR_OSSL|^EPROTO$|SIGNATURE|ISSUER/.test(code))
    return failed('tls-refused', code);
  if (/^(?:ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|EACCES|EPERM|ENETDOWN)$/.test(code))
    return failed('not-reached', code);
  return failed('broke-off', code);
}

/** What a target provokes must not end the loops of others, so that an error without a code is one of the connection too. */
function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  if (!(error instanceof Error)) return 'unknown';
  const { code } = error as NodeJS.ErrnoException;
  return typeof code === 'string' ? code : error.name;
}
