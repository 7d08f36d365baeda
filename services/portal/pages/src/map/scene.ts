// What is drawn, laid flat once for a projection: the base and a shape for each place. Drawing it anew for another view
// or other tones needs no geometry.
import type { Geometry } from 'geojson';
import { geoPath, type GeoProjection } from 'd3-geo';
import type { Atlas, Outline } from './atlas.ts';
import { cellsOf, reachOf, type PointPlace, type XY } from './cells.ts';
import { ownOutline } from './extent.ts';
import type { ShapedPlace } from './map-place.ts';
import type { Box } from './view.ts';

export interface Shape {
  readonly key: string;
  readonly path: Path2D;
  readonly box: Box;
  readonly centre: readonly [number, number];
  /** Cells are cut at the outline they lie in. */
  readonly clip: Path2D | null;
}

export interface BaseOutline {
  readonly name: string;
  readonly path: Path2D;
  readonly box: Box;
  readonly centre: readonly [number, number];
}

export interface Scene {
  readonly countries: readonly BaseOutline[];
  readonly states: readonly BaseOutline[];
  readonly shapes: readonly Shape[];
  /** Places that are in the list alone, for nobody knows where they are. */
  readonly unlocated: number;
  /** Of points: how far a place's cell reaches, in units of the drawing; 0 where places have outlines. */
  readonly reach: number;
}

export function sceneOf(
  places: readonly ShapedPlace[],
  level: string,
  atlas: Atlas,
  projection: GeoProjection,
  isStates: boolean,
): Scene {
  const outlined = new Map<string, Outline>();
  const points: (PointPlace & { readonly within: Outline | null })[] = [];
  const shapes: Shape[] = [];
  for (const { ranked, shape } of places) {
    const { key, name, within, lat, lon } = ranked.place;
    const own =
      level === 'country'
        ? atlas.find([name])
        : level === 'region'
          ? ownOutline(atlas, { within, name })
          : null;
    if (own !== null) outlined.set(key, own);
    else if (shape !== null) shapes.push(...flat(key, shape, projection));
    else if (lat !== null && lon !== null) {
      const at = projection([lon, lat]);
      if (at !== null) points.push({ key, at, within: atlas.find(within) });
    }
  }
  for (const [key, outline] of outlined) shapes.push(...drawn(key, outline, projection));
  const reach = points.length === 0 ? 0 : reachOf(points);
  shapes.push(...cellShapes(points, reach, projection));
  return {
    ...baseOf(atlas, projection, isStates),
    shapes,
    unlocated: places.length - shapes.length,
    reach,
  };
}

/**
 * An outline of straight lines between few points, like a hex, by its projected points: on the sphere a ring's turn says
 * which side is inside, and files (RFC 7946) and d3 turn the other way round.
 */
function flat(key: string, shape: Geometry, projection: GeoProjection): Shape[] {
  const polygons =
    shape.type === 'Polygon'
      ? [shape.coordinates]
      : shape.type === 'MultiPolygon'
        ? shape.coordinates
        : [];
  const rings = polygons.flat().map((ring) =>
    ring.flatMap(([lon, lat]): XY[] => {
      const at = projection([lon!, lat!]);
      return at === null ? [] : [at];
    }),
  );
  const all = rings.flat();
  return all.length < 3 ? [] : [{ key, path: pathOf(rings), clip: null, ...roomOf(all) }];
}

function pathOf(rings: readonly (readonly XY[])[]): Path2D {
  const path = new Path2D();
  for (const ring of rings) {
    for (const [index, [x, y]] of ring.entries()) {
      if (index === 0) path.moveTo(x, y);
      else path.lineTo(x, y);
    }
    path.closePath();
  }
  return path;
}

function roomOf(points: readonly XY[]): Pick<Shape, 'box' | 'centre'> {
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  const box: Box = [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
  return { box, centre: [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2] };
}

function drawn(
  key: string,
  shape: Parameters<ReturnType<typeof geoPath>>[0],
  projection: GeoProjection,
): Shape[] {
  const outline = outlineOf(shape, projection);
  return outline === null ? [] : [{ key, clip: null, ...outline }];
}

function outlineOf(
  shape: Parameters<ReturnType<typeof geoPath>>[0],
  projection: GeoProjection,
): { path: Path2D; box: Box; centre: readonly [number, number] } | null {
  const measure = geoPath(projection);
  const [[left, top], [right, bottom]] = measure.bounds(shape);
  if (!Number.isFinite(left) || !Number.isFinite(right)) return null;
  const path = new Path2D();
  geoPath(projection, path as unknown as CanvasRenderingContext2D)(shape);
  return { path, box: [left, top, right, bottom], centre: measure.centroid(shape) };
}

function cellShapes(
  points: readonly (PointPlace & { readonly within: Outline | null })[],
  reach: number,
  projection: GeoProjection,
): readonly Shape[] {
  const groups = Map.groupBy(points, ({ within }) => within);
  return [...groups].flatMap(([outline, group]) => {
    const clip = outline === null ? null : (outlineOf(outline, projection)?.path ?? null);
    return cellsOf(group, reach).map(({ key, at, ring }): Shape => ({
      key,
      path: pathOf([ring]),
      box: roomOf(ring).box,
      centre: at,
      clip,
    }));
  });
}

function baseOf(
  atlas: Atlas,
  projection: GeoProjection,
  isStates: boolean,
): Pick<Scene, 'countries' | 'states'> {
  const named = (outline: Outline): BaseOutline[] => {
    const drawing = outlineOf(outline, projection);
    return drawing === null ? [] : [{ name: outline.properties.name, ...drawing }];
  };
  return {
    // The composite of the states has insets, in which neighbours would stand in wrong places.
    countries: isStates ? [] : atlas.countries.flatMap(named),
    states: atlas.states.flatMap(named),
  };
}
