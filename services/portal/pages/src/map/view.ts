// How the drawn map lies in its window: magnified and moved. Pure.

export type Box = readonly [left: number, top: number, right: number, bottom: number];

export interface View {
  readonly k: number;
  readonly x: number;
  readonly y: number;
}

export const wholeView: View = { k: 1, x: 0, y: 0 };

/** Shown of its own accord, a place or a wave fills a third of the window and keeps its surroundings. */
const shareToFill = 0.34;
const mostToShow = 8;

const least = 0.5;
const most = 400;

/** Magnifies so that what lies at [px, py] stays there. */
export function zoomed(view: View, by: number, px: number, py: number): View {
  const k = Math.min(most, Math.max(least, view.k * by));
  const ratio = k / view.k;
  return { k, x: px - (px - view.x) * ratio, y: py - (py - view.y) * ratio };
}

export function moved(view: View, dx: number, dy: number): View {
  return { ...view, x: view.x + dx, y: view.y + dy };
}

/** A place of the drawing in pixels of the window, and back. */
export function toWindow({ k, x, y }: View, [px, py]: readonly [number, number]): [number, number] {
  return [px * k + x, py * k + y];
}

export function toDrawing({ k, x, y }: View, px: number, py: number): [number, number] {
  return [(px - x) / k, (py - y) / k];
}

/** The box around boxes. */
export function around(boxes: readonly Box[]): Box {
  return [
    Math.min(...boxes.map(([left]) => left)),
    Math.min(...boxes.map(([, top]) => top)),
    Math.max(...boxes.map(([, , right]) => right)),
    Math.max(...boxes.map(([, , , bottom]) => bottom)),
  ];
}

/** The view in which a box of the drawing lies in the middle of the window. */
export function viewOf([left, top, right, bottom]: Box, width: number, height: number): View {
  const k = Math.min(
    mostToShow,
    Math.max(
      1,
      shareToFill *
        Math.min(width / Math.max(1e-6, right - left), height / Math.max(1e-6, bottom - top)),
    ),
  );
  return {
    k,
    x: width / 2 - (k * (left + right)) / 2,
    y: height / 2 - (k * (top + bottom)) / 2,
  };
}
