// The key of a place as the API gives it, `region:US/California`: its level, its name and what it lies in.

/** Levels of the hierarchy, from the widest down; H3 cells are beside it. */
const hierarchy = ['country', 'region', 'city', 'area', 'postcode', 'site'] as const;

export interface PlaceKey {
  readonly level: string;
  readonly path: readonly string[];
}

export function parsePlaceKey(key: string): PlaceKey | null {
  const at = key.indexOf(':');
  if (at < 1 || at === key.length - 1) return null;
  const path = key
    .slice(at + 1)
    .split('/')
    .map(decoded);
  return { level: key.slice(0, at), path };
}

/** The narrowest name of a place. */
export function placeTitle(key: string): string {
  const parsed = parsePlaceKey(key);
  return parsed?.path.at(-1) ?? key;
}

/** The filters of the API that a place stands for: country and region first, then its own level. */
export function placeFilters(key: string | null): Readonly<Record<string, string>> {
  const parsed = key === null ? null : parsePlaceKey(key);
  if (parsed === null) return {};
  const own = parsed.path.at(-1)!;
  if (parsed.level.startsWith('h3-')) return { h3: own };
  if (!hierarchy.some((level) => level === parsed.level)) return {};
  const above = parsed.path.slice(0, -1);
  const names = hierarchy.slice(
    0,
    hierarchy.findIndex((level) => level === parsed.level),
  );
  const filters: Record<string, string> = {};
  for (const [index, name] of names.entries()) {
    const value = above[index];
    if (value !== undefined && value !== '') filters[name] = value;
  }
  return { ...filters, [parsed.level]: own };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
