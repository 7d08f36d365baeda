// An OpenID Connect issuer on the loopback address: discovery, keys that can be changed, tokens, and outages.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWTPayload } from 'jose';

export interface Issuer extends AsyncDisposable {
  readonly url: string;
  /** Signed by the newest key. @param claims laid over the usual ones; undefined leaves one out */
  token(claims?: Record<string, unknown>, header?: Record<string, unknown>): Promise<string>;
  /** From now on tokens are signed by another key. */
  rotate(): Promise<void>;
  /** While true, it answers 500. */
  down: { discovery: boolean; keys: boolean };
  /** What it says of itself in discovery. */
  calls: { issuer?: string };
  /** Requests by path. */
  readonly asked: string[];
  /** A key that it does not publish. */
  readonly foreignKey: CryptoKey;
}

/** @param now seconds since the epoch */
export async function openIssuer(now: () => number): Promise<Issuer> {
  const keys: { kid: string; pair: Awaited<ReturnType<typeof generateKeyPair>> }[] = [];
  const asked: string[] = [];
  const down = { discovery: false, keys: false };
  const calls: { issuer?: string } = {};
  const rotate = async () => {
    keys.push({ kid: `k${keys.length}`, pair: await generateKeyPair('ES256') });
  };
  await rotate();
  const { privateKey: foreignKey } = await generateKeyPair('ES256');

  const server = createServer((request, response) => {
    void (async () => {
      const path = request.url ?? '';
      asked.push(path);
      const isKeys = path === '/keys';
      if (isKeys ? down.keys : down.discovery) return response.writeHead(500).end('{}');
      const body = isKeys
        ? {
            keys: await Promise.all(
              keys.map(async ({ kid, pair }) => ({
                ...(await exportJWK(pair.publicKey)),
                kid,
                alg: 'ES256',
              })),
            ),
          }
        : { issuer: calls.issuer ?? url, jwks_uri: `${url}/keys` };
      return response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify(body));
    })();
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    url,
    asked,
    down,
    calls,
    foreignKey,
    rotate,
    token(claims = {}, header = {}) {
      const { kid, pair } = keys.at(-1)!;
      const usual = { iss: url, aud: 'signpost', sub: 'ann@example.com', role: 'planner' };
      const payload: JWTPayload = { ...usual, iat: now(), exp: now() + 300, ...claims };
      return new SignJWT(payload)
        .setProtectedHeader({ alg: 'ES256', kid, ...header })
        .sign(pair.privateKey);
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
