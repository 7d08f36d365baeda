// Where everything of the chart of an alert is drawn. Pure.
import type { AlertAnswer } from '../../../alerts/answers.ts';
import { numberTicks } from '../show/ticks.ts';

type Count = AlertAnswer['counts'][number];

export interface BandFrame {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  /** Of a moment in ms since the epoch, and of a count, in pixels. */
  readonly x: (at: number) => number;
  readonly y: (value: number) => number;
  readonly values: readonly number[];
  readonly times: readonly TimeTick[];
  /** Those within the chart; `isLate` ones have their name on the left. */
  readonly events: readonly (ChartEvent & { readonly isLate: boolean; readonly row: number })[];
  readonly line: string;
  readonly band: string;
  /** Where there is one count alone, which is no line. */
  readonly dot: { readonly x: number; readonly y: number } | null;
  /** Heights of the names at the right end, apart from each other. */
  readonly names: { readonly line: number; readonly band: number };
  /** Index of the count nearest to a pixel. */
  readonly nearest: (px: number) => number | null;
}

export interface ChartEvent {
  readonly at: number;
  readonly text: string;
}

export interface TimeTick {
  readonly at: number;
  readonly text: string;
}

const margin = { left: 36, right: 68, top: 8, bottom: 20 };
const quarterMs = 15 * 60_000;
const hourMs = 4 * quarterMs;
const nameHeight = 14;

export function bandFrame(
  counts: readonly Count[],
  events: readonly ChartEvent[],
  width: number,
  height: number,
): BandFrame {
  const points = counts.map((count) => ({ ...count, at: Date.parse(count.start) }));
  const first = points[0]?.at ?? 0;
  const last = points.at(-1)?.at ?? first;
  const values = numberTicks(
    Math.max(1, ...points.map(({ customers, high }) => Math.max(customers, high ?? 0))),
    4,
  ).filter(Number.isInteger);
  const most = Math.max(values.at(-1) ?? 1, 1);
  const [left, right] = [margin.left, width - margin.right];
  const [top, bottom] = [margin.top, height - margin.bottom];
  const x = (at: number): number =>
    last === first ? (left + right) / 2 : left + ((at - first) / (last - first)) * (right - left);
  const y = (value: number): number => bottom - (value / most) * (bottom - top);
  const end = points.at(-1);
  const judged = points.flatMap(({ at, low, high }) =>
    low === null || high === null ? [] : [{ at, low, high }],
  );
  const lastJudged = judged.at(-1);
  return {
    left,
    right,
    top,
    bottom,
    x,
    y,
    values,
    times: hourTicks(first, last, Math.max(2, Math.floor((right - left) / 72))),
    events: events
      .filter(({ at }) => at >= first && at <= last + quarterMs)
      .map((event, row) => ({ ...event, row, isLate: x(event.at) > (left + right) / 2 })),
    line: pathOf(points.map((point) => [x(point.at), y(point.customers)])),
    band: bandPath(judged, x, y, last === first ? (right - left) / 2 : 0),
    dot: points.length === 1 && end !== undefined ? { x: x(end.at), y: y(end.customers) } : null,
    names:
      end === undefined || lastJudged === undefined
        ? { line: top, band: bottom }
        : apart(y(end.customers) + 4, y((lastJudged.low + lastJudged.high) / 2) + 4, bottom),
    nearest: (px) =>
      nearestIndex(
        points.map(({ at }) => x(at)),
        px,
      ),
  };
}

function bandPath(
  points: readonly { readonly at: number; readonly low: number; readonly high: number }[],
  x: (at: number) => number,
  y: (value: number) => number,
  spread: number,
): string {
  // One count alone has its band over the whole width.
  const edges =
    spread === 0
      ? points.map((each) => ({ ...each, px: x(each.at) }))
      : points.flatMap((each) => [
          { ...each, px: x(each.at) - spread },
          { ...each, px: x(each.at) + spread },
        ]);
  const above = edges.map(({ px, high }): [number, number] => [px, y(high)]);
  const below = edges.map(({ px, low }): [number, number] => [px, y(low)]).toReversed();
  return above.length === 0 ? '' : `${pathOf([...above, ...below])}Z`;
}

function pathOf(points: readonly (readonly [number, number])[]): string {
  return points
    .map(([px, py], index) => `${index === 0 ? 'M' : 'L'}${px.toFixed(1)} ${py.toFixed(1)}`)
    .join('');
}

/** Two names at the right end that do not cover each other, the line's above where it ends above. */
function apart(line: number, band: number, bottom: number): BandFrame['names'] {
  if (Math.abs(line - band) >= nameHeight) return { line, band };
  const isAbove = line <= band;
  const upper = Math.min((line + band - nameHeight) / 2, bottom - nameHeight);
  return isAbove
    ? { line: upper, band: upper + nameHeight }
    : { band: upper, line: upper + nameHeight };
}

/** Whole hours (UTC) in steps of 1, 2, 3, 6, 12 or days; the day is named where it begins, and at the first. */
export function hourTicks(fromMs: number, toMs: number, most: number): readonly TimeTick[] {
  const step =
    [1, 2, 3, 6, 12, 24, 48, 96, 168].find((hours) => (toMs - fromMs) / (hours * hourMs) <= most) ??
    336;
  const ticks: TimeTick[] = [];
  for (
    let at = Math.ceil(fromMs / (step * hourMs)) * step * hourMs;
    at <= toMs;
    at += step * hourMs
  ) {
    ticks.push({ at, text: tickText(at, ticks.length === 0) });
  }
  return ticks.length > 0 ? ticks : [{ at: fromMs, text: tickText(fromMs, true) }];
}

const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

function tickText(at: number, isFirst: boolean): string {
  const day = new Date(at);
  const date = `${day.getUTCDate()} ${months[day.getUTCMonth()]}`;
  const time = day.toISOString().slice(11, 16);
  if (time === '00:00') return date;
  return isFirst ? `${date} ${time}` : time;
}

function nearestIndex(all: readonly number[], px: number): number | null {
  let best: number | null = null;
  for (const [index, each] of all.entries()) {
    if (best === null || Math.abs(each - px) < Math.abs(all[best]! - px)) best = index;
  }
  return best;
}
