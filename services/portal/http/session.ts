// The pages' way to stay logged in: a cookie that no script reads and no other site sends.
import type { IncomingHttpHeaders } from 'node:http';
import { Problem } from '#core/http/problem.ts';

const cookieName = 'signpost';

/** The key or token of a session; undefined for none. */
export function sessionToken(headers: IncomingHttpHeaders): string | undefined {
  const pairs = (headers.cookie ?? '').split(';').map((pair) => pair.trim());
  const token = pairs
    .find((pair) => pair.startsWith(`${cookieName}=`))
    ?.slice(cookieName.length + 1);
  return token === '' ? undefined : token;
}

/**
 * The `Set-Cookie` that keeps `token`. It holds the key itself, so that any copy of the service knows it and a revoked
 * key ends its sessions at once.
 */
export function keepToken(token: string, hours: number, secure: boolean): string {
  return cookieOf(token, Math.round(hours * 3600), secure);
}

export function dropToken(secure: boolean): string {
  return cookieOf('', 0, secure);
}

/** Keys and tokens, once they are known to be such, have no character that a cookie may not have (RFC 6265, 4.1.1). */
function cookieOf(value: string, maxAgeSeconds: number, secure: boolean): string {
  const attributes = `Max-Age=${maxAgeSeconds}; Path=/; HttpOnly; SameSite=Strict`;
  return `${cookieName}=${value}; ${attributes}${secure ? '; Secure' : ''}`;
}

/** Whether the browser came by https; behind a proxy that ends TLS, as the proxy says. */
export function isHttps(protocol: string, headers: IncomingHttpHeaders): boolean {
  const forwarded = headers['x-forwarded-proto'];
  return protocol === 'https' || (typeof forwarded === 'string' && /^https\b/i.test(forwarded));
}

/**
 * Refuses what another site's page may have sent. Browsers say where a request comes from in headers that no page can
 * set: https://www.w3.org/TR/fetch-metadata/ and RFC 6454.
 * @param proof whether silence is refused too; programs, which send no cookies, say neither
 * @throws Problem 403 `cross-site`.
 */
export function checkSameOrigin(headers: IncomingHttpHeaders, proof: boolean): void {
  const { 'sec-fetch-site': site, origin, host } = headers;
  if (site === undefined && origin === undefined && !proof) return;
  if (
    site === undefined
      ? hostOf(origin) === host?.toLowerCase() && host !== undefined
      : site === 'same-origin'
  )
    return;
  throw new Problem(
    403,
    'cross-site',
    'With a session, this is taken from the pages of this server alone.',
    {
      hint: 'Programs send the key as "Authorization: Bearer sp_..." and no cookie.',
    },
  );
}

function hostOf(origin: string | undefined): string | undefined {
  return origin !== undefined && URL.canParse(origin) ? new URL(origin).host : undefined;
}
