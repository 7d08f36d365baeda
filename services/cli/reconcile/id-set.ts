// A set of ids that only says whether one was there before: 8 bytes of hash each, so that millions fit.

export interface IdSet {
  /** Whether the id is new. Of 2 million ids, two are taken for one with a probability of 1 in 10 million. */
  add(id: string): boolean;
  has(id: string): boolean;
  clear(): void;
}

const fullAt = 0.6;

/** @param expected how many ids will come, so that the table need not grow */
export function createIdSet(expected: number): IdSet {
  let mask = sizeFor(expected) - 1;
  // Two words to an entry; both zero is an empty one.
  let table = new Uint32Array(2 * (mask + 1));
  let size = 0;

  /** Where the entry is, or where it would be. */
  function placeOf(high: number, low: number): number {
    for (let slot = low & mask; ; slot = (slot + 1) & mask) {
      const at = 2 * slot;
      const isEmpty = table[at] === 0 && table[at + 1] === 0;
      if (isEmpty || (table[at] === high && table[at + 1] === low)) return at;
    }
  }

  function insert(high: number, low: number): boolean {
    const at = placeOf(high, low);
    if (table[at + 1] === low && table[at] === high) return false;
    table[at] = high;
    table[at + 1] = low;
    size += 1;
    return true;
  }

  function grow(): void {
    const old = table;
    mask = 2 * mask + 1;
    table = new Uint32Array(2 * (mask + 1));
    size = 0;
    for (let at = 0; at < old.length; at += 2) {
      if (old[at] !== 0 || old[at + 1] !== 0) insert(old[at]!, old[at + 1]!);
    }
  }

  return {
    add(id) {
      if (size >= fullAt * (mask + 1)) grow();
      const { high, low } = hashOf(id);
      return insert(high, low);
    },
    has(id) {
      const { high, low } = hashOf(id);
      const at = placeOf(high, low);
      return table[at] !== 0 || table[at + 1] !== 0;
    },
    clear() {
      table.fill(0);
      size = 0;
    },
  };
}

/** 64 bits of hash as two unsigned words, never both zero: cyrb53 by bryc (public domain), with all of its bits. */
export function hashOf(id: string): { readonly high: number; readonly low: number } {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (let i = 0; i < id.length; i += 1) {
    const unit = id.charCodeAt(i);
    a = Math.imul(a ^ unit, 2_654_435_761);
    b = Math.imul(b ^ unit, 1_597_334_677);
  }
  a = Math.imul(a ^ (a >>> 16), 2_246_822_507) ^ Math.imul(b ^ (b >>> 13), 3_266_489_909);
  b = Math.imul(b ^ (b >>> 16), 2_246_822_507) ^ Math.imul(a ^ (a >>> 13), 3_266_489_909);
  return { high: a >>> 0, low: a === 0 && b === 0 ? 1 : b >>> 0 };
}

function sizeFor(expected: number): number {
  let slots = 1024;
  while (slots * fullAt <= expected) slots *= 2;
  return slots;
}
