// A table of places as GeoJSON (RFC 7946): a point for each place, the outline for H3 cells, and the columns as properties.
import type { Geometry } from 'geojson';
import type { Place } from '../api/answers.ts';
import { outlineOf } from './outline.ts';
import type { Table } from './table.ts';

/** @param told members of the collection beside its features, like the range and the cursor */
export function geojsonOf<Row extends { readonly place: Place | null }>(
  { columns, rows }: Table<Row>,
  told: Readonly<Record<string, unknown>>,
): Buffer {
  const outlines = new Map<string, Geometry | null>();
  const features = rows.map((row) => ({
    type: 'Feature',
    geometry: geometryOf(row.place, outlines),
    properties: Object.fromEntries(columns.map(({ name, of }) => [name, of(row)])),
  }));
  return Buffer.from(JSON.stringify({ type: 'FeatureCollection', ...told, features }));
}

/** Null where nobody knows where it is: RFC 7946, section 3.2, calls such a feature unlocated. */
function geometryOf(place: Place | null, outlines: Map<string, Geometry | null>): Geometry | null {
  if (place === null) return null;
  if (place.level.startsWith('h3-')) {
    const cell = place.key.slice(place.key.indexOf(':') + 1);
    const known = outlines.get(cell);
    if (known !== undefined) return known;
    const outline = outlineOf(cell);
    outlines.set(cell, outline);
    return outline;
  }
  const { lat, lon } = place;
  return lat === null || lon === null ? null : { type: 'Point', coordinates: [lon, lat] };
}
