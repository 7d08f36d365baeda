// One department's feed: its name, what is new behind a button, the rows, older ones on demand.
import { useEffect, useRef } from 'preact/hooks';
import { ask, useAddress } from '../address/use-address.ts';
import { Department } from '../show/department-mark.tsx';
import { countText, titleOf } from '../show/figures.ts';
import { Empty, Failed, Skeleton } from '../show/states.tsx';
import { Verbatim } from '../show/verbatim.tsx';
import { isFiltered, noFilters } from './asked.ts';
import type { Column } from './column.ts';

interface FeedProps {
  readonly department: string;
  readonly column: Column;
  readonly showNew: () => void;
  readonly loadOlder: () => void;
}

export function Feed({ department, column, showNew, loadOlder }: FeedProps) {
  const { shown, waiting, isCut, is, problem, next } = column;
  const scroll = useRef<HTMLDivElement>(null);
  const marked = useAddress().query.get('insight');
  const isFirst = shown.length === 0;
  const goesToFirst = useRef(false);
  const show = (): void => {
    goesToFirst.current = true;
    showNew();
  };
  // Once the new rows are there: before, the first row is the one that was.
  useEffect(() => {
    if (!goesToFirst.current || waiting.length > 0 || isFirst) return;
    goesToFirst.current = false;
    scroll.current?.scrollTo({ top: 0 });
    scroll.current?.querySelector<HTMLElement>('.row')?.focus({ preventScroll: true });
  }, [waiting, isFirst]);
  return (
    <section class="feed" aria-label={titleOf(department)} data-department={department}>
      <header class="feed-head">
        <h2>
          <Department department={department} />
        </h2>
        <span role="status">
          {(waiting.length > 0 || isCut) && (
            <button type="button" class="feed-new" onClick={show}>
              {isCut ? 'Many new' : `${countText(waiting.length)} new`}
            </button>
          )}
        </span>
      </header>
      <div class="feed-scroll" ref={scroll}>
        {isFirst && is === 'loading' && (
          <Skeleton lines={8} what={`Loading ${titleOf(department)}`} />
        )}
        {isFirst && is === 'ready' && <Nothing department={department} />}
        <ol class="rows">
          {shown.map((insight) => (
            <li
              key={insight.id}
              class={`row${insight.id === marked ? ' row-marked' : ''}`}
              tabIndex={-1}
              data-insight={insight.id}
            >
              <Verbatim insight={insight} department={department} />
            </li>
          ))}
        </ol>
        {is === 'failed' && problem !== null && <Failed problem={problem} again={loadOlder} />}
        {!isFirst && is !== 'failed' && (
          <Older hasMore={next !== null} isLoading={is === 'loading'} load={loadOlder} />
        )}
      </div>
    </section>
  );
}

/** Loads by itself when it comes into view; the button is for the keyboard. */
function Older({
  hasMore,
  isLoading,
  load,
}: {
  hasMore: boolean;
  isLoading: boolean;
  load: () => void;
}) {
  const mark = useRef<HTMLDivElement>(null);
  const latest = useRef(load);
  latest.current = load;
  useEffect(() => {
    if (!hasMore || isLoading || mark.current === null) return undefined;
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some(({ isIntersecting }) => isIntersecting)) latest.current();
      },
      { rootMargin: '400px' },
    );
    observer.observe(mark.current);
    return () => observer.disconnect();
  }, [hasMore, isLoading]);
  return (
    <div class="older" ref={mark}>
      {hasMore ? (
        <button type="button" class="button" disabled={isLoading} onClick={load}>
          {isLoading ? 'Loading…' : 'Older'}
        </button>
      ) : (
        <p class="quiet">That is all there is in this time range.</p>
      )}
    </div>
  );
}

function Nothing({ department }: { department: string }) {
  const address = useAddress();
  if (isFiltered(address)) {
    return (
      <Empty title={`Nothing for ${titleOf(department)} matches`}>
        <p>Neither in this time range nor since.</p>
        <button type="button" class="button" onClick={() => ask(noFilters)}>
          Clear filters
        </button>
      </Empty>
    );
  }
  return (
    <Empty
      title={`Nothing for ${titleOf(department)} yet`}
      command={`npx signpost classify "internet down again"`}
    >
      <p>
        In this time range nothing was relevant enough for its stream. What is judged, and why, can
        be tried with a sentence of your own:
      </p>
    </Empty>
  );
}
