// Numbers of records as people read them.

/** 1234567 → `1,234,567`. */
export function count(records: number): string {
  // By hand: the first use of Intl costs a start 50 ms.
  return String(records).replace(/\B(?=(?:\d{3})+$)/g, ',');
}

/** `1 label`, `1,234 labels`. */
export function many(number: number, what: string): string {
  return `${count(number)} ${what}${number === 1 ? '' : 's'}`;
}
