// A topic with its record type, and how a record becomes bytes on it: Avro in Confluent framing, CloudEvents headers.
import type { Codec } from './codec.ts';
import type { Headers, OutgoingRecord, ReceivedRecord, TopicSpec } from './log/port.ts';

/** What a record tells about itself: enough for its key and its CloudEvents headers. */
export interface Facts {
  /** Deterministic, and unique among the events of one `source`; `ce_id`. */
  readonly id: string;
  /** Records of one key keep their order; `ce_subject`. */
  readonly key: string;
  /** `ce_source`: kind of event and name of the source the customer spoke through, see `eventSource`. */
  readonly source: string;
  /** When it happened, milliseconds since the epoch; `ce_time`. */
  readonly time: number;
}

/** No topic with words lives longer: what a person asks to be erased is gone by then. */
export const erasureDeadlineMs = 30 * 86_400_000;

export interface Topic<T> extends TopicSpec {
  readonly codec: Codec<T>;
  /** One sentence for the event catalogue. */
  readonly description: string;
  /** What the key is, for the event catalogue. */
  readonly keyedBy: string;
  /** `raw`: unredacted words, readable by few; `redacted`: words safe to share; `none`. Words live 30 days at most. */
  readonly words: 'raw' | 'redacted' | 'none';
  facts(record: T): Facts;
}

/** Headers of Signpost's own, beside those of CloudEvents. */
export const header = {
  /** `topic/partition/offset` of the intake record it all began with; carried along every hop. */
  origin: 'signpost_origin',
  /** Name of the file that an import read it from, and the line where it began there; on intake topics alone. */
  file: 'signpost_file',
  line: 'signpost_line',
  /** Id of the dead letter that this record replays. */
  replayOf: 'signpost_replay_of',
  /** Name of the stage that has had this record already: it was run in one go with the stage before it. */
  carried: 'signpost_carried',
  source: 'ce_source',
  traceparent: 'traceparent',
} as const;

/**
 * `ce_source` of events of one kind. CloudEvents takes two events of the same source and id for one: a signal and the
 * insight made of it share an id, and so may a ticket and a post of one source. Copies of an insight are one event.
 * @param events in the plural, for example `insights`
 * @param source name of the source the customer spoke through
 */
export function eventSource(events: string, source: string): string {
  return `/${events}/${source}`;
}

/** Name of the source the customer spoke through, or undefined when the record does not say. */
export function sourceOf(headers: Headers): string | undefined {
  const source = headers[header.source];
  return source?.slice(source.lastIndexOf('/') + 1);
}

/** Where an import read a record. */
export interface FilePlace {
  /** Without its folder. */
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
}

/** What a record says of where an import read it. */
export function filePlaceOf(headers: Headers): FilePlace | undefined {
  const file = headers[header.file];
  const line = Number(headers[header.line]);
  return file === undefined || !Number.isSafeInteger(line) ? undefined : { file, line };
}

/**
 * Frames `record` for `topic`. With a `cause`, time, origin and trace context follow from it, so that the same input
 * gives the same bytes whenever it is processed again; without one, `timestamp` is the time of acceptance.
 */
export function toOutgoing<T>(
  topic: Topic<T>,
  record: T,
  from:
    | { readonly cause: ReceivedRecord; readonly carriedTo?: string | undefined }
    | {
        readonly timestamp: number;
        readonly traceparent?: string | undefined;
        readonly place?: FilePlace | undefined;
      },
  value: Uint8Array = topic.codec.encode(record),
): OutgoingRecord {
  const { id, key, source, time } = topic.facts(record);
  const headers: Record<string, string> = {
    ce_specversion: '1.0',
    ce_id: id,
    ce_source: source,
    ce_type: eventType(topic.name),
    ce_time: isoTime(time),
    ce_subject: key,
    'content-type': 'application/avro',
  };
  if (!('cause' in from)) {
    const { timestamp, traceparent, place } = from;
    if (traceparent !== undefined) headers[header.traceparent] = traceparent;
    if (place !== undefined) {
      headers[header.file] = place.file;
      headers[header.line] = String(place.line);
    }
    return { topic: topic.name, key, value, headers, timestamp };
  }
  const { cause, carriedTo } = from;
  headers[header.origin] = originOf(cause);
  const traceparent = cause.headers[header.traceparent];
  if (traceparent !== undefined) headers[header.traceparent] = traceparent;
  if (carriedTo !== undefined) headers[header.carried] = carriedTo;
  return { topic: topic.name, key, value, headers, timestamp: cause.timestamp };
}

/**
 * What `toOutgoing` gives for a record that tells the same of itself as that of `like`, which stems from the same
 * cause, on another topic.
 */
export function onTopic(topic: string, like: OutgoingRecord, value: Uint8Array): OutgoingRecord {
  const { key, timestamp, headers: known } = like;
  const headers: Record<string, string> = {
    ce_specversion: '1.0',
    ce_id: known['ce_id']!,
    ce_source: known['ce_source']!,
    ce_type: eventType(topic),
    ce_time: known['ce_time']!,
    ce_subject: known['ce_subject']!,
    'content-type': 'application/avro',
  };
  headers[header.origin] = known[header.origin]!;
  const traceparent = known[header.traceparent];
  if (traceparent !== undefined) headers[header.traceparent] = traceparent;
  return { topic, key, value, headers, timestamp };
}

const eventTypes = new Map<string, string>();
function eventType(topic: string): string {
  let type = eventTypes.get(topic);
  if (type === undefined) eventTypes.set(topic, (type = `signpost.${topic}`));
  return type;
}

/** `topic/partition/offset` of the intake record that a record stems from; its own position if it is the first. */
export function originOf(record: ReceivedRecord): string {
  return record.headers[header.origin] ?? `${record.topic}/${record.partition}/${record.offset}`;
}

/**
 * The origin of a record that is brought back after its intake topic was lost: `tickets.reported.v1(1)/0/57`. It must not be
 * taken for the record that has this place on the topic made anew. No topic's name has parentheses.
 * @param generation counts the topics of this name, from 1
 */
export function earlierOrigin(origin: string, generation: number): string {
  return isOfEarlierTopic(origin) ? origin : origin.replace('/', `(${generation})/`);
}

export function isOfEarlierTopic(origin: string): boolean {
  return origin.includes('(');
}

// Most records of a batch share few distinct times' days; formatting a Date costs more than this look-up.
let lastDay = Number.NaN;
let lastDayText = '';
let lastMs = Number.NaN;
let lastText = '';
/** What a record becomes on its way has its time: the last answer is often asked for again. */
function isoTime(ms: number): string {
  if (ms !== lastMs) {
    lastText = formatted(ms);
    lastMs = ms;
  }
  return lastText;
}

function formatted(ms: number): string {
  const day = Math.floor(ms / 86_400_000);
  if (day !== lastDay) {
    lastDay = day;
    lastDayText = new Date(day * 86_400_000).toISOString().slice(0, 11);
  }
  let rest = ms - day * 86_400_000;
  const hours = Math.floor(rest / 3_600_000);
  rest -= hours * 3_600_000;
  const minutes = Math.floor(rest / 60_000);
  rest -= minutes * 60_000;
  const seconds = Math.floor(rest / 1000);
  const millis = rest - seconds * 1000;
  return `${lastDayText}${two(hours)}:${two(minutes)}:${two(seconds)}.${millis < 100 ? '0' : ''}${two(millis)}Z`;
}

function two(n: number): string {
  return n < 10 ? `0${n}` : String(n);
}
