// Streams: what departments receive, live, side by side or one alone.
import { useEffect, useRef, useState } from 'preact/hooks';
import { useAddress } from '../address/use-address.ts';
import { useScope, useSession } from '../api/session.tsx';
import { CatchingUp } from '../show/catching-up.tsx';
import { IgnoredStrip } from '../show/ignored-strip.tsx';
import { Empty, Skeleton } from '../show/states.tsx';
import { columnsOf, filtersOf, isPast } from './asked.ts';
import { Feed } from './feed.tsx';
import { Beside, Filters } from './filters.tsx';
import { LiveStatus } from './status.tsx';
import { useFeeds } from './use-feeds.ts';
import { useRowKeys } from './use-row-keys.ts';
import './streams.css';

/** Pixels that a feed needs at least. */
const feedWidth = 340;

export default function StreamsPage() {
  const { me, facets } = useSession();
  const address = useAddress();
  const scope = useScope();
  const root = useRef<HTMLDivElement>(null);
  const fit = useFit(root);
  const mine = me.answer?.departments ?? null;
  const known = (facets.answer?.departments ?? []).filter((name) => mine?.includes(name) ?? true);
  const columns = scope === null || me.answer === null ? [] : columnsOf(address, known, fit);
  const params = { ...scope, ...filtersOf(address) };
  const [opened] = useState(Date.now);
  const feeds = useFeeds(columns, params, !isPast(address, opened));
  useRowKeys();
  useEffect(() => askAgainWhileEmpty(known.length, facets.again), [known.length, facets.again]);
  const isKnown = scope !== null && me.answer !== null;
  return (
    <div class="streams" ref={root}>
      <header class="streams-head">
        <h1>Streams</h1>
        {columns.length > 0 && <LiveStatus live={feeds.live} retry={feeds.retry} />}
        <div class="streams-tools">
          <Beside columns={columns} known={known} fit={fit} />
          {columns.length > 0 && <Filters />}
        </div>
      </header>
      <div class="streams-notes">
        <CatchingUp />
        <IgnoredStrip />
      </div>
      {!isKnown && <Skeleton lines={8} />}
      {isKnown && columns.length === 0 && <NoDepartments />}
      <div class="feeds" style={{ '--feeds': columns.length }}>
        {columns.map((department) => (
          <Feed
            key={department}
            department={department}
            column={feeds.columnOf(department)}
            showNew={() => feeds.showNew(department)}
            loadOlder={() => feeds.loadOlder(department)}
          />
        ))}
      </div>
    </div>
  );
}

function NoDepartments() {
  return (
    <Empty title="Nothing has been said yet" command="npx signpost up --demo">
      <p>
        Streams fill as tickets, posts and survey answers come in. Customers of a made-up provider
        speak at once:
      </p>
    </Empty>
  );
}

/** Departments have no rows, and no names here, before the first signal. */
function askAgainWhileEmpty(known: number, again: () => void): (() => void) | undefined {
  if (known > 0) return undefined;
  const timer = window.setInterval(again, 5000);
  return () => window.clearInterval(timer);
}

/** How many feeds have room beside each other. */
function useFit(root: { readonly current: HTMLElement | null }): number {
  const [fit, setFit] = useState(() => Math.floor((window.innerWidth - 64) / feedWidth));
  useEffect(() => {
    if (root.current === null) return undefined;
    const observer = new ResizeObserver(([entry]) => {
      if (entry !== undefined) setFit(Math.floor(entry.contentRect.width / feedWidth));
    });
    observer.observe(root.current);
    return () => observer.disconnect();
  }, [root]);
  return Math.max(1, fit);
}
