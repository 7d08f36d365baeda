// The map itself: two canvases, one with everything and one over it with what is pointed at, so that pointing draws
// little. The view is no part of the address: it follows from what is asked, and a hand moves it on.
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { useSize } from '../show/use-size.ts';
import type { Atlas } from './atlas.ts';
import { drawMap, drawMarked, readTones, shapeAt, type Drawing, type Tones } from './draw.ts';
import type { Places } from './ask-places.ts';
import { MapButtons } from './map-buttons.tsx';
import { fittedProjection, type Extent } from './projection.ts';
import { sceneOf, type Scene, type Shape } from './scene.ts';
import { useMoves } from './use-moves.ts';
import { around, viewOf, wholeView, zoomed, type View } from './view.ts';

interface MapCanvasProps {
  readonly places: Places;
  readonly level: string;
  readonly atlas: Atlas | null;
  readonly extent: Extent;
  readonly toneOf: (key: string) => string | null;
  /** Keys of the places of the wave that is picked: the others step back. */
  readonly inWave: ReadonlySet<string> | null;
  /** Keys of the places pointed at and open. */
  readonly pointed: string | null;
  readonly opened: string | null;
  readonly onPoint: (key: string | null) => void;
  readonly onOpen: (key: string) => void;
  readonly label: string;
}

export function MapCanvas(props: MapCanvasProps) {
  const { places, level, atlas, extent, toneOf, inWave, pointed, opened, onPoint, onOpen } = props;
  const box = useRef<HTMLDivElement>(null);
  const below = useRef<HTMLCanvasElement>(null);
  const above = useRef<HTMLCanvasElement>(null);
  const size = useSize(box);
  const [view, setView] = useState<View>(wholeView);
  const tones = useTones(box);
  const moves = useMoves(setView);
  const scene = useScene(places, level, atlas, extent, size);
  const drawing = useMemo(
    (): Drawing | null =>
      scene && {
        scene,
        view,
        ...size,
        toneOf,
        inWave,
        isWholeStates: extent.isStates,
        isWholeCountries: extent.isCountries,
      },
    [scene, view, size, toneOf, inWave, extent],
  );
  useEffect(() => setView(wholeView), [places.about]);
  useDrawn(below, size, (context) => drawing && tones && drawMap(context, drawing, tones), [
    drawing,
    tones,
  ]);
  const shapes = useMemo(
    () => new Map(scene?.shapes.map((shape): [string, Shape] => [shape.key, shape])),
    [scene],
  );
  const marked = [opened, pointed].map((key) => (key === null ? undefined : shapes.get(key)));
  useDrawn(
    above,
    size,
    (context) => drawing && tones && drawMarked(context, drawing, marked, tones),
    [drawing, tones, pointed, opened],
  );
  useShown(opened === null ? undefined : shapes.get(opened), size, setView);
  useWaveShown(inWave, shapes, size, setView);
  useWheel(above, moves.wheel);
  const at = (event: PointerEvent): Shape | undefined => {
    const context = below.current?.getContext('2d');
    return drawing && context ? shapeAt(context, drawing, event.offsetX, event.offsetY) : undefined;
  };
  return (
    <div class="map-window" ref={box}>
      <canvas ref={below} aria-hidden="true" />
      <canvas
        ref={above}
        class="map-hand"
        tabIndex={0}
        role="application"
        aria-roledescription="map"
        aria-label={props.label}
        onKeyDown={(event) => {
          if (moves.key(event, size.width, size.height)) event.preventDefault();
        }}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          moves.down(event);
        }}
        onPointerMove={(event) => {
          moves.move(event);
          if (!moves.isDragging()) onPoint(at(event)?.key ?? null);
        }}
        onPointerUp={(event) => {
          const shape = moves.up(event) ? at(event) : undefined;
          if (shape !== undefined) onOpen(shape.key);
        }}
        onPointerCancel={(event) => void moves.up(event)}
        onPointerLeave={() => onPoint(null)}
      />
      <MapButtons
        zoom={(by) => setView((now) => zoomed(now, by, size.width / 2, size.height / 2))}
        whole={() => setView(wholeView)}
      />
    </div>
  );
}

