// Land of places that are known as points: each gets what is nearest to it, but not beyond a reach, so that a lonely
// place is a disc and not half a desert. Pure.
import { Delaunay } from 'd3-delaunay';

export type XY = readonly [x: number, y: number];

export interface PointPlace {
  readonly key: string;
  readonly at: XY;
}

export interface Cell {
  readonly key: string;
  readonly at: XY;
  readonly ring: readonly XY[];
}

/** The farthest reach of any place: so many times the median distance to the nearest neighbour. */
const reachInNeighbours = 6;
/**
 * A place's own reach: so many times the distance to its second nearest neighbour. Cells of neighbours join, a town of
 * three places has three, and its cells do not run out into the country.
 */
const ownReach = 1.1;
const discCorners = 48;

/**
 * @param points in units of the drawing, within one region
 * @param farthest no cell reaches farther
 */
export function cellsOf(points: readonly PointPlace[], farthest: number): readonly Cell[] {
  if (points.length < 3) return points.map((point) => discOf(point, farthest / 2));
  const delaunay = Delaunay.from(points.map(({ at }) => [at[0], at[1]]));
  const voronoi = delaunay.voronoi(boxOf(points, farthest));
  return points.map((point, index) => {
    const polygon = voronoi.cellPolygon(index) as XY[] | null;
    const reach = Math.min(farthest, ownReach * neighbourDistance(points, delaunay, index));
    // Of several places at one point the first has the cell; the others are a small disc on it.
    if (polygon === null) return discOf(point, reach / 4);
    const ring = clippedBy(disc(point.at, reach), polygon.slice(0, -1));
    return ring.length < 3 ? discOf(point, reach / 4) : { ...point, ring };
  });
}

/** @returns in units of the drawing; 4 where there is one point alone. */
export function reachOf(points: readonly PointPlace[]): number {
  if (points.length < 2) return 4;
  const delaunay = Delaunay.from(points.map(({ at }) => [at[0], at[1]]));
  const distances = points
    .map(({ at }, index) => {
      let least = Infinity;
      for (const other of delaunay.neighbors(index)) {
        const [x, y] = points[other]!.at;
        const distance = Math.hypot(x - at[0], y - at[1]);
        if (distance > 0) least = Math.min(least, distance);
      }
      return least;
    })
    .filter(Number.isFinite)
    .toSorted((a, b) => a - b);
  const median = distances[Math.floor(distances.length / 2)] ?? 1;
  return Math.max(1.2, median * reachInNeighbours);
}

/** To the second nearest; far where there are none. */
function neighbourDistance(
  points: readonly PointPlace[],
  delaunay: Delaunay<number>,
  index: number,
): number {
  const [x, y] = points[index]!.at;
  const distances = [...delaunay.neighbors(index)]
    .map((other) => Math.hypot(points[other]!.at[0] - x, points[other]!.at[1] - y))
    .filter((distance) => distance > 0)
    .toSorted((a, b) => a - b);
  return distances[1] ?? distances[0] ?? Infinity;
}

function discOf(point: PointPlace, radius: number): Cell {
  return { ...point, ring: disc(point.at, radius) };
}

function disc([x, y]: XY, radius: number): readonly XY[] {
  return Array.from({ length: discCorners }, (_, corner): XY => {
    const angle = (corner / discCorners) * 2 * Math.PI;
    return [x + radius * Math.cos(angle), y + radius * Math.sin(angle)];
  });
}

function boxOf(points: readonly PointPlace[], reach: number): [number, number, number, number] {
  const xs = points.map(({ at }) => at[0]);
  const ys = points.map(({ at }) => at[1]);
  return [
    Math.min(...xs) - reach,
    Math.min(...ys) - reach,
    Math.max(...xs) + reach,
    Math.max(...ys) + reach,
  ];
}

/** What of `ring` lies within a convex polygon: Sutherland and Hodgman, 1974. */
function clippedBy(ring: readonly XY[], convex: readonly XY[]): readonly XY[] {
  const turn = Math.sign(signedArea(convex)) || 1;
  return convex.reduce<readonly XY[]>((kept, to, index) => {
    const from = convex.at(index - 1)!;
    const side = ([x, y]: XY): number =>
      turn * ((to[0] - from[0]) * (y - from[1]) - (to[1] - from[1]) * (x - from[0]));
    return kept.flatMap((point, at) => {
      const before = kept.at(at - 1)!;
      const [a, b] = [side(before), side(point)];
      const crossing: XY[] = a >= 0 === b >= 0 ? [] : [between(before, point, a / (a - b))];
      return b >= 0 ? [...crossing, point] : crossing;
    });
  }, ring);
}

function between([x0, y0]: XY, [x1, y1]: XY, share: number): XY {
  return [x0 + (x1 - x0) * share, y0 + (y1 - y0) * share];
}

function signedArea(ring: readonly XY[]): number {
  return ring.reduce((sum, [x1, y1], index) => {
    const [x0, y0] = ring.at(index - 1)!;
    return sum + (x0 * y1 - x1 * y0) / 2;
  }, 0);
}
