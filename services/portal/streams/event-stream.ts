// One reader's feed as server-sent events (html.spec.whatwg.org, 9.2): every event carries the position to go on from.
import { Readable } from 'node:stream';
import type { Notice } from '../api/answers.ts';
import type { Listener } from './feed.ts';
import { textOf, type Position } from './position.ts';

/** Why a stream ended; the reader may come again with the id it heard last. */
export const endings = ['shutting-down', 'access-ended', 'too-slow'] as const;
export type Ending = (typeof endings)[number];

export interface EventStreamSettings {
  /** Something is said at least this often, so that nothing on the way takes the connection for dead. */
  readonly beatMs: number;
  /** A reader that takes nothing for so long is cut off. */
  readonly stallMs: number;
  /** How long an ended stream waits for its reader to take the end. */
  readonly lastCallMs: number;
  /** Bytes that may wait for a reader before it is sent no further page. */
  readonly bufferBytes: number;
}

export const usualEventStream: EventStreamSettings = {
  beatMs: 15_000,
  stallMs: 60_000,
  lastCallMs: 5000,
  bufferBytes: 256 * 1024,
};

export interface EventStream<Question> {
  readonly body: Readable;
  readonly listener: Listener<Question>;
  end(reason: Ending): void;
}

export interface EventStreamParts<Question> {
  readonly question: Question;
  readonly key: string;
  /** Told as the stream begins. */
  readonly notices: readonly Notice[];
}

/**
 * @param onBeat asked at every beat whether the reader may still read; a failure is a no.
 * @param clock milliseconds since the epoch
 */
export function openEventStream<Question>(
  { question, key, notices }: EventStreamParts<Question>,
  settings: EventStreamSettings,
  clock: () => number,
  onBeat: () => Promise<boolean>,
): EventStream<Question> {
  let position: Position | null = null;
  let waitsSince: number | null = null;
  let isOver = false;
  let lastCall: NodeJS.Timeout | undefined;
  const body = new Readable({
    highWaterMark: settings.bufferBytes,
    read: () => (waitsSince = null),
  });

  function say(event: string, data: object): void {
    if (isOver) return;
    const id = position === null ? '' : `id: ${textOf(position)}\n`;
    // JSON has no line breaks of its own, so that customers' words cannot begin a field.
    const taken = body.push(`event: ${event}\n${id}data: ${JSON.stringify(data)}\n\n`);
    if (!taken) waitsSince ??= clock();
  }

  function end(reason: Ending): void {
    if (isOver) return;
    say('end', { reason });
    isOver = true;
    clearInterval(beat);
    body.push(null);
    // A reader that takes nothing would not hear it for ever.
    lastCall = setTimeout(() => body.destroy(), settings.lastCallMs);
  }

  async function onTime(): Promise<void> {
    if (waitsSince !== null && clock() - waitsSince >= settings.stallMs) return end('too-slow');
    if (!(await onBeat().catch(() => false))) return end('access-ended');
    if (waitsSince === null) say('beat', { at: new Date(clock()).toISOString() });
  }
  const beat = setInterval(() => void onTime(), settings.beatMs);
  body.once('close', () => {
    isOver = true;
    clearInterval(beat);
    clearTimeout(lastCall);
  });

  return {
    body,
    end,
    listener: {
      question,
      key,
      ready: () => waitsSince === null && !isOver,
      begin(at) {
        position = at;
        say('ready', { at: new Date(clock()).toISOString(), notices });
      },
      take(insight, at) {
        position = at;
        say('insight', insight);
      },
      pass: (at) => void (position = at),
      skip(reason, at) {
        position = at;
        say('skip', { reason });
      },
      away: (isAway) => say('store', { state: isAway ? 'away' : 'well' }),
    },
  };
}
