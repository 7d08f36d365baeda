// What `signpost up` shows: how much came in, what each department got, the newest words, and what to try next. On a
// terminal one view redrawn in place; elsewhere a line from time to time.
import { insightCodec, type Insight } from '#schemas/insight.ts';
import type { Log, TopicStatus } from '#core/log/port.ts';
import {
  insightsOf,
  insightsUnsure,
  intakeTopics,
  recordsDropped,
  recordsRejected,
} from '../topology.ts';
import { count } from './count.ts';
import { createOutput, sizeOf } from './output.ts';
import type { Pipeline } from './pipeline.ts';
import { oneLine, pad, safeText, shellWord, truncate } from './safe-text.ts';

export interface LiveViewParts {
  readonly output: NodeJS.WriteStream;
  readonly pipeline: Pipeline;
  /** Of the intake, the query API and the pages. */
  readonly url: string;
  readonly data: string;
  /** Short sentences on what goes on in the made-up world. */
  readonly headlines: () => readonly string[];
}

export interface LiveView {
  draw(): Promise<void>;
  /** Leaves the last picture standing. */
  end(): void;
}

const lineEveryMs = 5000;
const rateOverMs = 5000;

export function createLiveView({
  output,
  pipeline,
  url,
  data,
  headlines,
}: LiveViewParts): LiveView {
  const { styles } = createOutput(output);
  const { log, departments } = pipeline;
  const rates = createRates();
  const flag = data === '.signpost' ? '' : ` --data ${shellWord(data)}`;
  let drawnLines = 0;
  let saidAt = Number.NEGATIVE_INFINITY;

  const picture = async (
    topics: ReadonlyMap<string, TopicStatus>,
    columns: number,
  ): Promise<string[]> => {
    const { bold, dim, cyan, yellow } = styles;
    const row = (name: string, topic: string, words = ''): string => {
      const total = endOf(topics.get(topic));
      const rate = rates.of(topic, total);
      const head = `  ${pad(name, 18)}${pad(count(total), 11, 'left')} ${pad(rate, 8, 'left')}  `;
      return head + dim(truncate(words, Math.max(10, columns - 42)));
    };
    const newest = await Promise.all(
      departments.map((name) => newestWords(log, topics.get(insightsOf(name).name))),
    );
    const happening = headlines();
    return [
      `${bold('Signpost')}  ${dim('pages')} ${cyan(`${url}/`)}  ${dim(`intake ${url}  data ${safeText(data)}`)}`,
      '',
      bold('Came in') + dim('                   total   per s'),
      ...intakeTopics.map(({ name }) => row(name.split('.')[0]!, name)),
      bold('Went to'),
      ...departments.map((name, i) => row(name, insightsOf(name).name, newest[i])),
      bold('Kept apart'),
      row('unsure', insightsUnsure.name, 'for review: signpost tail unsure'),
      row('dropped', recordsDropped.name, 'with a reason: sent twice, the company itself, …'),
      row('rejected', recordsRejected.name, 'dead letters: signpost rejected list'),
      ...(happening.length === 0 ? [] : [bold('Going on at the made-up provider')]),
      ...happening.slice(0, 3).map((line) => yellow(`  ${truncate(safeText(line), columns - 3)}`)),
      '',
      bold('Try next, in another terminal'),
      `  npx signpost tail operations --follow${flag}`,
      `  npx signpost classify "internet down again, third time this week, I am cancelling"`,
      `  npx signpost reconcile${flag}`,
      `  curl ${url}/v1/posts -H 'content-type: application/json' \\`,
      `    -d '{"id":"p1","occurredAt":"${new Date().toISOString()}","text":"5G is so slow in Harbour North"}'`,
      dim('Ctrl-C ends it; nothing is lost.'),
    ];
  };

  return {
    async draw() {
      const topics = new Map((await log.topics()).map((topic) => [topic.name, topic]));
      if (output.isTTY) {
        const { columns, rows } = sizeOf(output);
        const lines = await picture(topics, columns);
        const shown = lines.slice(0, Math.max(5, rows - 1));
        const up = drawnLines === 0 ? '' : `\x1b[${drawnLines}A`;
        output.write(`${up}${shown.map((line) => `\x1b[2K${line}\n`).join('')}\x1b[0J`);
        drawnLines = shown.length;
        return;
      }
      const now = performance.now();
      if (now - saidAt < lineEveryMs) return;
      if (drawnLines === 0) {
        const lines = await picture(topics, 100);
        output.write(`${lines.join('\n')}\n\n`);
        drawnLines = lines.length;
      } else output.write(`${summary(topics, departments)}\n`);
      saidAt = now;
    },
    end() {
      if (output.isTTY) output.write('\n');
    },
  };
}

function summary(topics: ReadonlyMap<string, TopicStatus>, departments: readonly string[]): string {
  const on = (topic: string): string => count(endOf(topics.get(topic)));
  const came = intakeTopics.map(({ name }) => `${name.split('.')[0]} ${on(name)}`).join(', ');
  const went = departments.map((name) => `${name} ${on(insightsOf(name).name)}`).join(', ');
  return `came in: ${came} · went to: ${went} · unsure ${on(insightsUnsure.name)}, dropped ${on(recordsDropped.name)}, rejected ${on(recordsRejected.name)}`;
}

function endOf(topic: TopicStatus | undefined): number {
  return (topic?.partitions ?? []).reduce((sum, { end }) => sum + end, 0);
}

/** The words of the newest insight of a stream, for one line; empty when there are none. */
async function newestWords(log: Log, topic: TopicStatus | undefined): Promise<string> {
  if (topic === undefined) return '';
  const last = await Promise.all(
    topic.partitions
      .filter(({ start, end }) => end > start)
      .map(({ partition, end }) => log.read(topic.name, partition, end - 1, { maxRecords: 1 })),
  );
  const [newest] = last
    .flatMap(({ records }) => records)
    .toSorted((a, b) => b.timestamp - a.timestamp);
  if (newest === undefined || newest.value === null) return '';
  return wordsOf(insightCodec.decode(newest.value));
}

function wordsOf({ signal, theme }: Insight): string {
  const place = signal.place.area ?? signal.place.city;
  const said =
    signal.text === null
      ? `${signal.scale ?? signal.kind} ${signal.score ?? ''}`
      : `“${oneLine(signal.text)}”`;
  return [theme, place, said]
    .filter((part) => part !== null)
    .map((part) => oneLine(part))
    .join(' · ');
}

/** Records per second over the last seconds, by topic. */
function createRates(): { of(topic: string, total: number): string } {
  const seen = new Map<string, { at: number; total: number }[]>();
  return {
    of(topic, total) {
      const now = performance.now();
      const points = seen.get(topic) ?? [];
      points.push({ at: now, total });
      while (points.length > 2 && now - points[1]!.at > rateOverMs) points.shift();
      seen.set(topic, points);
      const first = points[0]!;
      if (now - first.at < 500) return '';
      return ((total - first.total) / ((now - first.at) / 1000)).toFixed(1);
    },
  };
}
