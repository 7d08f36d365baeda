// Tickets over all of the time there is; a range taken here is the global one.
import { useMemo } from 'preact/hooks';
import type { AggregatesAnswer } from '../../../api/answers.ts';
import { rangeAsked } from '../address/range.ts';
import { ask, useAddress } from '../address/use-address.ts';
import { useScope, useSession } from '../api/session.tsx';
import { useAnswer } from '../api/use-answer.ts';
import { ChartFrame } from '../show/chart-frame.tsx';
import { Histogram, type Bar } from '../show/histogram.tsx';
import { Failed, Skeleton } from '../show/states.tsx';

const dayMs = 86_400_000;
/** Beyond it bars of a day would be thinner than a pixel or two. */
const mostDaysByDay = 120;
const mostDaysByWeek = 1100;

export function TimeBrush({ themes }: { themes: readonly string[] }) {
  const scope = useScope();
  const address = useAddress();
  const known = useSession().facets.answer?.range ?? null;
  const days = known === null ? 0 : (Date.parse(known.to) - Date.parse(known.from)) / dayMs;
  const bucket = days <= mostDaysByDay ? 'day' : days <= mostDaysByWeek ? 'week' : 'month';
  const whole = rangeAsked({ path: '', query: new URLSearchParams('last=all') }, known);
  const asked = useAnswer<AggregatesAnswer>(
    scope === null || known === null ? null : '/v1/aggregates',
    { ...scope, ...whole, theme: themes, bucket, order: 'start', limit: 2000 },
  );
  const bars = useMemo(
    () => barsOf(asked.answer, bucket, whole.to ?? ''),
    [asked.answer, bucket, whole.to],
  );
  const { from, to } = rangeAsked(address, known);
  const taken = {
    from: from === undefined ? -Infinity : Date.parse(from),
    to: to === undefined ? Infinity : Date.parse(to),
  };
  if (known === null) return null;
  return (
    <div class="time-brush">
      {asked.problem !== null && <Failed problem={asked.problem} again={asked.again} />}
      {asked.answer === null && asked.problem === null && <Skeleton lines={4} />}
      {asked.answer !== null && (
        <ChartFrame
          title={`Tickets by ${bucket}; drag for a time range`}
          level={2}
          name={`tickets-by-${bucket}`}
          rows={bars}
          columns={[
            { title: `${bucket} from (UTC)`, of: (bar) => dayOf(bar.from) },
            { title: 'tickets', of: ({ count }) => count, isNumber: true },
          ]}
        >
          <Histogram
            bars={bars}
            taken={taken}
            onTake={(first, end) => ask({ last: null, from: dayOf(first), to: dayOf(end) })}
          />
        </ChartFrame>
      )}
    </div>
  );
}

/** A bar for each bucket, those without tickets too: an answer has rows of what there is. */
function barsOf(answer: AggregatesAnswer | null, bucket: string, end: string): readonly Bar[] {
  const rows = (answer?.rows ?? []).filter(({ start }) => start !== null);
  if (rows.length === 0) return [];
  const counts = new Map(rows.map(({ start, opened }) => [Date.parse(start!), opened]));
  const bars: Bar[] = [];
  const last = Math.max(Date.parse(end) || 0, ...counts.keys());
  for (let from = Math.min(...counts.keys()); from <= last;) {
    const to = nextStart(from, bucket);
    if (from < Date.parse(end) || counts.has(from)) {
      const count = counts.get(from);
      bars.push({ from, to, count: count === undefined ? 0 : count });
    }
    from = to;
  }
  return bars;
}

function nextStart(from: number, bucket: string): number {
  if (bucket === 'day') return from + dayMs;
  if (bucket === 'week') return from + 7 * dayMs;
  const date = new Date(from);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1);
}

function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}
