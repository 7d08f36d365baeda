// Numbers of records as people read them.

/** 1234567 → `1,234,567`. */
export function count(records: number): string {
  return records.toLocaleString('en-US');
}
