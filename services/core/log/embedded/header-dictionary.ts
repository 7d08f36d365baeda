// Headers of a batch: the sets of names (shapes) once, values that repeat once, the rest as text of their record.
import type { Headers } from '../port.ts';
import { readVarint, varintEnd, writeVarint } from './varint.ts';

/** Values longer than this are not worth remembering. */
const MAX_SHARED_LENGTH = 200;
/** A header whose first values were all different carries an id or a time: only its last value is compared then. */
const TRIES = 24;

/** Headers of one record; valid until the next call. A tag is `2 * length of text` or `2 * index of value + 1`. */
export interface EncodedHeaders {
  shape: number;
  tagCount: number;
  readonly tags: number[];
  text: string;
}

export interface HeaderDictionary {
  encode(headers: Headers): EncodedHeaders;
  serialize(): Uint8Array;
}

interface Slot {
  last: string;
  lastIndex: number;
  misses: number;
  hits: number;
  readonly known: Map<string, number>;
}

interface Shape {
  readonly index: number;
  readonly names: readonly string[];
  readonly slots: readonly Slot[];
}

export function createHeaderDictionary(): HeaderDictionary {
  const shapes: Shape[] = [];
  const values: string[] = [];
  const encoded: EncodedHeaders = { shape: 0, tagCount: 0, tags: [], text: '' };
  let shape: Shape | undefined;

  function sameNames(candidate: Shape, names: readonly string[]): boolean {
    if (candidate.names.length !== names.length) return false;
    for (let i = 0; i < names.length; i += 1) if (candidate.names[i] !== names[i]) return false;
    return true;
  }

  function shapeOf(names: readonly string[]): Shape {
    const found = shapes.find((candidate) => sameNames(candidate, names));
    if (found !== undefined) return found;
    const slots = names.map((): Slot => ({
      last: '',
      lastIndex: -1,
      misses: 0,
      hits: 0,
      known: new Map(),
    }));
    const added = { index: shapes.length, names, slots };
    shapes.push(added);
    return added;
  }

  /** Index of a shared value, or -1 when it is to be written as text. */
  function share(slot: Slot, value: string): number {
    if (slot.lastIndex >= 0 && slot.last === value) return slot.lastIndex;
    if (slot.misses >= TRIES && slot.hits < slot.misses) return -1;
    if (value.length > MAX_SHARED_LENGTH) return -1;
    let index = slot.known.get(value);
    if (index === undefined) {
      slot.misses += 1;
      index = values.length;
      values.push(value);
      slot.known.set(value, index);
    } else {
      slot.hits += 1;
    }
    slot.last = value;
    slot.lastIndex = index;
    return index;
  }

  /** The record before mostly had the same names in the same order; without an array of them for each record. */
  function isShapeOf({ names }: Shape, headers: Headers): boolean {
    let at = 0;
    for (const name in headers) {
      if (names[at] !== name) return false;
      at += 1;
    }
    return at === names.length;
  }

  function encode(headers: Headers): EncodedHeaders {
    if (shape === undefined || !isShapeOf(shape, headers)) shape = shapeOf(Object.keys(headers));
    const { names, slots } = shape;
    let text = '';
    for (let i = 0; i < names.length; i += 1) {
      const value = headers[names[i]!]!;
      const index = share(slots[i]!, value);
      if (index >= 0) {
        encoded.tags[i] = index * 2 + 1;
      } else {
        encoded.tags[i] = value.length * 2;
        text += value;
      }
    }
    encoded.shape = shape.index;
    encoded.tagCount = names.length;
    encoded.text = text;
    return encoded;
  }

  function serialize(): Uint8Array {
    const strings = [...shapes.flatMap(({ names }) => names), ...values];
    const size = strings.reduce(
      (sum, string) => sum + 5 + 3 * string.length,
      10 + 5 * shapes.length,
    );
    const out = Buffer.allocUnsafe(size);
    let at = writeVarint(out, 0, shapes.length);
    const put = (string: string): void => {
      at = writeVarint(out, at, Buffer.byteLength(string));
      at += out.write(string, at, 'utf8');
    };
    for (const { names } of shapes) {
      at = writeVarint(out, at, names.length);
      for (const name of names) put(name);
    }
    at = writeVarint(out, at, values.length);
    for (const value of values) put(value);
    return out.subarray(0, at);
  }

  return { encode, serialize };
}

export interface DecodedDictionary {
  readonly shapes: readonly (readonly string[])[];
  readonly values: readonly string[];
}

export function readHeaderDictionary(buffer: Buffer, position: number): DecodedDictionary {
  let at = position;
  const number = (): number => {
    const value = readVarint(buffer, at);
    at = varintEnd(buffer, at);
    return value;
  };
  const string = (): string => {
    const length = number();
    at += length;
    return buffer.toString('utf8', at - length, at);
  };
  const shapes: string[][] = [];
  for (let n = number(); n > 0; n -= 1) {
    const names: string[] = [];
    for (let m = number(); m > 0; m -= 1) names.push(string());
    shapes.push(names);
  }
  const values: string[] = [];
  for (let n = number(); n > 0; n -= 1) values.push(string());
  return { shapes, values };
}
