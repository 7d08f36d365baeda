// Which of the gazetteer's entries of one name a place is: two regions may have an area of one name, two countries a
// postcode. Pure.
import type { Place } from '#schemas/shared.ts';
import type { GazetteerEntry } from './gazetteer.ts';

type Entries = readonly GazetteerEntry[];

/** The entries that are meant, all in one region; undefined where the place does not tell which. */
export type Meant = (found: Entries, place: Place) => Entries | undefined;

/** @param nearest of some entries the one nearest to a point, within reach */
export function createMeant(
  nearest: (entries: Entries) => (lat: number, lon: number) => Entries | undefined,
): Meant {
  const known = new WeakMap<Entries, boolean>();
  const isOne = (found: Entries): boolean => {
    let one = known.get(found);
    if (one === undefined) known.set(found, (one = new Set(found.map(regionOf)).size === 1));
    return one;
  };
  return (found, place) => {
    // Where the name is one, the source may call its region what it will.
    if (isOne(found)) return found;
    const agreeing = found.filter((entry) => agrees(entry, place));
    if (agreeing.length === 0) return undefined;
    if (new Set(agreeing.map(regionOf)).size === 1) return agreeing;
    const { lat, lon } = place;
    if (lat === null || lon === null) return undefined;
    const [at] = nearest(agreeing)(lat, lon) ?? [];
    return at && agreeing.filter((entry) => regionOf(entry) === regionOf(at));
  };
}

function agrees(entry: GazetteerEntry, place: Place): boolean {
  return (['country', 'region', 'city', 'postcode'] as const).every(
    (part) =>
      place[part] === null || entry[part] === null || folded(place[part]) === folded(entry[part]),
  );
}

function regionOf({ country, region }: GazetteerEntry): string {
  return `${folded(country ?? '')}\n${folded(region ?? '')}`;
}

/** Postcodes are written with spaces and without. */
function folded(name: string): string {
  return name.replaceAll(' ', '').toLowerCase();
}
