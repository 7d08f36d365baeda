// The scene on a canvas: water, land, places in their tones, borders, names. And over it what the reader points at.
import type { BaseOutline, Scene, Shape } from './scene.ts';
import { toDrawing, toWindow, type Box, type View } from './view.ts';

/** Colours of the theme that is on, as the browser says them. */
export type Tones = Readonly<Record<ToneName, string>>;
const toneNames = [
  'map-water',
  'map-land',
  'map-line',
  'map-none',
  'map-withheld',
  'map-edge',
  'text',
  'text-2',
  'ground',
  'accent',
  'mark-2',
  'scale-1',
  'scale-2',
  'scale-3',
  'scale-4',
  'scale-5',
  'scale-6',
] as const;
type ToneName = (typeof toneNames)[number];

export interface Drawing {
  readonly scene: Scene;
  readonly view: View;
  readonly width: number;
  readonly height: number;
  /** The token of a place's tone; null for a place that is not in the answer. */
  readonly toneOf: (key: string) => string | null;
  /** Where a wave is picked all that is not of it steps back. */
  readonly inWave: ReadonlySet<string> | null;
  /** All states are places or none: those without tickets have the tone of "no data". */
  readonly isWholeStates: boolean;
  readonly isWholeCountries: boolean;
}

/** Reads what the tokens are in the theme that is on; `light-dark()` is resolved by the browser alone. */
export function readTones(beside: Element): Tones {
  const probe = document.createElement('span');
  probe.hidden = true;
  beside.append(probe);
  const tones = Object.fromEntries(
    toneNames.map((name) => {
      probe.style.color = `var(--${name})`;
      return [name, getComputedStyle(probe).color];
    }),
  ) as Record<ToneName, string>;
  probe.remove();
  return tones;
}

export function drawMap(context: CanvasRenderingContext2D, drawing: Drawing, tones: Tones): void {
  const { scene, view, isWholeStates, isWholeCountries } = drawing;
  begin(context, drawing);
  context.fillStyle = tones['map-water'];
  context.fillRect(0, 0, drawing.width, drawing.height);
  lay(context, view);
  const seen = seenBy(drawing);
  const countries = scene.countries.filter(seen);
  const states = isWholeCountries ? [] : scene.states.filter(seen);
  fill(context, joined(countries), tones[isWholeCountries ? 'map-none' : 'map-land']);
  if (isWholeStates) fill(context, joined(states), tones['map-none']);
  fillPlaces(context, drawing, scene.shapes.filter(seen), tones);
  stroke(context, joined(countries), tones['map-line'], 1 / view.k);
  stroke(context, joined(states), tones[isWholeStates ? 'map-edge' : 'map-line'], 0.75 / view.k);
  names(context, drawing, [...countries, ...states], tones);
}

/** The outline of the place pointed at and of the one that is open. */
export function drawMarked(
  context: CanvasRenderingContext2D,
  drawing: Drawing,
  marked: readonly (Shape | undefined)[],
  tones: Tones,
): void {
  const { view } = drawing;
  begin(context, drawing);
  context.clearRect(0, 0, drawing.width, drawing.height);
  for (const shape of marked) {
    if (shape === undefined) continue;
    lay(context, view);
    context.lineJoin = 'round';
    stroke(context, shape.path, tones.ground, 5 / view.k);
    stroke(context, shape.path, tones.text, 2 / view.k);
    const [left, , right] = shape.box;
    if ((right - left) * view.k > 12) continue;
    // Too small to be found: a ring around it.
    begin(context, drawing);
    context.beginPath();
    const [x, y] = toWindow(view, shape.centre);
    context.arc(x, y, 10, 0, 2 * Math.PI);
    context.strokeStyle = tones.text;
    context.lineWidth = 2;
    context.stroke();
  }
}

/** The place at a pixel of the window. */
export function shapeAt(
  context: CanvasRenderingContext2D,
  { scene, view }: Drawing,
  px: number,
  py: number,
): Shape | undefined {
  const [x, y] = toDrawing(view, px, py);
  // A finger and a mouse are not exact: what is too small to be hit is hit from a few pixels away.
  const near = 4 / view.k;
  const within = scene.shapes.filter(
    ({ box: [left, top, right, bottom] }) =>
      x >= left - near && x <= right + near && y >= top - near && y <= bottom + near,
  );
  context.setTransform(1, 0, 0, 1, 0, 0);
  const hit = within.findLast(({ path }) => context.isPointInPath(path, x, y));
  if (hit !== undefined) return hit;
  const small = within.filter(({ box: [left, , right] }) => (right - left) * view.k < 8);
  return small.toSorted((a, b) => distance(a, x, y) - distance(b, x, y))[0];
}

