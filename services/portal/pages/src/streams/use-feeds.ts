// Feeds of several departments as state: first pages and older ones by the query API, what is new by one live connection.
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { InsightsAnswer } from '../../../api/answers.ts';
import { addressOf, get, type Params } from '../api/get.ts';
import { needKey, useKeyTurns } from '../api/key.ts';
import {
  arrived,
  asked,
  begun,
  continued,
  cut,
  emptyColumn,
  failed,
  type Column,
} from './column.ts';
import { openLive, type Live, type LiveState } from './live.ts';

const pageRows = 30;
/** First pages wait so long for the live connection: what is said between the two would be missed. */
const patienceMs = 1000;

export interface Feeds {
  readonly columnOf: (department: string) => Column;
  /** Null where nothing is live. */
  readonly live: LiveState | null;
  readonly retry: () => void;
  /** Shows what waits. */
  readonly showNew: (department: string) => void;
  readonly loadOlder: (department: string) => void;
}

/**
 * @param departments side by side; a change keeps those that stay
 * @param params what is asked of each, without the department
 * @param isLive false for a range that ends in the past
 */
export function useFeeds(departments: readonly string[], params: Params, isLive: boolean): Feeds {
  const [columns, setColumns] = useState<ReadonlyMap<string, Column>>(new Map());
  const [live, setLive] = useState<LiveState | null>(null);
  const connection = useRef<Live | null>(null);
  const keyTurns = useKeyTurns();
  const names = departments.join(',');
  const { from, to, department: _department, ...filters } = params;
  // What is live has no end; that of the range is the end of the newest day there was.
  const range = isLive ? { from } : { from, to };
  const pages = addressOf('/v1/insights', { ...filters, ...range, limit: pageRows });
  const stream = isLive ? addressOf(`/v1/streams/${encodeURIComponent(names)}`, filters) : null;

  const change = useCallback((department: string, by: (column: Column) => Column) => {
    setColumns((all) => new Map(all).set(department, by(all.get(department) ?? emptyColumn)));
  }, []);

  const load = useCallback(
    async (department: string, cursor: string | null, signal?: AbortSignal): Promise<void> => {
      const rest = new URLSearchParams({ department, ...(cursor !== null && { cursor }) });
      const got = await get<InsightsAnswer>(`${pages}&${rest}`, signal).catch(() => null);
      if (got === null) return;
      if (!got.ok) {
        if (got.problem.status === 401) needKey();
        change(department, (column) => failed(column, got.problem));
        return;
      }
      const { insights, next } = got.answer;
      const become = cursor === null ? begun : continued;
      change(department, (column) => become(column, insights, next));
    },
    [pages, change],
  );

  useEffect(() => {
    const abort = new AbortController();
    const shown = names === '' ? [] : names.split(',');
    setColumns(new Map(shown.map((name) => [name, emptyColumn])));
    let isBegun = false;
    const begin = (): void => {
      if (isBegun) return;
      isBegun = true;
      for (const name of shown) void load(name, null, abort.signal);
    };
    if (stream === null || shown.length === 0) {
      begin();
      setLive(null);
      return () => abort.abort();
    }
    const opened = openLive({
      address: stream,
      onState(state) {
        setLive(state);
        if (state.is !== 'connecting') begin();
      },
      onInsight(insight) {
        for (const { department, received } of insight.departments) {
          if (received && shown.includes(department))
            change(department, (column) => arrived(column, insight));
        }
      },
      onSkip: () => shown.forEach((name) => change(name, cut)),
    });
    connection.current = opened;
    const late = window.setTimeout(begin, patienceMs);
    return () => {
      abort.abort();
      window.clearTimeout(late);
      opened.end();
    };
  }, [names, stream, keyTurns, load, change]);

  return useMemo(
    () => ({
      live,
      columnOf: (department) => columns.get(department) ?? emptyColumn,
      retry: () => connection.current?.retry(),
      showNew(department) {
        const column = columns.get(department);
        if (column?.isCut) {
          change(department, () => emptyColumn);
          void load(department, null);
        } else change(department, asked);
      },
      loadOlder(department) {
        const column = columns.get(department);
        if (column === undefined || column.is === 'loading') return;
        change(department, (was) => ({ ...was, is: 'loading' }));
        void load(department, column.shown.length === 0 ? null : column.next);
      },
    }),
    [columns, live, load, change],
  );
}
