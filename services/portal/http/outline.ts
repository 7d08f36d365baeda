// Outlines of H3 cells as GeoJSON has them: counterclockwise, and cut where they cross the antimeridian (RFC 7946,
// sections 3.1.6 and 3.1.9), the two cells around the poles too.
import { cellToBoundary, isValidCell } from 'h3-js';
import type { MultiPolygon, Polygon, Position } from 'geojson';

/** Null for what is no cell. */
export function outlineOf(cell: string): Polygon | MultiPolygon | null {
  if (!isValidCell(cell)) return null;
  const ring = unrolled(cellToBoundary(cell).map(([lat, lon]): Position => [lon, lat]));
  const parts = [-360, 0, 360].flatMap((turn) => {
    const part = clipped(clipped(ring, turn - 180, 1), turn + 180, -1);
    // What merely touches the meridian leaves a line.
    if (Math.abs(signedArea(part)) < 1e-9) return [];
    return [[closed(part.map(([lon, lat]): Position => [lon! - turn, lat!]))]];
  });
  const [only] = parts;
  return parts.length === 1 && only !== undefined
    ? { type: 'Polygon', coordinates: only }
    : { type: 'MultiPolygon', coordinates: parts };
}

/** Longitudes that go on beyond 180° rather than jump; a ring around a pole is closed along that pole. */
function unrolled(ring: readonly Position[]): Position[] {
  let lon = ring[0]![0]!;
  const walk = [...ring, ring[0]!].map(([next, lat], i): Position => {
    if (i > 0) lon += ((((next! - lon + 540) % 360) + 360) % 360) - 180;
    return [lon, lat!];
  });
  const first = walk[0]!;
  const last = walk.pop()!;
  if (Math.abs(last[0]! - first[0]!) < 180) return walk;
  const pole = first[1]! > 0 ? 90 : -90;
  return [...walk, last, [last[0]!, pole], [first[0]!, pole]];
}

/** What of the ring lies on one side of a meridian: Sutherland and Hodgman, 1974. @param side 1 for east of it */
function clipped(ring: readonly Position[], meridian: number, side: 1 | -1): Position[] {
  const isInside = ([lon]: Position) => (lon! - meridian) * side >= 0;
  return ring.flatMap((to, i) => {
    const from = ring.at(i - 1)!;
    const crossing = isInside(from) === isInside(to) ? [] : [crossingAt(from, to, meridian)];
    return isInside(to) ? [...crossing, to] : crossing;
  });
}

function crossingAt([x0, y0]: Position, [x1, y1]: Position, meridian: number): Position {
  return [meridian, y0! + ((y1! - y0!) * (meridian - x0!)) / (x1! - x0!)];
}

/** Counterclockwise, its first position again at the end, and to a tenth of a metre. */
function closed(ring: readonly Position[]): Position[] {
  const rounded = ring.map((at): Position => at.map((degrees) => Math.round(degrees * 1e6) / 1e6));
  const turned = signedArea(rounded) < 0 ? rounded.toReversed() : rounded;
  return [...turned, turned[0]!];
}

function signedArea(ring: readonly Position[]): number {
  return ring.reduce((sum, [x1, y1], i) => {
    const [x0, y0] = ring.at(i - 1)!;
    return sum + (x0! * y1! - x1! * y0!) / 2;
  }, 0);
}
