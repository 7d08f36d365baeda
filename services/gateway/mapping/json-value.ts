// Values inside a JSON record, by path. Only keys the file itself wrote are seen, so `__proto__` is a key like any other.
import type { Fail } from '../files/import-reason.ts';

/** A key of the record, or else keys inside one another parted by dots; only what the file itself wrote. */
export function readerOfPath(path: string): (object: object) => unknown {
  const keys = path.split('.');
  return (object) => {
    if (Object.hasOwn(object, path)) return Reflect.get(object, path);
    let value: unknown = object;
    for (const key of keys) {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key))
        return undefined;
      value = Reflect.get(value, key);
    }
    return value;
  };
}

/** A single value as text; null is absent. */
export function scalar(field: string, value: unknown, fail: Fail): string | undefined {
  if (typeof value === 'string') return value;
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number') {
    // Beyond 2^53 JSON numbers are rounded, and two ids would become one.
    if (Number.isInteger(value) && !Number.isSafeInteger(value))
      return fail(
        'inexact-number',
        `${field}: a number this large is not kept exactly; write it as a string`,
      );
    return Number.isFinite(value)
      ? String(value)
      : fail('not-a-number', `${field}: the number is too large`);
  }
  if (typeof value === 'boolean') return String(value);
  return fail(
    'not-a-scalar',
    `${field}: ${Array.isArray(value) ? 'a list' : 'an object'} where one value is expected`,
  );
}
