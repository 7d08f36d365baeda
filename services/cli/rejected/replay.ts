// Puts dead letters back where they came from: once each, remembered in the very write that puts them back.
import type { RejectedRecord } from '#schemas/rejected-record.ts';
import type { Log, LogReader, OutgoingRecord } from '#core/log/port.ts';
import { header } from '#core/topic.ts';
import { replayedAt, replayKeys } from './letters.ts';

/** What a replay does with one dead letter. */
export type Step =
  | { readonly does: 'replay'; readonly letter: RejectedRecord; readonly record: OutgoingRecord }
  | {
      readonly does: 'skip';
      readonly letter: RejectedRecord;
      readonly why: SkipReason;
      readonly detail: string;
    };

export type SkipReason =
  /** It was replayed before. */
  | 'already-replayed'
  /** It was rejected again after a replay. */
  | 'rejected-again'
  /** Only the beginning of what it held was kept. */
  | 'payload-cut'
  /** A line that the mapping still refuses. */
  | 'still-refused'
  /** It says neither a topic nor a line of a file. */
  | 'no-origin'
  /** The topic it came from is not there. */
  | 'no-topic';

/** Sends a line of a file through its mapping again. */
export type RetryLine = (
  letter: RejectedRecord,
) => Promise<
  | { readonly ok: true; readonly outgoing: OutgoingRecord }
  | { readonly ok: false; readonly detail: string }
>;

export interface Planning {
  readonly log: LogReader;
  readonly topics: ReadonlySet<string>;
  readonly retryLine: RetryLine;
  /** Milliseconds since the epoch: replayed records are accepted anew, and kept as long as new ones. */
  readonly now: () => number;
  /** Whether to put back what was rejected again after a replay: unasked, each attempt would leave one more letter. */
  readonly again: boolean;
}

/** Decides on each letter. Letters that hold the same record are replayed once. */
export async function* planReplay(
  letters: AsyncIterable<RejectedRecord>,
  planning: Planning,
): AsyncGenerator<Step> {
  const planned = new Set<string>();
  for await (const letter of letters) {
    const before = await replayedAt(planning.log, letter);
    const keys = replayKeys(letter);
    if (before !== null) {
      yield { does: 'skip', letter, why: 'already-replayed', detail: `was replayed at ${before}` };
    } else if (keys.some((key) => planned.has(key))) {
      yield {
        does: 'skip',
        letter,
        why: 'already-replayed',
        detail: 'holds the same record as one above',
      };
    } else {
      const step = await planLetter(letter, planning);
      if (step.does === 'replay') for (const key of keys) planned.add(key);
      yield step;
    }
  }
}

async function planLetter(
  letter: RejectedRecord,
  { topics, retryLine, now, again }: Planning,
): Promise<Step> {
  const skip = (why: SkipReason, detail: string): Step => ({ does: 'skip', letter, why, detail });
  const { id, topic, key, headers, payload, payloadCut, file, line } = letter;
  const earlier = headers[header.replayOf];
  if (earlier !== undefined && !again)
    return skip(
      'rejected-again',
      `was rejected again after the replay of ${earlier}; name its id, or say --again, to put it back once more`,
    );
  if (payloadCut)
    return skip(
      'payload-cut',
      'was too long to be kept whole: send or import it again from where it came',
    );
  if (topic !== null) {
    if (!topics.has(topic)) return skip('no-topic', `came from ${topic}, which is not there`);
    const record = {
      topic,
      key,
      value: payload,
      headers: { ...headers, [header.replayOf]: id },
      timestamp: now(),
    };
    return { does: 'replay', letter, record };
  }
  if (file === null || line === null)
    return skip('no-origin', 'says neither a topic nor a line of a file');
  const retried = await retryLine(letter);
  if (!retried.ok) return skip('still-refused', retried.detail);
  const { outgoing } = retried;
  return {
    does: 'replay',
    letter,
    record: { ...outgoing, headers: { ...outgoing.headers, [header.replayOf]: id } },
  };
}

const appendLimits = { records: 500, bytes: 4 * 1024 * 1024 };

/** What was put back, by the origin (`topic/partition/offset`) that its outcome will carry. */
export type Replayed = Map<string, RejectedRecord>;

/**
 * Writes what is planned, in portions. A portion and the memory of it are one write: a crash leaves no letter replayed
 * and forgotten.
 * @param onSkip is told of the others
 */
export async function applyReplay(
  log: Log,
  steps: AsyncIterable<Step>,
  now: () => number,
  onSkip: (step: Extract<Step, { does: 'skip' }>) => void,
): Promise<Replayed> {
  const replayed: Replayed = new Map();
  let portion: Extract<Step, { does: 'replay' }>[] = [];
  let bytes = 0;
  const write = async (): Promise<void> => {
    const at = new Date(now()).toISOString();
    const checkpoints = Object.fromEntries(
      portion.flatMap(({ letter }) => replayKeys(letter).map((key) => [key, at])),
    );
    const positions = await log.append(
      portion.map(({ record }) => record),
      { checkpoints },
    );
    portion.forEach(({ letter, record }, i) => {
      const { topic, partition, offset } = positions[i]!;
      replayed.set(
        record.headers[header.origin] ?? `${topic}/${partition}/${offset}`,
        withoutPayload(letter),
      );
    });
    portion = [];
    bytes = 0;
  };
  for await (const step of steps) {
    if (step.does === 'skip') {
      onSkip({ ...step, letter: withoutPayload(step.letter) });
      continue;
    }
    portion.push(step);
    bytes += step.record.value?.length ?? 0;
    if (portion.length >= appendLimits.records || bytes >= appendLimits.bytes) await write();
  }
  if (portion.length > 0) await write();
  return replayed;
}

/** Payloads would keep the batches alive that they are views on. */
function withoutPayload(letter: RejectedRecord): RejectedRecord {
  return { ...letter, payload: new Uint8Array(0) };
}
