// Offsets of partitions as bits: a place that comes a second time is found out, at a byte for eight rows.

const pageOffsets = 2 ** 20;

export interface OffsetSet {
  /** @returns whether it was not there yet */
  add(partition: number, offset: number): boolean;
  /** Adds all of another one. @returns a place that both have, or undefined */
  addAll(other: OffsetSet): { readonly partition: number; readonly offset: number } | undefined;
  /** By partition and number of the page: bits of so many offsets. */
  readonly pages: ReadonlyMap<string, Uint8Array>;
}

export function createOffsetSet(): OffsetSet {
  const pages = new Map<string, Uint8Array>();
  let last:
    | { readonly partition: number; readonly number: number; readonly bits: Uint8Array }
    | undefined;
  const pageOf = (partition: number, number: number): Uint8Array => {
    if (last?.partition === partition && last.number === number) return last.bits;
    const key = `${partition}/${number}`;
    let bits = pages.get(key);
    if (bits === undefined) pages.set(key, (bits = new Uint8Array(pageOffsets / 8)));
    last = { partition, number, bits };
    return bits;
  };
  return {
    pages,
    add(partition, offset) {
      const bits = pageOf(partition, Math.floor(offset / pageOffsets));
      const within = offset % pageOffsets;
      const mask = 1 << (within & 7);
      const isNew = (bits[within >> 3]! & mask) === 0;
      bits[within >> 3]! |= mask;
      return isNew;
    },
    addAll(other) {
      let common: { partition: number; offset: number } | undefined;
      for (const [key, bits] of other.pages) {
        const [partition = 0, number = 0] = key.split('/').map(Number);
        const own = pageOf(partition, number);
        for (let at = 0; at < bits.length; at += 1) {
          const both = own[at]! & bits[at]!;
          if (both !== 0 && common === undefined) {
            const bit = 31 - Math.clz32(both & -both);
            common = { partition, offset: number * pageOffsets + at * 8 + bit };
          }
          own[at]! |= bits[at]!;
        }
      }
      return common;
    },
  };
}
