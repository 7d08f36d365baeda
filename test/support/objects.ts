// What tests of stores of objects do with them, whichever they are.
import type { ObjectInfo, ObjectStore } from '../../services/core/objects/port.ts';

export const encoded = (said: string): Uint8Array => new TextEncoder().encode(said);
export const decoded = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);

export async function listed(
  store: ObjectStore,
  prefix: string,
  after?: string,
): Promise<readonly ObjectInfo[]> {
  const found: ObjectInfo[] = [];
  for await (const info of store.list(prefix, after)) found.push(info);
  return found;
}

/** Adds one to the number that an object holds, however often others are quicker. */
export async function increment(store: ObjectStore, key: string): Promise<void> {
  for (;;) {
    const held = (await store.get(key))!;
    const next = encoded(String(Number(decoded(held.bytes)) + 1));
    if ((await store.put(key, next, { kind: 'match', etag: held.etag })) !== 'conflict') return;
  }
}
