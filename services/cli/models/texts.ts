// What two models are compared on: texts of a file, or what was said on a log.
import { z } from 'zod';
import { SignpostError } from '#core/errors.ts';
import type { LogReader } from '#core/log/port.ts';
import type { JudgeInput } from '../../classify/judge.ts';
import { nothingSaid } from '../../classify/rules.ts';
import { insightsShared } from '../../topology.ts';
import { linesOfFile } from '../json-lines.ts';
import { readRange } from '../read-range.ts';

const rowSchema = z.looseObject({
  text: z.string().nullable(),
  kind: z.enum(['ticket', 'post', 'survey']).default('post'),
  /** Stars; judged as a score of csat. */
  rating: z.number().min(1).max(5).nullable().default(null),
});

/**
 * The rows of a file of JSON lines.
 * @throws SignpostError `texts-invalid` naming the line, `data-unreadable`.
 */
export async function* textsOfFile(file: string): AsyncGenerator<JudgeInput> {
  for await (const { line, number } of linesOfFile(file))
    yield inputOf(line, `${file}, line ${number}`);
}

function inputOf(json: string, place: string): JudgeInput {
  let row: z.output<typeof rowSchema>;
  try {
    row = rowSchema.parse(JSON.parse(json));
  } catch (cause) {
    const issue = cause instanceof z.ZodError ? cause.issues[0] : undefined;
    const why = issue === undefined ? 'it is not JSON' : `${issue.path.join('.')} ${issue.message}`;
    throw new SignpostError('texts-invalid', `${place}: ${why}`, {
      cause,
      hint: 'Each line is an object: {"text": "…", "kind": "post", "rating": 2}; kind and rating may be left out.',
    });
  }
  const { text, kind, rating } = row;
  return {
    ...nothingSaid,
    kind,
    text: text === null ? null : text.toWellFormed(),
    scale: rating === null ? null : 'csat',
    score: rating,
  };
}

/**
 * What was said, as insights hold it: also where signals themselves are not written. What does not decode is left out.
 * @param onRead is told how many of how many were read
 */
export async function* signalsOf(
  log: LogReader,
  onRead: (read: number, all: number) => void = () => {},
): AsyncGenerator<JudgeInput> {
  const { name, codec } = insightsShared;
  const partitions = (await log.topics()).find((topic) => topic.name === name)?.partitions ?? [];
  const all = partitions.reduce((sum, { start, end }) => sum + end - start, 0);
  let read = 0;
  for (const { partition, start, end } of partitions) {
    for await (const records of readRange(log, name, partition, start, end)) {
      for (const { value } of records) {
        const signal = value === null ? undefined : signalIn(value, codec);
        if (signal !== undefined) yield signal;
      }
      read += records.length;
      onRead(read, all);
    }
  }
}

function signalIn(value: Uint8Array, codec: typeof insightsShared.codec): JudgeInput | undefined {
  try {
    return codec.decode(value).signal;
  } catch {
    return undefined;
  }
}
