// How far the places of an answer reach over the earth: their points, or the outlines that they are.
import { geoBounds, geoCentroid } from 'd3-geo';
import { isUnitedStates, stateName } from './atlas-names.ts';
import type { Atlas, Outline } from './atlas.ts';
import type { Extent } from './projection.ts';
import type { MapPlace } from './map-place.ts';
import { withoutStrays, type Point } from './strays.ts';

export function extentOf(places: readonly MapPlace[], level: string, atlas: Atlas | null): Extent {
  const isStates =
    level === 'region' && places.length > 0 && places.every(({ place }) => isState(place));
  const points = places.flatMap(({ place }): readonly Point[] => {
    const outline = level === 'region' && atlas !== null ? ownOutline(atlas, place) : null;
    if (outline !== null) return corners(outline);
    return place.lat === null || place.lon === null ? [] : [[place.lon, place.lat]];
  });
  const isCountries =
    level === 'country' &&
    places.some(({ place }) => atlas === null || atlas.find([place.name]) !== null);
  return { points: withoutStrays(points), isStates, isCountries };
}

interface Named {
  readonly within: readonly string[];
  readonly name: string;
}

export function isState({ within, name }: Named): boolean {
  return isUnitedStates(within[0] ?? '') && stateName(name) !== null;
}

/** The outline that a region is, not one that it lies in; null where the atlases have none. */
export function ownOutline(atlas: Atlas, { within, name }: Named): Outline | null {
  const found = atlas.find([...within, name]);
  return found !== null && atlas.states.includes(found) ? found : null;
}

const known = new WeakMap<Outline, readonly Point[]>();

/** Two corners; the middle alone of what crosses the antimeridian, like Alaska. */
function corners(outline: Outline): readonly Point[] {
  const before = known.get(outline);
  if (before !== undefined) return before;
  const [southWest, northEast] = geoBounds(outline);
  const points = southWest[0] <= northEast[0] ? [southWest, northEast] : [geoCentroid(outline)];
  known.set(outline, points);
  return points;
}