function distance({ centre }: Shape, x: number, y: number): number {
  return Math.hypot(centre[0] - x, centre[1] - y);
}

/** One path for each tone and outline: a fill for a thousand cells costs as much as for one. */
function fillPlaces(
  context: CanvasRenderingContext2D,
  { toneOf, inWave, view, scene }: Drawing,
  shapes: readonly Shape[],
  tones: Tones,
): void {
  const groups = new Map<Path2D | null, Map<string, Path2D>>();
  for (const { key, path, clip } of shapes) {
    const tone = toneOf(key);
    if (tone === null) continue;
    const tonesOf = groups.get(clip) ?? new Map<string, Path2D>();
    groups.set(clip, tonesOf);
    const name = `${tone}${inWave?.has(key) === false ? ' dimmed' : ''}`;
    const all = tonesOf.get(name) ?? new Path2D();
    tonesOf.set(name, all);
    all.addPath(path);
  }
  const sizes = shapes.map(({ box: [left, , right] }) => (right - left) * view.k);
  const isEdged = scene.reach > 0 ? view.k > 4 : median(sizes) > 5;
  for (const [clip, paths] of groups) {
    context.save();
    if (clip !== null) context.clip(clip);
    for (const [name, path] of paths) {
      const [tone, dimmed] = name.split(' ');
      context.globalAlpha = dimmed === undefined ? 1 : 0.22;
      fill(context, path, tones[tone as ToneName]);
      if (isEdged) stroke(context, path, tones['map-edge'], 0.75 / view.k);
    }
    context.restore();
  }
}

/** Names of states and countries, where they have room and nothing else is called so. */
function names(
  context: CanvasRenderingContext2D,
  drawing: Drawing,
  outlines: readonly BaseOutline[],
  tones: Tones,
): void {
  const { view } = drawing;
  begin(context, drawing);
  context.font = `12px ${getComputedStyle(context.canvas).fontFamily}`;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.lineJoin = 'round';
  for (const { name, box, centre } of outlines) {
    const room = (box[2] - box[0]) * view.k;
    if (room < context.measureText(name).width * 1.35 || (box[3] - box[1]) * view.k < 20) continue;
    const [x, y] = toWindow(view, centre);
    // A name cut by the edge reads as another one.
    const half = context.measureText(name).width / 2 + 4;
    if (x < half || x > drawing.width - half || y < 8 || y > drawing.height - 8) continue;
    context.strokeStyle = tones.ground;
    context.lineWidth = 3;
    context.strokeText(name, x, y);
    context.fillStyle = tones.text;
    context.fillText(name, x, y);
  }
}

function begin(context: CanvasRenderingContext2D, { width }: Drawing): void {
  const ratio = context.canvas.width / Math.max(1, width);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
}

function lay(context: CanvasRenderingContext2D, { k, x, y }: View): void {
  const ratio = context.getTransform().a;
  context.setTransform(ratio * k, 0, 0, ratio * k, ratio * x, ratio * y);
}

function seenBy({ view, width, height }: Drawing): (item: { readonly box: Box }) => boolean {
  const [left, top] = toDrawing(view, 0, 0);
  const [right, bottom] = toDrawing(view, width, height);
  return ({ box }) => box[0] <= right && box[2] >= left && box[1] <= bottom && box[3] >= top;
}

function joined(outlines: readonly BaseOutline[]): Path2D {
  const all = new Path2D();
  for (const { path } of outlines) all.addPath(path);
  return all;
}

function fill(context: CanvasRenderingContext2D, path: Path2D, style: string): void {
  context.fillStyle = style;
  context.fill(path);
}

function stroke(
  context: CanvasRenderingContext2D,
  path: Path2D,
  style: string,
  width: number,
): void {
  context.strokeStyle = style;
  context.lineWidth = width;
  context.stroke(path);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
