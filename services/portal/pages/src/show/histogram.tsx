// Counts over time as bars, and a range of them taken by dragging or by the arrow keys on its two ends.
import { useRef, useState } from 'preact/hooks';
import { countText, shortText } from './figures.ts';
import { numberTicks, timeTicks } from './ticks.ts';
import { useSize } from './use-size.ts';

export interface Bar {
  /** Ms since the epoch; `to` is exclusive. */
  readonly from: number;
  readonly to: number;
  /** Null where it is withheld. */
  readonly count: number | null;
}

interface HistogramProps {
  readonly bars: readonly Bar[];
  /** What is taken now, ms since the epoch. */
  readonly taken: { readonly from: number; readonly to: number };
  /** Told when the reader has let go, with the bounds of whole bars. */
  readonly onTake: (from: number, to: number) => void;
  readonly height?: number;
}

/** Of few bars none is a wall. */
const widestBar = 64;
const margin = { left: 40, right: 8, top: 16, bottom: 20 };

export function Histogram({ bars, taken, onTake, height = 88 }: HistogramProps) {
  const box = useRef<HTMLDivElement>(null);
  const { width } = useSize(box);
  const [drag, setDrag] = useState<readonly [anchor: number, to: number] | null>(null);
  const [over, setOver] = useState<number | null>(null);
  const inner = Math.max(1, width - margin.left - margin.right);
  const step = Math.min(widestBar, inner / Math.max(1, bars.length));
  const ticks = numberTicks(Math.max(1, ...bars.map(({ count }) => count ?? 0)), 2);
  const bottom = height - margin.bottom;
  const y = (count: number): number => bottom - (count / ticks.at(-1)!) * (bottom - margin.top);
  const indexAt = (px: number): number =>
    Math.max(0, Math.min(bars.length - 1, Math.floor((px - margin.left) / step)));
  const [first, last] =
    drag === null ? takenBars(bars, taken) : [Math.min(...drag), Math.max(...drag)];
  /** Near an end that end is taken along, elsewhere a new range begins. */
  const dragFrom = (px: number): readonly [anchor: number, to: number] => {
    const at = indexAt(px);
    if (Math.abs(px - (margin.left + first * step)) < 7) return [last, at];
    if (Math.abs(px - (margin.left + (last + 1) * step)) < 7) return [first, at];
    return [at, at];
  };
  const take = (from: number, to: number): void => {
    const [a, b] = [bars[from], bars[to]];
    if (a !== undefined && b !== undefined) onTake(a.from, b.to);
  };
  const start = bars[0]?.from ?? 0;
  const end = bars.at(-1)?.to ?? 1;
  const read = over === null ? undefined : bars[over];
  return (
    <div class="histogram" ref={box}>
      {width > 0 && bars.length > 0 && (
        <svg
          width={width}
          height={height}
          aria-hidden="true"
          onPointerDown={(event) => {
            if (event.button !== 0) return;
            event.currentTarget.setPointerCapture(event.pointerId);
            setDrag(dragFrom(event.offsetX));
          }}
          onPointerMove={(event) => {
            const at = indexAt(event.offsetX);
            setOver(at);
            if (drag !== null) setDrag([drag[0], at]);
          }}
          onPointerUp={() => {
            if (drag !== null) take(Math.min(...drag), Math.max(...drag));
            setDrag(null);
          }}
          onPointerCancel={() => setDrag(null)}
          onPointerLeave={() => setOver(null)}
        >
          {ticks.slice(1).map((tick) => (
            <g key={tick} class="tick">
              <line x1={margin.left} x2={width - margin.right} y1={y(tick)} y2={y(tick)} />
              <text x={margin.left - 6} y={y(tick) + 4} text-anchor="end">
                {shortText(tick)}
              </text>
            </g>
          ))}
          <rect
            class="taken"
            x={margin.left + first * step}
            width={Math.max(0, (last - first + 1) * step)}
            y={margin.top}
            height={bottom - margin.top}
          />
          {bars.map(({ from, count }, index) => (
            <rect
              key={from}
              class={index >= first && index <= last ? 'bar is-taken' : 'bar'}
              x={margin.left + index * step}
              width={Math.max(0.5, step - (step > 3 ? 1 : 0))}
              y={y(count ?? 0)}
              height={bottom - y(count ?? 0)}
            />
          ))}
          {timeTicks(start, end, Math.floor(inner / 56)).map(({ at, text }) => (
            <text
              key={at}
              class="tick"
              x={margin.left + ((at - start) / (end - start)) * step * bars.length}
              y={height - 4}
              text-anchor="middle"
            >
              {text}
            </text>
          ))}
          <rect class="hit" width={width} height={height} />
        </svg>
      )}
      {width > 0 && bars.length > 0 && (
        <>
          <End
            name="First"
            bars={bars}
            at={first}
            left={margin.left + first * step}
            move={(to) => take(Math.min(to, last), last)}
          />
          <End
            name="Last"
            bars={bars}
            at={last}
            left={margin.left + (last + 1) * step}
            move={(to) => take(first, Math.max(to, first))}
          />
        </>
      )}
      <p class="histogram-read quiet" aria-hidden="true">
        {read !== undefined && barText(read)}
      </p>
    </div>
  );
}

/** One end of the range: a slider over the bars. */
function End(props: {
  name: 'First' | 'Last';
  bars: readonly Bar[];
  at: number;
  left: number;
  move: (to: number) => void;
}) {
  const { name, bars, at, left, move } = props;
  const bar = bars[at]!;
  return (
    <div
      class="brush-end"
      role="slider"
      tabIndex={0}
      aria-label={`${name} bar of the time range`}
      aria-valuemin={0}
      aria-valuemax={bars.length - 1}
      aria-valuenow={at}
      aria-valuetext={barText(bar)}
      style={{ left: `${left}px` }}
      onKeyDown={(event) => {
        const steps: Readonly<Record<string, number>> = {
          ArrowLeft: at - 1,
          ArrowDown: at - 1,
          ArrowRight: at + 1,
          ArrowUp: at + 1,
          PageDown: at - 10,
          PageUp: at + 10,
          Home: 0,
          End: bars.length - 1,
        };
        const to = steps[event.key];
        if (to === undefined) return;
        event.preventDefault();
        move(Math.max(0, Math.min(bars.length - 1, to)));
      }}
    />
  );
}

/** The bars that have a part of the range. */
function takenBars(
  bars: readonly Bar[],
  { from, to }: { from: number; to: number },
): readonly [first: number, last: number] {
  const first = bars.findIndex((bar) => bar.to > from);
  const last = bars.findLastIndex((bar) => bar.from < to);
  return [Math.max(0, first), Math.max(0, last)];
}

function barText({ from, to, count }: Bar): string {
  const last = new Date(to - 1).toISOString().slice(0, 10);
  const first = new Date(from).toISOString().slice(0, 10);
  const days = first === last ? first : `${first} to ${last}`;
  return `${days}: ${count === null ? 'withheld' : countText(count)}`;
}
