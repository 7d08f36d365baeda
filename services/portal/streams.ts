// Live feeds of departments by server-sent events, as rows are written to the database. A reader sees the rows that
// `/v1/insights` shows it, each once; whoever comes again with the id it heard last misses nothing.
import type { Readable } from 'node:stream';
import { Problem } from '#core/http/problem.ts';
import type { Logger } from '#core/logger.ts';
import type { Db } from '#core/store/postgres.ts';
import type { Notice } from './api/answers.ts';
import { asReader } from './queries/as-reader.ts';
import { unseenNames } from './queries/unseen-names.ts';
import {
  openEventStream,
  usualEventStream,
  type EventStream,
  type EventStreamSettings,
} from './streams/event-stream.ts';
import { createFeed, usualFeed, type FeedSettings } from './streams/feed.ts';
import type { Position } from './streams/position.ts';
import { feedSource, type FeedQuestion } from './streams/source.ts';

export interface StreamsParts {
  readonly db: Db;
  readonly logger: Logger;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly settings?: Partial<StreamsSettings>;
}

export interface StreamsSettings extends FeedSettings, EventStreamSettings {
  readonly mostStreams: number;
  /** Of one key or token. */
  readonly mostStreamsOfReader: number;
}

export interface Listening {
  readonly question: FeedQuestion;
  /** Null: from now on. */
  readonly from: Position | null;
  readonly notices: readonly Notice[];
  /** Asked while the stream is open; a failure is a no. */
  readonly mayStillRead: () => Promise<boolean>;
}

/** One for a process. */
export interface Streams {
  /** Names in the filters that no signal has; none while the database cannot be asked, for the feed waits for it. */
  notices(question: FeedQuestion): Promise<readonly Notice[]>;
  /**
   * The text of events, without end; ends when it is destroyed.
   * @throws Problem 429 `too-many-requests`, 503 `too-busy`, `shutting-down`
   */
  listen(listening: Listening): Readable;
  /** Ends all that are open, and tells their readers so. */
  close(): Promise<void>;
}

const usual: StreamsSettings = {
  ...usualFeed,
  ...usualEventStream,
  mostStreams: 500,
  mostStreamsOfReader: 20,
};

export function createStreams({ db, logger, clock, ...parts }: StreamsParts): Streams {
  const settings = { ...usual, ...parts.settings };
  const feed = createFeed(feedSource(db), settings, (error) =>
    logger.warn({ err: error }, 'Live feeds wait for the database'),
  );
  const open = new Map<EventStream<FeedQuestion>, string>();
  let isClosed = false;

  return {
    async notices({ reader, filters }) {
      // Departments are checked by their names as configured.
      if (Object.keys(filters).every((name) => name === 'department')) return [];
      return asReader(db, reader, (reading) => unseenNames(reading, filters)).catch(() => []);
    },
    listen({ question, from, notices, mayStillRead }) {
      if (isClosed) throw new Problem(503, 'shutting-down', 'The server is shutting down.');
      checkLimits([...open.values()], question.reader.name, settings);
      const key = keyOf(question);
      const stream = openEventStream({ question, key, notices }, settings, clock, mayStillRead);
      open.set(stream, question.reader.name);
      const stop = feed.listen(stream.listener, from);
      stream.body.once('close', () => {
        stop();
        open.delete(stream);
      });
      return stream.body;
    },
    async close() {
      isClosed = true;
      for (const stream of open.keys()) stream.end('shutting-down');
      await feed.close();
    },
  };
}

/** Those of the same rights and question are served as one. */
function keyOf({ reader: { role, departments }, ...asked }: FeedQuestion): string {
  return JSON.stringify([role, departments, asked]);
}

function checkLimits(
  names: readonly string[],
  name: string,
  { mostStreams, mostStreamsOfReader }: StreamsSettings,
): void {
  const headers = { 'retry-after': '10' };
  if (names.filter((each) => each === name).length >= mostStreamsOfReader) {
    throw new Problem(
      429,
      'too-many-requests',
      `This key has ${mostStreamsOfReader} live feeds open already.`,
      { headers, hint: 'Close one, or hear several departments in one: operations,marketing.' },
    );
  }
  if (names.length >= mostStreams) {
    throw new Problem(503, 'too-busy', 'Too many live feeds are open.', { headers });
  }
}
