// The least and the greatest of a column's values, by which engines pass over what cannot hold what they look for.
import type { Leaf } from './shred.ts';

export type Value = string | number | boolean | Uint8Array;

export interface Statistics {
  readonly null_count: bigint;
  readonly min_value?: Value;
  readonly max_value?: Value;
}

export interface Extremes {
  add(value: Value): void;
  /** Neither is given where a number is NaN: engines do not agree on where that stands. */
  statistics(nulls: number): Statistics;
}

export function createExtremes({ kind }: Pick<Leaf, 'kind'>): Extremes {
  const before = orders[kind];
  let min: Value | undefined;
  let max: Value | undefined;
  let isOrdered = true;
  return {
    add(value) {
      if (min === undefined || max === undefined) min = max = value;
      else if (before(value, min)) min = value;
      else if (before(max, value)) max = value;
      if (value !== value) isOrdered = false;
    },
    statistics(nulls) {
      const null_count = BigInt(nulls);
      if (min === undefined || max === undefined || !isOrdered) return { null_count };
      // Zeros are one to readers, so the bounds must hold both: ColumnOrder in parquet-format's parquet.thrift.
      return { null_count, min_value: min === 0 ? -0 : min, max_value: max === 0 ? 0 : max };
    },
  };
}

const orders: Readonly<Record<Leaf['kind'], (a: Value, b: Value) => boolean>> = {
  boolean: isLess,
  int: isLess,
  long: isLess,
  timestamp: isLess,
  double: isLess,
  string: comesBefore,
  enum: comesBefore,
  bytes: (a, b) => Buffer.compare(a as Uint8Array, b as Uint8Array) < 0,
};

function isLess(a: Value, b: Value): boolean {
  return a < b;
}

const firstSurrogate = 0xd800;

/** Whether the UTF-8 of one string comes before that of another, which is their own order up to U+D7FF. */
function comesBefore(left: Value, right: Value): boolean {
  const a = left as string;
  const b = right as string;
  const most = Math.min(a.length, b.length);
  for (let i = 0; i < most; i++) {
    const one = a.charCodeAt(i);
    const other = b.charCodeAt(i);
    if (one === other) continue;
    if (one < firstSurrogate || other < firstSurrogate) return one < other;
    return Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0;
  }
  return a.length < b.length;
}
