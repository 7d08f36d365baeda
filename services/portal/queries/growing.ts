// Columns of numbers that grow as more rows are met.

export interface Sums {
  add(slot: number, value: number): void;
  get(slot: number): number;
}

/** A sum for each slot, from 0. */
export function createSums(): Sums {
  let values = new Float64Array(64);
  return {
    add(slot, value) {
      if (slot >= values.length) values = grown(values, slot + 1);
      values[slot]! += value;
    },
    get: (slot) => values[slot] ?? 0,
  };
}

function grown(values: Float64Array, least: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(Math.max(least, 2 * values.length));
  larger.set(values);
  return larger;
}

export interface Samples {
  add(slot: number, value: number): void;
  /** The values of one slot, in increasing order. */
  sorted(slot: number): Float64Array;
}

/** All values of each slot. */
export function createSamples(): Samples {
  let slots = new Float64Array(64);
  let values = new Float64Array(64);
  let count = 0;
  let bySlot: readonly Float64Array[] | undefined;
  return {
    add(slot, value) {
      if (count === values.length) {
        slots = grown(slots, count + 1);
        values = grown(values, count + 1);
      }
      slots[count] = slot;
      values[count] = value;
      count += 1;
    },
    sorted(slot) {
      bySlot ??= split(slots.subarray(0, count), values);
      return (bySlot[slot] ?? new Float64Array(0)).toSorted();
    },
  };
}

function split(slots: Float64Array, values: Float64Array): readonly Float64Array[] {
  const counts = createSums();
  let most = -1;
  for (const slot of slots) {
    counts.add(slot, 1);
    if (slot > most) most = slot;
  }
  const parts = Array.from({ length: most + 1 }, (_, slot) => new Float64Array(counts.get(slot)));
  const filled = new Uint32Array(most + 1);
  for (let at = 0; at < slots.length; at += 1) {
    const slot = slots[at]!;
    parts[slot]![filled[slot]!++] = values[at]!;
  }
  return parts;
}

export interface Distinct {
  /** Two halves of a number of 64 bits. */
  add(slot: number, high: number, low: number): void;
  /** How many different ones were added to the slot. */
  count(slot: number): number;
}

/** A set of 64-bit numbers for each slot: one open table for all, since most of many sets are small. */
export function createDistinct(): Distinct {
  const counts = createSums();
  let size = 1024;
  let table = new Uint32Array(3 * size);
  let used = 0;
  /** Whether it was not there yet. Slots are kept plus one, so that 0 is free. */
  const put = (slot: number, high: number, low: number): boolean => {
    // The numbers are hashes; the slot is spread by a multiplier of Knuth's (2^32 / golden ratio).
    let at = (low ^ Math.imul(slot, 0x9e3779b1)) & (size - 1);
    for (;;) {
      const base = 3 * at;
      const there = table[base]!;
      if (there === 0) {
        table[base] = slot + 1;
        table[base + 1] = high;
        table[base + 2] = low;
        return true;
      }
      if (there === slot + 1 && table[base + 1] === high && table[base + 2] === low) return false;
      at = (at + 1) & (size - 1);
    }
  };
  return {
    add(slot, high, low) {
      if (!put(slot, high, low)) return;
      counts.add(slot, 1);
      used += 1;
      if (used * 2 < size) return;
      const before = table;
      size *= 4;
      table = new Uint32Array(3 * size);
      for (let base = 0; base < before.length; base += 3) {
        if (before[base]! > 0) put(before[base]! - 1, before[base + 1]!, before[base + 2]!);
      }
    },
    count: (slot) => counts.get(slot),
  };
}
