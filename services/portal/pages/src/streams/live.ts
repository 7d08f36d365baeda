// The connection to live feeds: kept up, taken up again where it was cut, given back while nobody looks at the page.
import type { InsightAnswer } from '../../../api/answers.ts';
import { problemOf, unreachable, type Problem } from '../api/get.ts';
import { needKey } from '../api/key.ts';
import { createEventParser, type ServerEvent } from './event-parser.ts';

export type LiveState =
  | { readonly is: 'connecting' }
  | { readonly is: 'live' }
  /** The server is there and its database is not. */
  | { readonly is: 'waiting' }
  /** Tried again by itself. */
  | { readonly is: 'lost'; readonly problem: Problem }
  /** Given back while the page is hidden. */
  | { readonly is: 'resting' };

export interface LiveParts {
  readonly address: string;
  readonly onState: (state: LiveState) => void;
  readonly onInsight: (insight: InsightAnswer) => void;
  /** More happened than was told: what there is must be asked for anew. */
  readonly onSkip: () => void;
}

export interface Live {
  /** Tries now, where it would later. */
  readonly retry: () => void;
  readonly end: () => void;
}

/** The server says something at least every 15 s: a connection that is silent for so long is dead. */
const silentForMs = 45_000;
const hiddenForMs = 30_000;
const firstWaitMs = 1000;
const longestWaitMs = 30_000;

/** Begins at once. */
export function openLive({ address, onState, onInsight, onSkip }: LiveParts): Live {
  let connection: AbortController | null = null;
  let lastId: string | null = null;
  let waitMs = firstWaitMs;
  let timer: number | undefined;
  let watch: number | undefined;

  async function connect(): Promise<void> {
    leave();
    const mine = new AbortController();
    connection = mine;
    onState({ is: 'connecting' });
    const problem = await listen(mine.signal).catch(() => unreachable);
    if (connection !== mine) return;
    leave();
    if (problem.status === 401) needKey();
    onState({ is: 'lost', problem });
    // Not all at the same moment, when a server comes back.
    timer = window.setTimeout(() => void connect(), waitMs * (0.5 + Math.random() / 2));
    waitMs = Math.min(longestWaitMs, waitMs * 2);
  }

  /** @returns why it ended */
  async function listen(signal: AbortSignal): Promise<Problem> {
    look();
    const response = await fetch(address, {
      signal,
      credentials: 'same-origin',
      headers: { accept: 'text/event-stream', ...(lastId !== null && { 'last-event-id': lastId }) },
    });
    if (!response.ok || response.body === null) return problemOf(response);
    const parse = createEventParser();
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return unreachable;
      if (signal.aborted) return unreachable;
      look();
      for (const event of parse(value)) hear(event);
    }
  }

  function hear({ event, data, id }: ServerEvent): void {
    if (id !== null) lastId = id;
    if (event === 'insight') onInsight(JSON.parse(data) as InsightAnswer);
    else if (event === 'skip') onSkip();
    else if (event === 'ready') {
      waitMs = firstWaitMs;
      onState({ is: 'live' });
    } else if (event === 'store') {
      const { state } = JSON.parse(data) as { state: string };
      onState({ is: state === 'away' ? 'waiting' : 'live' });
    }
  }

  function look(): void {
    window.clearTimeout(watch);
    watch = window.setTimeout(() => connection?.abort(), silentForMs);
  }

  function leave(): void {
    connection?.abort();
    connection = null;
    window.clearTimeout(watch);
    window.clearTimeout(timer);
  }

  /** Browsers hold six connections to a server, for all of their tabs. */
  function rest(): void {
    leave();
    onState({ is: 'resting' });
  }

  function onVisibility(): void {
    if (document.visibilityState === 'hidden') {
      window.clearTimeout(timer);
      timer = window.setTimeout(rest, hiddenForMs);
    } else if (connection === null) void connect();
    else window.clearTimeout(timer);
  }

  function retry(): void {
    waitMs = firstWaitMs;
    void connect();
  }

  document.addEventListener('visibilitychange', onVisibility);
  window.addEventListener('online', retry);
  void connect();
  return {
    retry,
    end() {
      leave();
      document.removeEventListener('visibilitychange', onVisibility);
      window.removeEventListener('online', retry);
    },
  };
}
