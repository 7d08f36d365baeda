// Customers in each quarter of an hour against the band of what is usual. Named in place; the pointer and the arrow keys
// read exact values.
import { useRef, useState } from 'preact/hooks';
import type { AlertAnswer } from '../../../alerts/answers.ts';
import { charted } from '../../../alerts/counts-by-hour.ts';
import { ChartFrame } from '../show/chart-frame.tsx';
import type { Column } from '../show/csv.ts';
import { countText, intervalText } from '../show/figures.ts';
import { useSize } from '../show/use-size.ts';
import { bandFrame, type BandFrame } from './band-frame.ts';
import { aboutText } from './words.ts';

export type Count = AlertAnswer['counts'][number];

const columns: readonly Column<Count>[] = [
  { title: 'From (UTC)', of: ({ start }) => start.slice(0, 16).replace('T', ' ') },
  { title: 'Customers', of: ({ customers }) => customers, isNumber: true },
  {
    title: 'Expected',
    of: ({ expected }) => (expected === null ? null : Math.round(expected * 100) / 100),
    isNumber: true,
  },
  { title: 'Usual from', of: ({ low }) => low, isNumber: true },
  { title: 'Usual to', of: ({ high }) => high, isNumber: true },
];
const height = 220;
const titles = {
  quarter: 'Customers in each quarter of an hour',
  hour: 'Customers in each hour',
} as const;

export function BandChart({
  counts: all,
  alert,
}: {
  counts: readonly Count[];
  alert: Pick<AlertAnswer['alert'], 'id' | 'detectedAt' | 'acknowledgedAt' | 'resolvedAt'>;
}) {
  const { counts, bucket } = charted(all);
  const title = titles[bucket];
  const [at, setAt] = useState<number | null>(null);
  const box = useRef<HTMLDivElement>(null);
  const { width } = useSize(box);
  const frame = bandFrame(counts, eventsOf(alert), Math.max(width, 160), height);
  const read = at === null ? undefined : counts[Math.min(at, counts.length - 1)];
  return (
    <ChartFrame
      title={title}
      level={2}
      name={`alert-${alert.id.replaceAll(/[^\w-]/g, '')}`}
      columns={columns}
      rows={counts}
      note={<span aria-live="polite">{read !== undefined && readText(read)}</span>}
    >
      <div
        ref={box}
        class="line-chart band-chart"
        tabIndex={0}
        role="group"
        aria-label={`${title}: arrow keys read the values`}
        onKeyDown={(event) => {
          const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
          if (step === 0) return;
          event.preventDefault();
          const from = at ?? (step > 0 ? -1 : counts.length);
          setAt(Math.max(0, Math.min(counts.length - 1, from + step)));
        }}
        onPointerMove={(event) => setAt(frame.nearest(event.offsetX))}
        onPointerLeave={() => setAt(null)}
        onBlur={() => setAt(null)}
      >
        {width > 0 && <Drawing frame={frame} width={width} read={read} />}
      </div>
    </ChartFrame>
  );
}

function Drawing({
  frame,
  width,
  read,
}: {
  frame: BandFrame;
  width: number;
  read: Count | undefined;
}) {
  const { left, right, top, bottom, x, y } = frame;
  return (
    <svg width={width} height={height} aria-hidden="true">
      {frame.values.map((value) => (
        <g key={value} class="tick">
          <line x1={left} x2={right} y1={y(value)} y2={y(value)} />
          <text x={left - 6} y={y(value) + 4} text-anchor="end">
            {countText(value)}
          </text>
        </g>
      ))}
      {frame.times.map(({ at, text }) => (
        <text key={at} class="tick" x={x(at)} y={height - 4} text-anchor="middle">
          {text}
        </text>
      ))}
      <path class="band" d={frame.band} />
      {frame.events.map((event) => (
        <g key={event.text} class="band-event">
          <line x1={x(event.at)} x2={x(event.at)} y1={top} y2={bottom} />
          <text
            x={x(event.at) + (event.isLate ? -4 : 4)}
            y={top + 8 + event.row * 14}
            text-anchor={event.isLate ? 'end' : 'start'}
          >
            {event.text}
          </text>
        </g>
      ))}
      <path class="line" d={frame.line} />
      {frame.dot !== null && <circle class="dot" cx={frame.dot.x} cy={frame.dot.y} r="3" />}
      <text class="band-name is-line" x={right + 6} y={frame.names.line}>
        customers
      </text>
      <text class="band-name" x={right + 6} y={frame.names.band}>
        usual
      </text>
      {read !== undefined && (
        <g class="read">
          <line
            x1={x(Date.parse(read.start))}
            x2={x(Date.parse(read.start))}
            y1={top}
            y2={bottom}
          />
          <circle cx={x(Date.parse(read.start))} cy={y(read.customers)} r="4" />
        </g>
      )}
    </svg>
  );
}

function eventsOf({
  detectedAt,
  acknowledgedAt,
  resolvedAt,
}: Pick<AlertAnswer['alert'], 'detectedAt' | 'acknowledgedAt' | 'resolvedAt'>) {
  return [
    { at: detectedAt, text: 'noticed' },
    { at: acknowledgedAt, text: 'in hand' },
    { at: resolvedAt, text: 'over' },
  ].flatMap(({ at, text }) => (at === null ? [] : [{ at: Date.parse(at), text }]));
}

function readText({ start, customers, expected, low, high }: Count): string {
  const when = `${start.slice(5, 16).replace('T', ' ')} UTC: ${countText(customers)}`;
  if (expected === null || low === null || high === null) return `${when}, before it was noticed`;
  return `${when}, ${aboutText(expected)} expected, ${intervalText({ low, high }, aboutText)} usual`;
}
