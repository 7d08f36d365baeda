// Objects in memory, for tests of what reads and writes them: every call can be seen, held up, made to fail before it takes
// effect, or made to fail after it did, as when the answer is lost.
import { createHash } from 'node:crypto';
import { SignpostError } from '../../services/core/errors.ts';
import { checkKey, compareKeys } from '../../services/core/objects/keys.ts';
import type { ObjectStore, PutCondition } from '../../services/core/objects/port.ts';

export interface ObjectCall {
  readonly operation: 'get' | 'range' | 'head' | 'put' | 'list' | 'delete';
  /** The prefix for `list`; `delete` is a call for each key. */
  readonly key: string;
  readonly bytes?: Uint8Array;
  readonly condition?: PutCondition;
}

/** What it throws, the call fails with; what it waits for, the call waits for. */
export type ObjectHook = (call: ObjectCall) => void | Promise<void>;

interface Held {
  readonly bytes: Uint8Array;
  readonly etag: string;
  readonly modifiedAt: number;
}

export interface MemoryObjects extends ObjectStore {
  /** Every call so far, in the order they began. */
  readonly calls: readonly ObjectCall[];
  /** In order. */
  keys(prefix?: string): readonly string[];
  /** Past all hooks. @throws Error where there is none */
  read(key: string): Uint8Array;
  /** Past all hooks. */
  write(key: string, bytes: Uint8Array | string): void;
  /** Runs before calls take effect. @returns takes it away */
  before(hook: ObjectHook): () => void;
  /** Runs after calls took effect and before they are answered. @returns takes it away */
  after(hook: ObjectHook): () => void;
  /** The same objects as another process sees them: with calls and hooks of its own. */
  another(): MemoryObjects;
}

export interface MemoryObjectsOptions {
  readonly where?: string;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** What the port says of a store that does not answer for long. */
export function objectsAway(where = 'memory'): SignpostError {
  return new SignpostError('objects-unavailable', `${where} does not answer`);
}

export function createMemoryObjects(options: MemoryObjectsOptions = {}): MemoryObjects {
  return open(new Map(), options);
}

function open(objects: Map<string, Held>, options: MemoryObjectsOptions): MemoryObjects {
  const { where = 'memory', now = Date.now } = options;
  const calls: ObjectCall[] = [];
  const hooks = { before: new Set<ObjectHook>(), after: new Set<ObjectHook>() };
  let isClosed = false;

  const keys = (prefix = ''): readonly string[] =>
    [...objects.keys()].filter((key) => key.startsWith(prefix)).toSorted(compareKeys);
  const hold = (key: string, given: Uint8Array): Held => {
    const bytes = Uint8Array.from(given);
    const held = {
      bytes,
      etag: createHash('sha256').update(bytes).digest('hex'),
      modifiedAt: now(),
    };
    objects.set(key, held);
    return held;
  };
  /** `effect` runs at once, with nothing in between: it is what the store does. */
  async function call<T>(of: ObjectCall, effect: () => T): Promise<T> {
    if (isClosed) throw new Error(`${of.operation} of ${of.key} after close`);
    if (of.operation !== 'list') checkKey(of.key);
    calls.push(of);
    for (const hook of hooks.before) await hook(of);
    const result = effect();
    for (const hook of hooks.after) await hook(of);
    return result;
  }
  const add = (when: 'before' | 'after', hook: ObjectHook): (() => void) => {
    hooks[when].add(hook);
    return () => void hooks[when].delete(hook);
  };

  return {
    where,
    calls,
    keys,
    read(key) {
      const held = objects.get(key);
      if (held === undefined) throw new Error(`no object ${key}; there are ${keys().join(', ')}`);
      return held.bytes.slice();
    },
    write(key, bytes) {
      hold(key, typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes);
    },
    before: (hook) => add('before', hook),
    after: (hook) => add('after', hook),
    another: () => open(objects, options),
    get: (key) =>
      call({ operation: 'get', key }, () => {
        const held = objects.get(key);
        return held === undefined ? null : { bytes: held.bytes.slice(), etag: held.etag };
      }),
    range: (key, start, end) =>
      call({ operation: 'range', key }, () => {
        const held = objects.get(key);
        if (held === undefined)
          throw new SignpostError('objects-gone', `${where} holds no ${key} any more`);
        return held.bytes.slice(start, Math.max(start, end));
      }),
    head: (key) =>
      call({ operation: 'head', key }, () => {
        const held = objects.get(key);
        if (held === undefined) return null;
        const { etag, modifiedAt } = held;
        return { key, bytes: held.bytes.length, etag, modifiedAt };
      }),
    put: (key, bytes, condition) =>
      call({ operation: 'put', key, bytes, ...(condition && { condition }) }, () => {
        const held = objects.get(key);
        if (condition?.kind === 'absent' && held !== undefined) return 'conflict';
        if (condition?.kind === 'match' && held?.etag !== condition.etag) return 'conflict';
        return { etag: hold(key, bytes).etag };
      }),
    async *list(prefix, after = '') {
      const found = await call({ operation: 'list', key: prefix }, () => keys(prefix));
      for (const key of found) {
        const held = objects.get(key);
        if (held === undefined || compareKeys(key, after) <= 0) continue;
        yield { key, bytes: held.bytes.length, etag: held.etag, modifiedAt: held.modifiedAt };
      }
    },
    async delete(gone) {
      for (const key of gone) await call({ operation: 'delete', key }, () => objects.delete(key));
    },
    async close() {
      isClosed = true;
    },
  };
}
