// One record of any topic, for people and for programs.
import type { DroppedRecord } from '#schemas/dropped-record.ts';
import type { Insight } from '#schemas/insight.ts';
import type { Judgement } from '#schemas/judgement.ts';
import type { RejectedRecord } from '#schemas/rejected-record.ts';
import type { Signal } from '#schemas/signal.ts';
import type { ReceivedRecord } from '#core/log/port.ts';
import { bytesAsJson, decodeValue, plainValue } from '../decode-value.ts';
import { judgementLines } from '../judgements/show.ts';
import type { Output } from '../output.ts';
import { oneLine, truncate } from '../safe-text.ts';
import { quoteLines } from '../words.ts';
import { showDepartments, showJudgement, spokenFor } from '../show-judgement.ts';

const mostColumns = 100;
const wordsColumns = 75;
const wordsLines = 6;

/** `topic, partition, offset, timestamp, key, headers, value`; a value that cannot be read has `undecodable` beside. */
export function recordAsJson({
  topic,
  partition,
  offset,
  timestamp,
  key,
  headers,
  value,
}: ReceivedRecord): unknown {
  const place = { topic, partition, offset, timestamp, key, headers };
  const decoded = decodeValue(value);
  switch (decoded.kind) {
    case 'record':
      return { ...place, value: plainValue(decoded.value) };
    case 'tombstone':
      return { ...place, value: null };
    case 'undecodable':
      return { ...place, value: null, undecodable: decoded.why, bytes: bytesAsJson(decoded.bytes) };
  }
}

/** Lines for a person. */
export function showRecord(record: ReceivedRecord, output: Output): string[] {
  const { styles } = output;
  const columns = Math.min(mostColumns, output.columns);
  const decoded = decodeValue(record.value);
  const at = `${record.partition}/${record.offset}`;
  const grey = (...parts: readonly (string | null)[]): string =>
    styles.dim(
      truncate(
        `  ${[...parts, at]
          .filter((part) => part !== null && part !== '')
          .map((part) => oneLine(part!))
          .join(' · ')}`,
        columns,
      ),
    );
  if (decoded.kind === 'tombstone')
    return ['(a tombstone)', grey(record.key, timeOf(record.timestamp))];
  if (decoded.kind === 'undecodable') {
    return [
      styles.red(oneLine(`(cannot be read: ${decoded.why})`)),
      grey(record.key, timeOf(record.timestamp)),
    ];
  }
  switch (decoded.recordName) {
    case 'signpost.Insight': {
      const insight = decoded.value as Insight;
      const departments = showDepartments(insight.departments, styles);
      return [
        ...showWords(insight.signal, spokenFor(insight.departments), output),
        `  ${departments === '' ? styles.dim('concerns no department') : departments}`,
        ...(insight.unsure === null
          ? []
          : [styles.yellow(`  unsure: ${insight.unsure.map((name) => oneLine(name)).join(', ')}`)]),
        `  ${showJudgement(insight, styles)}`,
        // First, where it is never cut off: `signpost judge` takes it.
        grey(insight.id, ...factsOf(insight.signal)),
      ];
    }
    case 'signpost.Signal': {
      const signal = decoded.value as Signal;
      return [...showWords(signal, [], output), grey(...factsOf(signal))];
    }
    case 'signpost.Judgement': {
      const judgement = decoded.value as Judgement;
      return judgementLines(judgement, { styles, columns }, timeOf(judgement.judgedAt), at);
    }
    case 'signpost.RejectedRecord': {
      const letter = decoded.value as RejectedRecord;
      const { source, stage, reason, detail, id } = letter;
      return [
        `${styles.red(oneLine(reason))}  ${truncate(oneLine(detail), columns - reason.length - 2)}`,
        grey(source, stage, originOf(letter), timeOf(letter.rejectedAt), id),
      ];
    }
    case 'signpost.DroppedRecord': {
      const { source, stage, reason, topic, partition, offset, droppedAt } =
        decoded.value as DroppedRecord;
      return [
        `${styles.yellow(oneLine(reason))}  ${oneLine(`${topic}/${partition} at ${offset}`)}`,
        grey(source, stage, timeOf(droppedAt)),
      ];
    }
    default:
      return [
        truncate(oneLine(JSON.stringify(plainValue(decoded.value))), columns),
        grey(decoded.recordName, timeOf(record.timestamp)),
      ];
  }
}

/** Where a dead letter was read. */
export function originOf({ topic, partition, offset, file, line }: RejectedRecord): string {
  const places = [
    ...(file === null ? [] : [`${file}${line === null ? '' : `, line ${line}`}`]),
    ...(topic === null ? [] : [`${topic}/${partition} at ${offset}`]),
  ];
  return places.length === 0 ? 'no known place' : places.join(', ');
}

/** `2026-03-04 12:30 UTC`; only what is known of a time that has a day or a month. */
export function timeOf(ms: number, precision: string = 'millisecond'): string {
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) return `${ms} ms`;
  const iso = date.toISOString();
  if (precision === 'month') return iso.slice(0, -17);
  if (precision === 'day') return iso.slice(0, -14);
  return `${iso.slice(0, -14)} ${iso.slice(-13, -8)} UTC`;
}

function showWords(
  signal: Signal,
  marked: Parameters<typeof quoteLines>[1],
  { styles, columns }: Output,
): string[] {
  const { text, score, scale } = signal;
  const scored = score === null ? '' : `${scale ?? 'score'} ${score}`;
  if (text !== null) {
    const shape = {
      columns: Math.min(wordsColumns, columns),
      maxLines: wordsLines,
      mark: styles.underline,
    };
    return [...quoteLines(text, marked, shape), ...(scored === '' ? [] : [`  ${oneLine(scored)}`])];
  }
  const facts = Object.entries(signal.attributes).map(([name, value]) => `${name}: ${value}`);
  return [
    truncate(
      oneLine(['no words', scored, ...facts].filter((part) => part !== '').join(' · ')),
      columns,
    ),
  ];
}

function factsOf(signal: Signal): readonly (string | null)[] {
  const { source, kind, place, occurredAt, timePrecision, channel, product, ticket } = signal;
  const where = place.city ?? place.area ?? place.region ?? place.country;
  return [
    source,
    kind === 'ticket' && ticket?.status ? `ticket ${ticket.status}` : kind,
    channel,
    product,
    where,
    timeOf(occurredAt, timePrecision),
  ];
}
