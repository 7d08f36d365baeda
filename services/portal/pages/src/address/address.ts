// What a page's address says: which page, and what is asked of it. Pure; everything a reader may want to share is here.

/** What follows the reader from page to page. */
export const globalNames = ['last', 'from', 'to', 'place', 'department'] as const;

export interface Address {
  readonly path: string;
  readonly query: URLSearchParams;
}

/** Null or empty takes a name away. */
export type Changes = Readonly<Record<string, string | null>>;

export function parseAddress(location: { pathname: string; search: string }): Address {
  const path = location.pathname.replace(/\/+$/, '') || '/';
  return { path, query: new URLSearchParams(location.search) };
}

/** The same page with something else asked. */
export function changed(address: Address, changes: Changes): string {
  const query = new URLSearchParams(address.query);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === '') query.delete(name);
    else query.set(name, value);
  }
  return written(address.path, query);
}

/** Another page, with the global part of what is asked and `changes`. */
export function elsewhere(address: Address, path: string, changes: Changes = {}): string {
  const query = new URLSearchParams();
  for (const name of globalNames) {
    const value = address.query.get(name);
    if (value !== null) query.set(name, value);
  }
  return changed({ path, query }, changes);
}

/** Colons, commas and slashes stay readable: addresses are read by people and are the same to the server. */
function written(path: string, query: URLSearchParams): string {
  const text = query
    .toString()
    .replaceAll('%3A', ':')
    .replaceAll('%2C', ',')
    .replaceAll('%2F', '/');
  return text === '' ? path : `${path}?${text}`;
}
