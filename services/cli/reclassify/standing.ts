// What stands for each insight id by the newest revision, as 64 bits of hash for 64 bits of hash: millions fit.
import { hashOf } from '../reconcile/id-set.ts';

export interface Standing {
  /** `judgement` is what counts of it, as text. A later one takes the place of an earlier one. */
  set(id: string, judgement: string): void;
  /** Whether `judgement` stands for the id; undefined where nothing does. */
  is(id: string, judgement: string): boolean | undefined;
}

const fullAt = 0.6;
const words = 4;

/** @param expected how many ids will come, so that the table need not grow */
export function createStanding(expected: number): Standing {
  let slots = 1024;
  while (slots * fullAt <= expected) slots *= 2;
  // Id and judgement, two words each; an id of zeros is an empty slot.
  let table = new Uint32Array(words * slots);
  let size = 0;

  function placeOf(high: number, low: number): number {
    for (let slot = low & (slots - 1); ; slot = (slot + 1) & (slots - 1)) {
      const at = words * slot;
      const isEmpty = table[at] === 0 && table[at + 1] === 0;
      if (isEmpty || (table[at] === high && table[at + 1] === low)) return at;
    }
  }

  function grow(): void {
    const old = table;
    slots *= 2;
    table = new Uint32Array(words * slots);
    for (let at = 0; at < old.length; at += words) {
      if (old[at] === 0 && old[at + 1] === 0) continue;
      table.set(old.subarray(at, at + words), placeOf(old[at]!, old[at + 1]!));
    }
  }

  return {
    set(id, judgement) {
      if (size >= fullAt * slots) grow();
      const key = hashOf(id);
      const at = placeOf(key.high, key.low);
      if (table[at] === 0 && table[at + 1] === 0) size += 1;
      const value = hashOf(judgement);
      table.set([key.high, key.low, value.high, value.low], at);
    },
    is(id, judgement) {
      const key = hashOf(id);
      const at = placeOf(key.high, key.low);
      if (table[at] === 0 && table[at + 1] === 0) return undefined;
      const value = hashOf(judgement);
      return table[at + 2] === value.high && table[at + 3] === value.low;
    },
  };
}
