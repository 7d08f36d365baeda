// Where a name leads, asked once and judged; the connection then goes to what was judged and nowhere else, whatever the
// name says a moment later.
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { refusalOf, type AddressKind, type Allowance } from './addresses.ts';

export interface ResolvedAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

/** Rejects as `dns.lookup` does. */
export type Resolve = (hostname: string) => Promise<readonly ResolvedAddress[]>;

export type Guarded =
  | { readonly ok: true; readonly addresses: readonly ResolvedAddress[] }
  | { readonly ok: false; readonly kind: AddressKind; readonly address: string };

/**
 * All of a name's addresses must be allowed: one that must not be reached beside one that may be is no accident.
 * @param hostname as `hostnameOf` gives it
 * @throws what `resolve` rejects with
 */
export async function guardedAddresses(
  hostname: string,
  allowed: Allowance,
  resolve: Resolve,
): Promise<Guarded> {
  const family = isIP(hostname);
  const addresses =
    family === 4 || family === 6
      ? [{ address: hostname, family } as const]
      : await resolve(hostname);
  for (const { address } of addresses) {
    const kind = refusalOf(address, allowed);
    if (kind !== undefined) return { ok: false, kind, address };
  }
  return { ok: true, addresses };
}

/**
 * As the rest of the machine resolves names, hosts file and search domains included. That takes a thread of a small pool
 * for as long as it lasts, so each name is asked about once at a time: one that hangs takes no more than one of them.
 */
export function createResolve(): Resolve {
  const asking = new Map<string, Promise<readonly ResolvedAddress[]>>();
  return (hostname) => {
    let answer = asking.get(hostname);
    if (answer === undefined) {
      answer = ask(hostname).finally(() => asking.delete(hostname));
      asking.set(hostname, answer);
    }
    return answer;
  };
}

async function ask(hostname: string): Promise<readonly ResolvedAddress[]> {
  const found = await lookup(hostname, { all: true });
  return found.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 }));
}
