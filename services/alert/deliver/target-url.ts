// The address of a target: what may stand there, and where requests to it go.

/** Why `text` is no address of a target, or undefined. The sentence never quotes it: it may hold a secret. */
export function urlFlaw(text: string): string | undefined {
  const url = URL.parse(text);
  if (url === null) return 'must be an address like https://host/path';
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return 'must begin with https://';
  if (url.username !== '' || url.password !== '')
    return 'must hold no user or password; name them under basic';
  if (url.hash !== '') return 'must have no part behind #';
  return hostnameOf(url) === '' ? 'must name a host' : undefined;
}

/** For messages: of an address that `urlFlaw` finds nothing wrong with, what is no secret. */
export function hostOf(url: string): string {
  return new URL(url).host;
}

/**
 * As a resolver and TLS take it: without the brackets of IPv6, and without the full stop that says that a name is whole,
 * which no certificate has. Numbers in any form (`2130706433`, `0x7f.1`) are an IPv4 address here already.
 */
export function hostnameOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
}

/** `path` below `base`, which keeps its query. */
export function below(base: string, path: string): string {
  const url = new URL(base);
  url.pathname = `${url.pathname.replace(/\/+$/, '')}${path}`;
  return url.href;
}
