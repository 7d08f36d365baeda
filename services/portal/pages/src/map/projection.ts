// How the round earth is laid flat: by where the places are. Areas stay comparable wherever that is possible, for a
// reader compares tones by how much of them there is.
import {
  geoAlbersUsa,
  geoAzimuthalEqualArea,
  geoEqualEarth,
  geoMercator,
  type GeoProjection,
} from 'd3-geo';

export type ProjectionKind = 'world' | 'united-states' | 'several-countries' | 'regional';

/** What decides: the outlines' bounds and the points that must be seen, in degrees. */
export interface Extent {
  readonly points: readonly (readonly [lon: number, lat: number])[];
  /** Only whole states of the US are shown. */
  readonly isStates: boolean;
  readonly isCountries: boolean;
}

const padding = 24;

export function projectionKind({ points, isStates, isCountries }: Extent): ProjectionKind {
  if (isStates) return 'united-states';
  if (isCountries || points.length === 0) return 'world';
  const [west, south, east, north] = boundsOf(points);
  return east - west > 70 || north - south > 60 ? 'several-countries' : 'regional';
}

/** Everything to be seen lies within `width` × `height`. */
export function fittedProjection(extent: Extent, width: number, height: number): GeoProjection {
  const kind = projectionKind(extent);
  const box: [[number, number], [number, number]] = [
    [padding, padding],
    [Math.max(width - padding, padding + 1), Math.max(height - padding, padding + 1)],
  ];
  if (kind === 'united-states') {
    // Its own figures: the projection's composite is 960 × 500 at this scale (d3-geo, "geoAlbersUsa").
    const scale = Math.min((width - 2 * padding) / 900, (height - 2 * padding) / 560);
    return geoAlbersUsa()
      .scale(1070 * Math.max(scale, 0.1))
      .translate([width / 2, height / 2]);
  }
  if (kind === 'world') return geoEqualEarth().rotate([-10, 0]).fitExtent(box, { type: 'Sphere' });
  const corners = roomy(extent.points);
  const projection =
    kind === 'several-countries'
      ? geoMercator()
      : geoAzimuthalEqualArea().rotate(centreOf(extent.points)).clipAngle(60);
  return projection.fitExtent(box, { type: 'MultiPoint', coordinates: corners });
}

/** [west, south, east, north] in degrees. */
export function boundsOf(
  points: readonly (readonly [lon: number, lat: number])[],
): [number, number, number, number] {
  let [west, south, east, north] = [180, 90, -180, -90];
  for (const [lon, lat] of points) {
    west = Math.min(west, lon);
    east = Math.max(east, lon);
    south = Math.min(south, lat);
    north = Math.max(north, lat);
  }
  return [west, south, east, north];
}

function centreOf(points: readonly (readonly [number, number])[]): [number, number] {
  const [west, south, east, north] = boundsOf(points);
  return [-(west + east) / 2, -(south + north) / 2];
}

/** The corners and edges of what is seen, at least a quarter of a degree across and not beyond Mercator's reach. */
function roomy(points: readonly (readonly [number, number])[]): [number, number][] {
  const [west, south, east, north] = boundsOf(points);
  const spare = Math.max(0.12, (east - west) * 0.02);
  const lons = [west - spare, (west + east) / 2, east + spare];
  const lats = [Math.max(-72, south - spare), (south + north) / 2, Math.min(76, north + spare)];
  return lons.flatMap((lon) => lats.map((lat): [number, number] => [lon, lat]));
}
