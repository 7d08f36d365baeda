// Columns of numbers that grow as more rows are met, and what is asked of each slot's numbers.
import type { Spread } from '../statistics/means.ts';

export interface Sums {
  /** The sums, to be added to, with room for this many slots; valid until the next call. */
  of(slots: number): Float64Array;
  get(slot: number): number;
}

/** A sum for each slot, from 0. */
export function createSums(): Sums {
  let values = new Float64Array(64);
  return {
    of(slots) {
      if (slots > values.length) values = grown(values, slots);
      return values;
    },
    get: (slot) => values[slot] ?? 0,
  };
}

export interface Spreads {
  /** Adds values of slots; valid for this many slots, until the next call. */
  adding(slots: number): (slot: number, value: number) => void;
  get(slot: number): Spread;
}

/** Count, sum and sum of squares for each slot. */
export function createSpreads(): Spreads {
  const [counts, sums, squares] = [createSums(), createSums(), createSums()];
  return {
    adding(slots) {
      const [ofCounts, ofSums, ofSquares] = [counts.of(slots), sums.of(slots), squares.of(slots)];
      return (slot, value) => {
        ofCounts[slot]! += 1;
        ofSums[slot]! += value;
        ofSquares[slot]! += value * value;
      };
    },
    get: (slot) => ({ count: counts.get(slot), sum: sums.get(slot), squares: squares.get(slot) }),
  };
}

function grown<T extends Float64Array | Uint32Array>(values: T, least: number): T {
  const larger = new (values.constructor as new (length: number) => T)(
    Math.max(least, 2 * values.length),
  );
  larger.set(values);
  return larger;
}

export interface Samples {
  /** A value of each row that has a slot; 0 is none. */
  add(slots: Int32Array, values: ArrayLike<number>): void;
  /**
   * Between the two nearest values, in proportion: as PostgreSQL's percentile_cont.
   * @returns null of nothing
   */
  quantile(slot: number, share: number): number | null;
  count(slot: number): number;
}

/** All values of each slot. */
export function createSamples(): Samples {
  let slots = new Uint32Array(1024);
  let values = new Float64Array(1024);
  let count = 0;
  let parts: Parts | undefined;
  let together = values;
  const samplesOf = (slot: number): Float64Array => {
    if (parts === undefined) {
      parts = split(slots.subarray(0, count));
      together = gathered(values, parts.order);
    }
    return together.subarray(parts.starts[slot] ?? 0, parts.starts[slot + 1] ?? 0);
  };
  return {
    add(ofRows, given) {
      const most = count + ofRows.length;
      if (most > values.length) {
        slots = grown(slots, most);
        values = grown(values, most);
      }
      for (let row = 0; row < ofRows.length; row += 1) {
        const slot = ofRows[row]!;
        if (slot < 0 || given[row] === 0) continue;
        slots[count] = slot;
        values[count] = given[row]!;
        count += 1;
      }
      parts = undefined;
    },
    quantile(slot, share) {
      const own = samplesOf(slot);
      if (own.length === 0) return null;
      const at = share * (own.length - 1);
      const below = nth(own, Math.floor(at));
      return below + (nth(own, Math.ceil(at)) - below) * (at - Math.floor(at));
    },
    count: (slot) => samplesOf(slot).length,
  };
}

export interface Distinct {
  /** Two halves of a number of 64 bits, for each row that has a slot; 0 is none. */
  add(slots: Int32Array, highs: ArrayLike<number>, lows: ArrayLike<number>): void;
  /** How many different ones the slot has. */
  count(slot: number): number;
}

/** A set of 64-bit numbers, which are hashes, for each slot. */
export function createDistinct(): Distinct {
  let slots = new Uint32Array(1024);
  let high = new Uint32Array(1024);
  let low = new Uint32Array(1024);
  let count = 0;
  let parts: Parts | undefined;
  let table = new Uint32Array(128);
  return {
    add(ofRows, highs, lows) {
      const most = count + ofRows.length;
      if (most > slots.length)
        [slots, high, low] = [grown(slots, most), grown(high, most), grown(low, most)];
      for (let row = 0; row < ofRows.length; row += 1) {
        const slot = ofRows[row]!;
        if (slot < 0 || (highs[row] === 0 && lows[row] === 0)) continue;
        slots[count] = slot;
        high[count] = highs[row]!;
        low[count] = lows[row]!;
        count += 1;
      }
      parts = undefined;
    },
    count(slot) {
      if (parts === undefined) {
        parts = split(slots.subarray(0, count));
        [high, low] = [gathered(high, parts.order), gathered(low, parts.order)];
        slots = gathered(slots, parts.order);
      }
      const [start, end] = [parts.starts[slot] ?? 0, parts.starts[slot + 1] ?? 0];
      const size = 2 ** Math.ceil(Math.log2(2 * (end - start) + 2));
      if (table.length < 2 * size) table = new Uint32Array(2 * size);
      else table.fill(0, 0, 2 * size);
      return different(
        table.subarray(0, 2 * size),
        high.subarray(start, end),
        low.subarray(start, end),
      );
    },
  };
}

/** By an open table of pairs, twice as large as there are numbers. */
function different(table: Uint32Array, high: Uint32Array, low: Uint32Array): number {
  const mask = table.length / 2 - 1;
  let found = 0;
  for (let at = 0; at < high.length; at += 1) {
    const [one, other] = [high[at]!, low[at]!];
    let place = 2 * (other & mask);
    while (table[place] !== 0 || table[place + 1] !== 0) {
      if (table[place] === one && table[place + 1] === other) break;
      place = (place + 2) & (2 * mask + 1);
    }
    if (table[place] === one && table[place + 1] === other) continue;
    table[place] = one;
    table[place + 1] = other;
    found += 1;
  }
  return found;
}

interface Parts {
  /** Where each slot's part begins; one more at the end. */
  readonly starts: Uint32Array;
  /** Which number comes where. */
  readonly order: Uint32Array;
}

/** Puts numbers of the same slot side by side (a counting sort). */
function split(slots: Uint32Array): Parts {
  let most = -1;
  for (const slot of slots) if (slot > most) most = slot;
  const starts = new Uint32Array(most + 2);
  for (const slot of slots) starts[slot + 1]! += 1;
  for (let slot = 0; slot <= most; slot += 1) starts[slot + 1]! += starts[slot]!;
  const next = starts.slice();
  const order = new Uint32Array(slots.length);
  for (let at = 0; at < slots.length; at += 1) order[next[slots[at]!]!++] = at;
  return { starts, order };
}

function gathered<T extends Float64Array | Uint32Array>(values: T, order: Uint32Array): T {
  const together = new (values.constructor as new (length: number) => T)(order.length);
  for (let at = 0; at < order.length; at += 1) together[at] = values[order[at]!]!;
  return together;
}

/** The value that would stand at `index` were they sorted; moves them (C. A. R. Hoare, "Algorithm 65: find", 1961). */
function nth(values: Float64Array, index: number): number {
  let [low, high] = [0, values.length - 1];
  while (low < high) {
    const pivot = values[(low + high) >>> 1]!;
    let [left, right] = [low, high];
    while (left <= right) {
      while (values[left]! < pivot) left += 1;
      while (values[right]! > pivot) right -= 1;
      if (left > right) break;
      const moved = values[left]!;
      values[left] = values[right]!;
      values[right] = moved;
      left += 1;
      right -= 1;
    }
    if (index <= right) high = right;
    else if (index >= left) low = left;
    else break;
  }
  return values[index]!;
}
