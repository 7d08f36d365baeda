// Aggregates: counts of tickets, posts and answers by place, theme, technology, department, kind and time.
import type { z } from 'zod';
import type { Stream } from '#core/store/fact-columns.ts';
import type { Db } from '#core/store/postgres.ts';
import { kindNumbers } from '#core/store/tables.ts';
import type { aggregateRow, AggregatesAnswer } from '../api/answers.ts';
import type { AggregatesQuestion } from '../api/questions.ts';
import type { Reader } from '../reader.ts';
import { asReader, type Reading } from './as-reader.ts';
import { describePlace } from './describe-place.ts';
import { figuresOf, told } from './figures.ts';
import { createGrouping, type Group, type Grouping } from './groups.ts';
import { gazetteerOf } from './known-gazetteer.ts';
import { knownPlaces } from './known-places.ts';
import { labelNames } from './label-names.ts';
import { pageOf, readCursor, writeCursor, type SortValue } from './pages.ts';
import { answered, rangeOf, type Range } from './range.ts';
import { bitsOf, rowFilterOf } from './row-filter.ts';
import { readSegments } from './segments.ts';
import { createTally, type Tally } from './tally.ts';

type AggregateRow = z.output<typeof aggregateRow>;
type Order = NonNullable<AggregatesQuestion['order']>;

/**
 * One row for each combination in which anything was counted, in the order asked for; a suppressed figure comes last.
 * @throws QuestionRefused for a made-up cursor, two levels of places, or far too many rows; SignpostError as `Db` does
 */
export function aggregates(
  store: Db,
  reader: Reader,
  question: AggregatesQuestion,
  now: Date,
): Promise<AggregatesAnswer> {
  const position = readCursor(question);
  return asReader(store, reader, async (reading) => {
    const range = position?.range ?? (await rangeOf(reading, question, now));
    const counted = await tallied(reading, range, question);
    const gazetteer = await gazetteerOf(reading);
    const names = await labelNames(reading);
    const { grouping, tally } = counted;
    const { suppressBelow } = reading;
    const kinds = Object.keys(kindNumbers) as (keyof typeof kindNumbers)[];

    const rowOf = (group: Group, slot: number): AggregateRow => {
      const key = grouping.codes?.keyOf(group.place ?? 0) ?? null;
      const place =
        key === null || grouping.level === undefined
          ? null
          : describePlace(grouping.level, key, grouping.codes?.namedAs(group.place!), gazetteer);
      const figures = figuresOf(tally.of(slot), {
        suppressBelow,
        subscribers: place?.subscribers ?? null,
        severityOf: names.of,
      });
      return {
        ...figures,
        start: group.start === undefined ? null : new Date(group.start).toISOString(),
        place,
        theme: group.theme === undefined ? null : names.of(group.theme),
        technology: group.technology === undefined ? null : names.of(group.technology),
        department: reading.departments.get(group.department ?? -1) ?? null,
        kind: group.kind === undefined ? null : kinds[group.kind]!,
      };
    };

    const order = orderOf(question);
    const rows = grouping.groups.map((group, slot) => {
      const row = rowOf(group, slot);
      return { row, value: sortValue(row, order.by), key: keyOf(row) };
    });
    const { page, more } = pageOf(rows, { ...order, limit: question.limit }, position?.after);
    const last = page.at(-1);
    return {
      range: answered(range),
      rows: page.map(({ row }) => row),
      next:
        more && last !== undefined
          ? writeCursor(question, { range, after: [last.value, last.key] })
          : null,
      unplaced: told(counted.unplaced, suppressBelow),
    };
  });
}

interface Counted {
  readonly grouping: Grouping;
  readonly tally: Tally;
  /** Signals without a place of the level. */
  readonly unplaced: number;
}

const streams: readonly Stream[] = ['said', 'resolved', 'reopened'];

/** @throws QuestionRefused as `aggregates` */
async function tallied(
  reading: Reading,
  range: Range,
  question: AggregatesQuestion,
): Promise<Counted> {
  const places = knownPlaces(reading.db);
  const { groupBy = [], bucket, department } = question;
  const filter = await rowFilterOf(reading, question, places);
  const asked = department === undefined ? -1n : bitsOf(reading, department);
  const departments = [...reading.departments.keys()].filter((bit) => (asked >> BigInt(bit)) & 1n);
  const grouping = createGrouping({ groupBy, bucket, range, filter, places, departments });
  const tally = createTally(grouping);
  for await (const segment of readSegments(reading, range, streams, question)) {
    await places.learn(reading.tx, [segment.columns]);
    tally.add(segment);
  }
  let unplaced = 0;
  for (const [slot, { place }] of grouping.groups.entries()) {
    if (place !== 0) continue;
    const { opened, posts, surveyAnswers } = tally.of(slot);
    unplaced += opened + posts + surveyAnswers;
  }
  return { grouping, tally, unplaced };
}

function orderOf({ order, bucket }: AggregatesQuestion): { by: string; descending: boolean } {
  const asked: Order = order ?? (bucket === 'none' ? '-opened' : 'start');
  return { by: asked.replace('-', ''), descending: asked.startsWith('-') };
}

function sortValue(row: AggregateRow, by: string): SortValue {
  if (by === 'start') return row.start === null ? null : Date.parse(row.start);
  if (by === 'rate') return row.rate?.value ?? null;
  return row[by as 'opened'];
}

function keyOf({ start, place, theme, technology, department, kind }: AggregateRow): string {
  return JSON.stringify([place?.key ?? null, theme, technology, department, kind, start]);
}
