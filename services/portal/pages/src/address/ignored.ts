// What an address says that is none of what it may say: a page shows something else then, and says so. Pure.
import { isDay, presets } from './range.ts';

export interface Ignored {
  readonly name: string;
  readonly value: string;
}

/** @param allowed by name what this page knows of; time ranges are looked at on every page */
export function ignoredIn(
  query: URLSearchParams,
  allowed: Readonly<Record<string, readonly string[]>> = {},
): readonly Ignored[] {
  const isKnown: Readonly<Record<string, (value: string) => boolean>> = {
    ...Object.fromEntries(
      Object.entries(allowed).map(([name, values]) => [name, (value) => values.includes(value)]),
    ),
    from: isDay,
    to: isDay,
    last: (value) => presets.some(({ key }) => key === value),
  };
  return Object.entries(isKnown).flatMap(([name, isRight]) => {
    const value = query.get(name);
    return value === null || value === '' || isRight(value) ? [] : [{ name, value }];
  });
}