/** Geometry is laid flat anew when the places, the base or the window are others; the view stays. */
function useScene(
  places: Places,
  level: string,
  atlas: Atlas | null,
  extent: Extent,
  { width, height }: { width: number; height: number },
): Scene | null {
  // What the map is about decides how the earth is laid flat, and not what comes and goes with the time range.
  const projection = useMemo(
    () => (width === 0 || !places.isKnown ? null : fittedProjection(extent, width, height)),
    // oxlint-disable-next-line react-hooks/exhaustive-deps
    [places.about, places.shown.length === 0, atlas === null, width, height, extent.isStates],
  );
  return useMemo(
    () =>
      atlas === null || projection === null
        ? null
        : sceneOf(places.shown, level, atlas, projection, extent.isStates),
    // oxlint-disable-next-line react-hooks/exhaustive-deps
    [places.shown, atlas, projection],
  );
}

/** Draws once for a frame, in the pixels of the screen. */
function useDrawn(
  canvas: { readonly current: HTMLCanvasElement | null },
  { width, height }: { width: number; height: number },
  draw: (context: CanvasRenderingContext2D) => void,
  inputs: readonly unknown[],
): void {
  useEffect(() => {
    const element = canvas.current;
    if (element === null || width === 0) return undefined;
    const frame = requestAnimationFrame(() => {
      const ratio = Math.min(2, window.devicePixelRatio || 1);
      const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
      if (element.width !== w || element.height !== h) {
        element.width = w;
        element.height = h;
      }
      const context = element.getContext('2d');
      if (context !== null) draw(context);
    });
    return () => cancelAnimationFrame(frame);
    // oxlint-disable-next-line react-hooks/exhaustive-deps
  }, [width, height, ...inputs]);
}

/** Colours of the theme, read again when the system turns light or dark. */
function useTones(beside: { readonly current: HTMLElement | null }): Tones | null {
  const [tones, setTones] = useState<Tones | null>(null);
  useEffect(() => {
    const read = (): void => {
      if (beside.current !== null) setTones(readTones(beside.current));
    };
    read();
    const dark = window.matchMedia('(prefers-color-scheme: dark)');
    dark.addEventListener('change', read);
    return () => dark.removeEventListener('change', read);
  }, [beside]);
  return tones;
}

/** A place that is opened from the list or by an address comes into view; one that is in view moves nothing. */
function useShown(
  shape: Shape | undefined,
  { width, height }: { width: number; height: number },
  setView: (change: (view: View) => View) => void,
): void {
  const key = shape?.key;
  useEffect(() => {
    if (shape === undefined || width === 0) return;
    setView((view) => {
      const [left, top, right, bottom] = shape.box;
      const isSeen =
        left * view.k + view.x < width * 0.95 &&
        right * view.k + view.x > width * 0.05 &&
        top * view.k + view.y < height * 0.95 &&
        bottom * view.k + view.y > height * 0.05;
      return isSeen ? view : viewOf(shape.box, width, height);
    });
    // oxlint-disable-next-line react-hooks/exhaustive-deps
  }, [key]);
}

/** A wave that is picked comes into view as a whole. */
function useWaveShown(
  inWave: ReadonlySet<string> | null,
  shapes: ReadonlyMap<string, Shape>,
  { width, height }: { width: number; height: number },
  setView: (view: View) => void,
): void {
  const isReady = shapes.size > 0 && width > 0;
  // The places of a wave are the same for every time range: the view moves when another wave is picked.
  const wave = inWave === null ? '' : [...inWave].toSorted().slice(0, 3).join();
  useEffect(() => {
    const found = [...(inWave ?? [])].map((key) => shapes.get(key)?.box);
    const boxes = found.filter((box) => box !== undefined);
    if (isReady && boxes.length > 0) setView(viewOf(around(boxes), width, height));
    // oxlint-disable-next-line react-hooks/exhaustive-deps
  }, [wave, isReady]);
}

/** Wheels must be listened to actively, or the page scrolls along. */
function useWheel(
  canvas: { readonly current: HTMLCanvasElement | null },
  wheel: (event: WheelEvent) => void,
): void {
  const listen = useCallback(wheel, [wheel]);
  useEffect(() => {
    const element = canvas.current;
    element?.addEventListener('wheel', listen, { passive: false });
    return () => element?.removeEventListener('wheel', listen);
  }, [canvas, listen]);
}
