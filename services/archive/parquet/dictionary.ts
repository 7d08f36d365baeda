// The dictionary of a column chunk: each different value once, and for every value its place there.
import type { Value } from './statistics.ts';

/** Larger ones cost readers more memory than they save: parquet-java's default. */
const mostBytes = 1 << 20;
/** After so many values a column that has hardly two of the same is taken for one that will not have. */
const judgedAfter = 1024;
const tooManyOfThose = 0.8 * judgedAfter;

export interface Dictionary {
  /** Whether the value is a new one. */
  add(value: Value): boolean;
  /** In the order in which they came. */
  readonly entries: readonly Value[];
  /** Of every value so far. */
  readonly indices: Uint32Array;
  readonly bytes: number;
  /** Whether it is not worth going on with. */
  readonly isHopeless: boolean;
  /** Whether it takes less room than the values would. */
  pays(): boolean;
}

export function createDictionary(): Dictionary {
  const places = new Map<Value, number>();
  const entries: Value[] = [];
  let indices = new Uint32Array(judgedAfter);
  let count = 0;
  let bytes = 0;
  let bytesOfAll = 0;
  let last: Value | undefined;
  let lastPlace = 0;
  return {
    entries,
    get indices() {
      return indices.subarray(0, count);
    },
    get bytes() {
      return bytes + 2 * count;
    },
    get isHopeless() {
      return bytes > mostBytes || (count === judgedAfter && entries.length > tooManyOfThose);
    },
    pays: () => bytes + 2 * count < bytesOfAll,
    add(value) {
      const known = value === last ? lastPlace : places.get(value);
      const place = known ?? entries.length;
      const size = typeof value === 'string' ? 4 + value.length : 8;
      if (known === undefined) {
        places.set(value, place);
        entries.push(value);
        bytes += size;
      }
      if (count === indices.length) {
        const grown = new Uint32Array(4 * count);
        grown.set(indices);
        indices = grown;
      }
      indices[count++] = place;
      bytesOfAll += size;
      last = value;
      lastPlace = place;
      return known === undefined;
    },
  };
}
