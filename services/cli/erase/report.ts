// What is said of an erasure: where words were, what was removed, what is left and until when. Nothing of it names the person.
import { lastPassFrom, type Erasure, type TopicHolding } from '../../archive/erasures.ts';
import { count } from '../count.ts';
import type { Styles } from '../output.ts';
import { oneLine } from '../safe-text.ts';
import { tableLines } from '../table.ts';
import { timeOf } from '../tail/show-record.ts';
import type { HeldVersions } from './held-versions.ts';
import type { Seen, Sight } from './look-for.ts';
import type { Counts } from './tally.ts';

/** What a place is, for a person. */
const placeNames: Readonly<Record<string, string>> = {
  'archive signals': 'archive: signals',
  'archive insights': 'archive: insights',
  'archive revisions': 'archive: insights judged anew',
  'archive judgements': 'archive: comments of readers on them',
  'archive alerts': 'archive: alerts that told a word too few others used',
  'archive rejected': 'archive: dead letters',
  'database words': 'database: words and evidence',
  'database facts': 'database: facts, of somebody unknown from now on',
  'database sightings': 'database: sightings, of somebody unknown from now on',
  'database incidents': 'database: incidents that told a word too few others used',
  'database transitions': 'database: alerts that told a word too few others used',
  'ticket updates': 'updates of tickets that later ones are merged with',
};

export type ErasureState = 'under way' | 'done' | 'late';

export function stateOf({ doneAt, deadlineAt }: Erasure, now: number): ErasureState {
  if (doneAt !== null) return 'done';
  return now > deadlineAt ? 'late' : 'under way';
}

/** Without what tells who it is of. */
export function erasureAsJson(
  erasure: Erasure,
  versions?: readonly HeldVersions[],
  now = Date.now(),
): Record<string, unknown> {
  const { subjects, ...rest } = erasure;
  return {
    ...rest,
    pseudonyms: subjects.length,
    state: stateOf(erasure, now),
    late: lateOf(erasure),
    ...(versions === undefined ? {} : { oldVersions: versions }),
  };
}

/** Topics that keep words beyond the deadline. */
function lateOf({ topics, deadlineAt }: Pick<Erasure, 'topics' | 'deadlineAt'>): readonly string[] {
  return topics
    .filter(({ goneBy }) => goneBy === null || goneBy > deadlineAt)
    .map(({ topic }) => topic);
}

export function total({ counts, topics }: Seen): number {
  const rows = Object.values(counts).reduce((sum, one) => sum + one, 0);
  return rows + topics.reduce((sum, { records }) => sum + records, 0);
}

/** What is there of somebody; nothing was changed. */
export function sightLines(
  sight: Sight,
  draft: Erasure,
  versions: readonly HeldVersions[],
  notes: readonly string[],
  styles: Styles,
): string[] {
  const { underWay } = sight;
  const lines: string[] = [];
  if (underWay !== null) {
    const { erasure } = underWay;
    const still =
      total(underWay) === 0 ? 'Nothing is found of what it takes' : 'Of what it takes, here still';
    lines.push(
      styles.bold(`This customer is being erased already: ${erasure.id}.`),
      `${still}; nothing is left by ${timeOf(erasure.deadlineAt)}.`,
      ...placeLines(underWay.counts, styles, 'rows'),
      ...topicLines(underWay.topics, erasure.deadlineAt, styles),
    );
  }
  if (total(sight) > 0 || underWay === null) {
    const also = underWay === null ? 'Words of this customer are here' : 'Said since';
    const head =
      total(sight) === 0
        ? 'Nothing of this customer was found, and nothing is written down; --force asks for the erasure all the same.'
        : `${also}; nothing was changed:`;
    lines.push(
      ...(lines.length === 0 ? [] : ['']),
      styles.bold(head),
      ...placeLines(sight.counts, styles, 'rows'),
      ...topicLines(sight.topics, draft.deadlineAt, styles),
    );
  }
  return [
    ...lines,
    ...versionLines(versions, draft.deadlineAt, styles),
    ...noteLines(notes, styles),
  ];
}

