// Aggregates: counts of tickets, posts and answers by place, theme, technology, department, kind and time.
import type { z } from 'zod';
import type { Stream } from '#core/store/fact-columns.ts';
import type { Db } from '#core/store/postgres.ts';
import { kindNumbers } from '#core/store/tables.ts';
import type { aggregateRow, AggregatesAnswer, Place } from '../api/answers.ts';
import type { AggregatesQuestion } from '../api/questions.ts';
import type { Reader } from '../reader.ts';
import { asReader, type Reading } from './as-reader.ts';
import { describePlace } from './describe-place.ts';
import { figuresOf, told, toldOf } from './figures.ts';
import { hiddenBeside } from './hidden-rows.ts';
import { createGrouping, type Group, type Grouping } from './groups.ts';
import { gazetteerOf } from './known-gazetteer.ts';
import { knownPlaces } from './known-places.ts';
import { labelNames } from './label-names.ts';
import { pageOf, readCursor, writeCursor, type SortValue } from './pages.ts';
import type { Homonyms } from './place-keys.ts';
import { answered, rangeOf, type Range } from './range.ts';
import { bitsOf, rowFilterOf } from './row-filter.ts';
import { readSegments } from './segments.ts';
import { createTally, type CountMeasure, type Tally } from './tally.ts';
import { unseenNames } from './unseen-names.ts';

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
    const gazetteer = await gazetteerOf(reading);
    const counted = await tallied(reading, range, question, gazetteer.homonyms);
    const names = await labelNames(reading);
    const { grouping, tally } = counted;
    const { suppressBelow } = reading;
    const kinds = Object.keys(kindNumbers) as (keyof typeof kindNumbers)[];

    const placeOf = (group: Group): Place | null => {
      const key = keyOfPlace(grouping, group);
      if (key === null) return null;
      const { level, codes } = grouping;
      return describePlace(level!, key, codes!.namedAs(group.place!), gazetteer);
    };
    const isHidden = hiddenBeside(grouping.groups, tally, suppressBelow);
    const rowOf = (slot: number): AggregateRow => {
      const group = grouping.groups[slot]!;
      const place = placeOf(group);
      const { theme, technology, department, kind, start } = group;
      const figures = figuresOf(tally.of(slot), tally.timesOf(slot), {
        suppressBelow,
        subscribers: place?.subscribers ?? null,
        severityOf: names.of,
        isHidden: (figure) => isHidden(slot, figure),
      });
      return {
        ...figures,
        start: start === undefined ? null : new Date(start).toISOString(),
        place,
        theme: theme === undefined ? null : names.of(theme),
        technology: technology === undefined ? null : names.of(technology),
        department: reading.departments.get(department ?? -1) ?? null,
        kind: kind === undefined ? null : kinds[kind]!,
      };
    };
    const valueOf = (by: Measure, slot: number): SortValue => {
      const group = grouping.groups[slot]!;
      if (by === 'start') return group.start ?? null;
      const toldAs = (measure: CountMeasure): number | null =>
        toldOf(
          (each) => tally.count(slot, each),
          measure,
          suppressBelow,
          (figure) => isHidden(slot, figure),
        );
      if (by !== 'rate') return toldAs(by);
      const key = keyOfPlace(grouping, group);
      const subscribers = key === null ? null : gazetteer.place(grouping.level!, key)?.subscribers;
      return subscribers ? scaled(toldAs('opened'), 1 / subscribers) : null;
    };
    const keyOf = (group: Group): string => {
      const { theme, technology, department, kind, start } = group;
      const labels = [theme, technology].map((each) => (each === undefined ? '' : names.of(each)));
      return [keyOfPlace(grouping, group) ?? '', ...labels, department, kind, start].join('\n');
    };

    const order = orderOf(question);
    const sortable = grouping.groups.map((group, slot) => ({
      slot,
      value: valueOf(order.by, slot),
      key: keyOf(group),
    }));
    const { page, more } = pageOf(sortable, { ...order, limit: question.limit }, position?.after);
    const last = page.at(-1);
    // Where one row alone is not told among those without a place, their sum would tell of it.
    const tellsOfUnplaced =
      grouping.groups.filter(
        ({ place }, slot) => place === 0 && said.some((each) => isHidden(slot, each)),
      ).length !== 1;
    return {
      range: answered(range),
      rows: page.map(({ slot }) => rowOf(slot)),
      next:
        more && last !== undefined
          ? writeCursor(question, { range, after: [last.value, last.key] })
          : null,
      unplaced: tellsOfUnplaced ? told(counted.unplaced, suppressBelow) : null,
      notices: await unseenNames(reading, question),
    };
  });
}

interface Counted {
  readonly grouping: Grouping;
  readonly tally: Tally;
  /** Signals without a place of the level. */
  readonly unplaced: number;
}

const said = ['opened', 'posts', 'surveyAnswers'] as const;
const streams: readonly Stream[] = ['said', 'resolved', 'reopened'];

/** @throws QuestionRefused as `aggregates` */
async function tallied(
  reading: Reading,
  range: Range,
  question: AggregatesQuestion,
  homonyms: Homonyms,
): Promise<Counted> {
  const places = knownPlaces(reading.db);
  const { groupBy = [], bucket, department } = question;
  const filter = await rowFilterOf(reading, question, places);
  const asked = department === undefined ? -1n : bitsOf(reading, department);
  const departments = [...reading.departments.keys()].filter((bit) => (asked >> BigInt(bit)) & 1n);
  const grouping = createGrouping({
    groupBy,
    bucket,
    range,
    filter,
    places,
    homonyms,
    departments,
  });
  const tally = createTally(grouping);
  for await (const segment of readSegments(reading, range, streams, question)) {
    await places.learn(reading.tx, [segment.columns]);
    tally.add(segment);
  }
  let unplaced = 0;
  for (const [slot, { place }] of grouping.groups.entries()) {
    if (place !== 0) continue;
    for (const kind of said) unplaced += tally.count(slot, kind);
  }
  return { grouping, tally, unplaced };
}

type Measure = 'start' | 'rate' | CountMeasure;

function orderOf({ order, bucket }: AggregatesQuestion): { by: Measure; descending: boolean } {
  const asked: Order = order ?? (bucket === 'none' ? '-opened' : 'start');
  return { by: asked.replace('-', '') as Measure, descending: asked.startsWith('-') };
}

function keyOfPlace({ codes }: Grouping, { place }: Group): string | null {
  return codes === undefined || place === undefined ? null : codes.keyOf(place);
}

function scaled(value: number | null, factor: number): number | null {
  return value === null ? null : value * factor;
}
