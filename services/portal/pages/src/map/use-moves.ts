// Moving the map: drag, pinch, wheel and keys become views.
import { useMemo, useRef } from 'preact/hooks';
import { moved, wholeView, zoomed, type View } from './view.ts';

type Step = (view: View) => View;

export interface Moves {
  /** @returns true where the event was one of the map's. */
  readonly key: (event: KeyboardEvent, width: number, height: number) => boolean;
  readonly wheel: (event: WheelEvent) => void;
  readonly down: (event: PointerEvent) => void;
  readonly move: (event: PointerEvent) => void;
  /** @returns true for a press without a drag. */
  readonly up: (event: PointerEvent) => boolean;
  readonly isDragging: () => boolean;
}

const clickWithinPx = 4;
const stepPx = 64;
const zoomStep = 1.5;

export function useMoves(change: (step: Step) => void): Moves {
  const pointers = useRef(new Map<number, { x: number; y: number }>());
  const travelled = useRef(0);
  return useMemo(
    () => ({
      key: (event, width, height) => {
        const step = keyStep(event, width / 2, height / 2);
        if (step === null) return false;
        change(step);
        return true;
      },
      wheel: (event) => {
        event.preventDefault();
        // Lines and pages of old mice in pixels; a trackpad's pinch comes as a wheel with Control.
        const pixels = event.deltaY * [1, 16, 400][event.deltaMode]!;
        const by = Math.exp(-pixels * (event.ctrlKey ? 0.01 : 0.002));
        change((view) => zoomed(view, by, event.offsetX, event.offsetY));
      },
      down: (event) => {
        travelled.current = 0;
        pointers.current.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
      },
      move: (event) => {
        const before = pointers.current.get(event.pointerId);
        if (before === undefined) return;
        const now = { x: event.offsetX, y: event.offsetY };
        travelled.current += Math.hypot(now.x - before.x, now.y - before.y);
        const other = [...pointers.current].find(([id]) => id !== event.pointerId)?.[1];
        pointers.current.set(event.pointerId, now);
        if (travelled.current <= clickWithinPx) return;
        if (other === undefined) change((view) => moved(view, now.x - before.x, now.y - before.y));
        else change((view) => pinched(view, before, now, other));
      },
      up: (event) => {
        const wasDown = pointers.current.delete(event.pointerId);
        return wasDown && event.type === 'pointerup' && travelled.current <= clickWithinPx;
      },
      isDragging: () => pointers.current.size > 0 && travelled.current > clickWithinPx,
    }),
    [change],
  );
}

function keyStep(
  { key, ctrlKey, metaKey, altKey }: KeyboardEvent,
  x: number,
  y: number,
): Step | null {
  if (ctrlKey || metaKey || altKey) return null;
  switch (key) {
    case '+':
    case '=':
      return (view) => zoomed(view, zoomStep, x, y);
    case '-':
    case '_':
      return (view) => zoomed(view, 1 / zoomStep, x, y);
    case '0':
      return () => wholeView;
    case 'ArrowLeft':
      return (view) => moved(view, stepPx, 0);
    case 'ArrowRight':
      return (view) => moved(view, -stepPx, 0);
    case 'ArrowUp':
      return (view) => moved(view, 0, stepPx);
    case 'ArrowDown':
      return (view) => moved(view, 0, -stepPx);
    default:
      return null;
  }
}

interface At {
  readonly x: number;
  readonly y: number;
}

/** One finger moved from `before` to `now` while `other` stood. */
function pinched(view: View, before: At, now: At, other: At): View {
  const apart = (a: At): number => Math.max(8, Math.hypot(a.x - other.x, a.y - other.y));
  return zoomed(view, apart(now) / apart(before), other.x, other.y);
}