export function erasureLines(
  erasure: Erasure,
  versions: readonly HeldVersions[],
  notes: readonly string[],
  styles: Styles,
  now = Date.now(),
): string[] {
  const { id, requestedAt, deadlineAt, doneAt, passes, lastPassAt, subjects } = erasure;
  const state = stateOf(erasure, now);
  const isHeld = versions.some(({ goneBy }) => goneBy === null || goneBy > now);
  const says = {
    done: isHeld
      ? `Done at ${timeOf(doneAt ?? now)}: nothing is left, but old versions of objects may be, as is told below.`
      : `Done: nothing is left since ${timeOf(doneAt ?? now)}.`,
    late: `Under way, and late: it was to be done by ${timeOf(deadlineAt)}.`,
    'under way': `Under way; nothing is left by ${timeOf(deadlineAt)}.`,
  };
  return [
    styles.bold(`Erasure ${id}`),
    state === 'late' ? styles.red(says[state]) : says[state],
    `Asked for at ${timeOf(requestedAt)}, of ${count(subjects.length)} ${subjects.length === 1 ? 'pseudonym' : 'pseudonyms'}; ` +
      (lastPassAt === null
        ? 'no pass was made yet'
        : `${count(passes)} ${passes === 1 ? 'pass' : 'passes'}, the last at ${timeOf(lastPassAt)}`),
    ...placeLines(erasure.removed, styles, 'removed'),
    ...oldFileLines(erasure),
    ...topicLines(erasure.topics, deadlineAt, styles),
    ...versionLines(versions, deadlineAt, styles),
    ...noteLines(notes, styles),
  ];
}

/** Files that were written anew are there for a while, for who reads them; nothing reads words of theirs after that. */
function oldFileLines({ archiveClearBy, lastPassAt, doneAt }: Erasure): string[] {
  const isGone = doneAt !== null || archiveClearBy === null || (lastPassAt ?? 0) >= archiveClearBy;
  if (isGone) return [];
  return [
    '',
    `Old files of the archive hold words still, until ${timeOf(archiveClearBy)} at the latest.`,
  ];
}

/** What has to be done where no process makes the passes by itself. */
export function resumeNotes(erasure: Erasure): readonly string[] {
  if (erasure.doneAt !== null) return [];
  const gone = erasure.topics.map(({ goneBy }) => goneBy ?? 0);
  const lastAt = Math.max(lastPassFrom(erasure), ...gone);
  // The next minute: what is shown is cut to it.
  const from = timeOf(lastAt + 60_000);
  return [
    `It ends by a pass: keep \`signpost up\` running, or run \`signpost erase resume\` on or after ${from}.`,
  ];
}

function placeLines(counts: Counts, { bold }: Styles, what: string): string[] {
  const rows = Object.entries(counts).map(([place, number]) => [
    placeNames[place] ?? place,
    count(number),
  ]);
  return rows.length === 0 ? [] : ['', ...tableLines(['where', what], rows, bold)];
}

function topicLines(
  topics: readonly TopicHolding[],
  deadlineAt: number,
  { bold, red }: Styles,
): string[] {
  if (topics.length === 0) return [];
  const rows = topics.map(({ topic, records, goneBy }) => [
    oneLine(topic),
    count(records),
    goneBy === null ? 'never' : timeOf(goneBy),
  ]);
  const late = topics.flatMap(({ topic, goneBy, why }) => {
    if (why !== null) return [`${topic}: ${why}`];
    if (goneBy !== null && goneBy <= deadlineAt) return [];
    return [
      `${topic} keeps them beyond the deadline: keep less by retention.days and \`signpost topics apply\`, or name a later deadline`,
    ];
  });
  return [
    '',
    ...tableLines(['topic', 'records', 'the last is gone by'], rows, bold, ['the last is gone by']),
    ...late.map((line) => red(oneLine(line))),
  ];
}

/** Also those that are gone: whoever asked may have been told of them before. */
function versionLines(
  versions: readonly HeldVersions[],
  deadlineAt: number,
  { bold, red }: Styles,
): string[] {
  if (versions.length === 0) return [];
  const rows = versions.map(({ dataset, goneBy }) => [
    `old versions of ${dataset}`,
    goneBy === null ? 'nobody knows when' : timeOf(goneBy),
  ]);
  const late = versions.flatMap(({ dataset, goneBy, why }) => {
    if (why !== null) return [`old versions of ${dataset}: ${why}`];
    if (goneBy !== null && goneBy <= deadlineAt) return [];
    return [
      `old versions of ${dataset} live on beyond the deadline: let versions that are not current expire sooner, or name a later deadline`,
    ];
  });
  return [
    '',
    ...tableLines(['bucket', 'the last is gone by'], rows, bold, ['the last is gone by']),
    ...late.map((line) => red(oneLine(line))),
  ];
}

function noteLines(notes: readonly string[], { dim }: Styles): string[] {
  return notes.length === 0 ? [] : ['', ...notes.map((note) => dim(oneLine(note)))];
}
