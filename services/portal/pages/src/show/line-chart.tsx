// A figure over time: line, interval of each point, expected band behind, events marked. The pointer and the arrow keys
// read exact values, which stand beside the title.
import { useRef, useState } from 'preact/hooks';
import { ChartFrame } from './chart-frame.tsx';
import type { Column } from './csv.ts';
import { decimalText, intervalText, shortText } from './figures.ts';
import { numberTicks, timeTicks } from './ticks.ts';
import { useSize } from './use-size.ts';

export interface Point {
  /** Start of its bucket, ms since the epoch. */
  readonly at: number;
  /** Null for a gap: withheld or unknown. */
  readonly value: number | null;
  readonly low?: number;
  readonly high?: number;
}

interface LineChartProps {
  readonly title: string;
  /** Of the CSV file. */
  readonly name: string;
  readonly unit: string;
  readonly points: readonly Point[];
  /** Where values lie by chance alone. */
  readonly expected?: { readonly low: number; readonly high: number; readonly text: string };
  readonly events?: readonly { readonly at: number; readonly text: string }[];
  readonly height?: number;
}

const margin = { left: 40, right: 8, top: 8, bottom: 20 };

export function LineChart(props: LineChartProps) {
  const { title, name, unit, points, expected, events = [], height = 160 } = props;
  const [at, setAt] = useState<number | null>(null);
  const box = useRef<HTMLDivElement>(null);
  const { width } = useSize(box);
  const frame = frameOf(props, Math.max(width, 160), height);
  const { x, y } = frame;
  const read = at === null ? undefined : points[Math.min(at, points.length - 1)];
  const columns: readonly Column<Point>[] = [
    { title: 'From (UTC)', of: (point) => dayOf(point.at) },
    { title: unit, of: ({ value }) => value, isNumber: true },
    { title: 'low', of: ({ low }) => low ?? null, isNumber: true },
    { title: 'high', of: ({ high }) => high ?? null, isNumber: true },
  ];
  return (
    <ChartFrame
      title={title}
      name={name}
      columns={columns}
      rows={points}
      note={<span aria-live="polite">{read !== undefined && readText(read, unit)}</span>}
    >
      <div
        ref={box}
        class="line-chart"
        tabIndex={0}
        role="group"
        aria-label={`${title}: arrow keys read the values`}
        onKeyDown={(event) => {
          const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
          if (step === 0 || points.length === 0) return;
          event.preventDefault();
          const from = at ?? (step > 0 ? -1 : points.length);
          setAt(Math.max(0, Math.min(points.length - 1, from + step)));
        }}
        onPointerMove={(event) => setAt(nearest(points, event.offsetX, x))}
        onPointerLeave={() => setAt(null)}
        onBlur={() => setAt(null)}
      >
        {width > 0 && (
          <svg width={width} height={height} aria-hidden="true">
            {frame.ticks.map((tick) => (
              <g key={tick} class="tick">
                <line x1={margin.left} x2={width - margin.right} y1={y(tick)} y2={y(tick)} />
                <text x={margin.left - 6} y={y(tick) + 4} text-anchor="end">
                  {shortText(tick)}
                </text>
              </g>
            ))}
            {frame.days.map((tick) => (
              <text key={tick.at} class="tick" x={x(tick.at)} y={height - 4} text-anchor="middle">
                {tick.text}
              </text>
            ))}
            {expected !== undefined && (
              <g class="expected">
                <rect
                  x={margin.left}
                  width={Math.max(0, width - margin.left - margin.right)}
                  y={y(expected.high)}
                  height={Math.max(1, y(expected.low) - y(expected.high))}
                />
                <text x={width - margin.right - 4} y={y(expected.high) - 4} text-anchor="end">
                  {expected.text}
                </text>
              </g>
            )}
            {events.map((event) => (
              <g key={`${event.at} ${event.text}`} class="event">
                <line x1={x(event.at)} x2={x(event.at)} y1={margin.top} y2={frame.bottom} />
                <text x={x(event.at) + 4} y={margin.top + 8}>
                  {event.text}
                </text>
              </g>
            ))}
            <path class="interval" d={intervalsPath(points, frame)} />
            <path class="line" d={linePath(points, frame)} />
            {read !== undefined && (
              <g class="read">
                <line x1={x(read.at)} x2={x(read.at)} y1={margin.top} y2={frame.bottom} />
                {read.value !== null && <circle cx={x(read.at)} cy={y(read.value)} r="4" />}
              </g>
            )}
          </svg>
        )}
      </div>
    </ChartFrame>
  );
}

interface Frame {
  readonly x: (at: number) => number;
  readonly y: (value: number) => number;
  readonly ticks: readonly number[];
  readonly days: readonly { readonly at: number; readonly text: string }[];
  readonly bottom: number;
}

/** The value axis starts at 0: counts and rates are compared by their height. */
function frameOf({ points, expected }: LineChartProps, width: number, height: number): Frame {
  const most = Math.max(
    expected?.high ?? 0,
    ...points.map(({ value, high }) => Math.max(value ?? 0, high ?? 0)),
  );
  const ticks = numberTicks(most || 1);
  const top = ticks.at(-1)!;
  const bottom = height - margin.bottom;
  const first = points[0]?.at ?? 0;
  const last = points.at(-1)?.at ?? 1;
  const inner = width - margin.left - margin.right;
  const x = (at: number): number =>
    margin.left + (last === first ? inner / 2 : ((at - first) / (last - first)) * inner);
  const y = (value: number): number => bottom - (value / top) * (bottom - margin.top);
  return { x, y, ticks, bottom, days: timeTicks(first, last + 1, Math.floor(width / 64)) };
}

function linePath(points: readonly Point[], { x, y }: Frame): string {
  let isPen = false;
  return points
    .map(({ at, value }) => {
      const command = value === null ? '' : `${isPen ? 'L' : 'M'}${x(at)} ${y(value)}`;
      isPen = value !== null;
      return command;
    })
    .join('');
}

function intervalsPath(points: readonly Point[], { x, y }: Frame): string {
  return points
    .map(({ at, low, high }) =>
      low === undefined || high === undefined ? '' : `M${x(at)} ${y(low)}V${y(high)}`,
    )
    .join('');
}

function nearest(points: readonly Point[], px: number, x: (at: number) => number): number | null {
  let best: number | null = null;
  for (const [index, point] of points.entries()) {
    const distance = Math.abs(x(point.at) - px);
    if (best === null || distance < Math.abs(x(points[best]!.at) - px)) best = index;
  }
  return best;
}

function readText({ at, value, low, high }: Point, unit: string): string {
  if (value === null) return `${dayOf(at)}: withheld or not known`;
  const interval =
    low !== undefined && high !== undefined ? `, ${intervalText({ low, high })}` : '';
  return `${dayOf(at)}: ${decimalText(value)} ${unit}${interval}`;
}

function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}
