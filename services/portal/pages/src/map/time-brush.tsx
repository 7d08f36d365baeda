// Tickets, answers or posts over all of the time there is; a range taken here is the global one.
import { useMemo } from 'preact/hooks';
import type { AggregatesAnswer } from '../../../api/answers.ts';
import { rangeAsked } from '../address/range.ts';
import { ask, useAddress } from '../address/use-address.ts';
import { useScope, useSession } from '../api/session.tsx';
import { useAnswer } from '../api/use-answer.ts';
import { ChartFrame } from '../show/chart-frame.tsx';
import { Histogram, type Bar } from '../show/histogram.tsx';
import { titleOf } from '../show/figures.ts';
import { Failed, Skeleton } from '../show/states.tsx';
import { countedName, type Counted } from './measures.ts';

const dayMs = 86_400_000;
/** Beyond it bars of a day would be thinner than a pixel or two. */
const mostDaysByDay = 120;
const mostDaysByWeek = 1100;

export function TimeBrush({ themes, counts }: { themes: readonly string[]; counts: Counted }) {
  const scope = useScope();
  const name = countedName(counts);
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
    () => barsOf(asked.answer, counts, bucket, whole.to ?? ''),
    [asked.answer, counts, bucket, whole.to],
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
          title={`${titleOf(name)} by ${bucket}; drag for a time range`}
          level={2}
          name={`${name}-by-${bucket}`}
          rows={bars}
          columns={[
            { title: `${bucket} from (UTC)`, of: (bar) => dayOf(bar.from) },
            { title: name, of: ({ count }) => count, isNumber: true },
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
function barsOf(
  answer: AggregatesAnswer | null,
  counts: Counted,
  bucket: string,
  end: string,
): readonly Bar[] {
  const rows = (answer?.rows ?? []).filter(({ start }) => start !== null);
  if (rows.length === 0) return [];
  const known = new Map(rows.map((row) => [Date.parse(row.start!), row[counts]]));
  const bars: Bar[] = [];
  const last = Math.max(Date.parse(end) || 0, ...known.keys());
  for (let from = Math.min(...known.keys()); from <= last;) {
    const to = nextStart(from, bucket);
    if (from < Date.parse(end) || known.has(from)) {
      const count = known.get(from);
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
