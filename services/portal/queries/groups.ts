// Which row of an answer each signal counts in: by place, theme, technology, department, kind and bucket of time.
import type { FactColumns } from '#core/store/fact-columns.ts';
import type { buckets, Dimension, PlaceLevel } from '../api/questions.ts';
import { placeLevels } from '../api/questions.ts';
import { QuestionRefused } from '../api/queries.ts';
import type { KnownPlaces, LevelCodes } from './known-places.ts';
import type { Homonyms } from './place-keys.ts';
import { dayMs, hourMs, weekMs, type Range } from './range.ts';
import type { RowFilter } from './row-filter.ts';
import type { Segment } from './segments.ts';

export type Bucket = (typeof buckets)[number];

/** One row of an answer. Numbers of labels and bits; undefined where the answer is not grouped by it. */
export interface Group {
  /** Of `LevelCodes`; 0 for no place. */
  readonly place: number | undefined;
  readonly theme: number | undefined;
  readonly technology: number | undefined;
  readonly kind: number | undefined;
  /** -1 for received by none. */
  readonly department: number | undefined;
  /** Milliseconds since the epoch. */
  readonly start: number | undefined;
}

export interface Grouping {
  readonly level: PlaceLevel | undefined;
  readonly codes: LevelCodes | undefined;
  /** Groups met so far; a slot is an index into them. */
  readonly groups: readonly Group[];
  /**
   * For each row of the segment the slot it counts in, -1 for none. Several times for what several departments received,
   * when grouped by these. The array is used again by the next call.
   */
  slotsOf(segment: Segment): Iterable<Int32Array>;
}

export interface GroupingOptions {
  readonly groupBy: readonly Dimension[];
  readonly bucket: Bucket;
  readonly range: Range;
  readonly filter: RowFilter;
  readonly places: KnownPlaces;
  readonly homonyms?: Homonyms;
  /** Bits of the departments that may be rows of their own. */
  readonly departments: readonly number[];
}

const mostGroups = 1_000_000;

/** @throws QuestionRefused for two levels of places, and where there are too many rows to make */
export function createGrouping(options: GroupingOptions): Grouping {
  const { groupBy, bucket, filter, places } = options;
  const levels = placeLevels.filter((each) => groupBy.includes(each));
  if (levels.length > 1) {
    throw new QuestionRefused(
      'groupBy',
      `must name one level of places, not ${levels.join(' and ')}`,
    );
  }
  const [level] = levels;
  const codes = level === undefined ? undefined : places.level(level, options.homonyms);
  const by = (dimension: Dimension): boolean => groupBy.includes(dimension);
  const [byTheme, byTechnology, byKind, byDepartment] = [
    by('theme'),
    by('technology'),
    by('kind'),
    by('department'),
  ];
  const time = timeOf(bucket, options.range);
  const tree = createTree(time.buckets);
  const groups: Group[] = [];
  let scratch = new Int32Array(1024);

  return {
    level,
    codes,
    groups,
    *slotsOf(segment) {
      const { columns, departments, days } = segment;
      if (filter.departments !== undefined && (departments & filter.departments) === 0n) return;
      const bucketOf = time.bucketsOf(columns, days);
      for (const department of byDepartment ? ownRows(departments, options.departments) : [-1]) {
        const root = byDepartment ? tree.below(tree.root, department + 1) : tree.root;
        yield fill(columns, nodesBySpot(columns, root), bucketOf, department);
      }
    },
  };

  /** The node of the tree that rows of each spot begin at; -1 for spots that are filtered out. */
  function nodesBySpot(columns: FactColumns, root: number): Int32Array {
    const nodes = new Int32Array(columns.place.length).fill(root);
    if (codes !== undefined) {
      const of = codes.codesOf(columns);
      for (let spot = 0; spot < nodes.length; spot += 1) nodes[spot] = tree.below(root, of[spot]!);
    }
    const passes = filter.spotsOf?.(columns);
    if (passes !== undefined) {
      for (let spot = 0; spot < nodes.length; spot += 1) if (passes[spot] !== 1) nodes[spot] = -1;
    }
    return nodes;
  }

  function fill(
    columns: FactColumns,
    nodes: Int32Array,
    bucketOf: Int32Array,
    department: number,
  ): Int32Array {
    const { hour, spot, theme, technology, kind, count } = columns;
    const { kinds, themes, technologies } = filter;
    if (scratch.length < count) scratch = new Int32Array(2 * count);
    const slots = scratch.subarray(0, count);
    for (let row = 0; row < count; row += 1) {
      slots[row] = -1;
      let node = nodes[spot[row]!]!;
      if (node < 0) continue;
      if (themes !== undefined && themes[theme[row]!] !== 1) continue;
      if (technologies !== undefined && technologies[technology[row]!] !== 1) continue;
      if (kinds !== undefined && kinds[kind[row]!] !== 1) continue;
      const bucketNumber = bucketOf[hour[row]!]!;
      if (bucketNumber < 0) continue;
      if (byTheme) node = tree.below(node, theme[row]!);
      if (byTechnology) node = tree.below(node, technology[row]!);
      if (byKind) node = tree.below(node, kind[row]!);
      const slot = tree.slotAt(node, bucketNumber);
      slots[row] = slot;
      if (slot < groups.length) continue;
      if (slot >= mostGroups) throw tooMany();
      groups.push({
        place: codes?.codesOf(columns)[spot[row]!],
        theme: byTheme ? theme[row] : undefined,
        technology: byTechnology ? technology[row] : undefined,
        kind: byKind ? kind[row] : undefined,
        department: byDepartment ? department : undefined,
        start: time.startOf(bucketNumber),
      });
    }
    return slots;
  }
}

function tooMany(): QuestionRefused {
  return new QuestionRefused(
    'groupBy',
    `must give less than ${mostGroups} rows: ask for a shorter time, longer buckets or fewer dimensions`,
  );
}

/** -1 for what none received, which only a reader of all departments sees. */
function ownRows(departments: bigint, allowed: readonly number[]): readonly number[] {
  if (departments === 0n) return [-1];
  return allowed.filter((bit) => ((departments >> BigInt(bit)) & 1n) === 1n);
}

interface Time {
  readonly buckets: number;
  /** The bucket's number for each hour of the columns; -1 for hours of days that do not count. */
  bucketsOf(columns: FactColumns, days: ReadonlySet<number> | null): Int32Array;
  startOf(bucket: number): number | undefined;
}

const hoursPerDay = dayMs / hourMs;
const hoursPerWeek = weekMs / hourMs;

function timeOf(bucket: Bucket, { from, to }: Range): Time {
  const firstDay = Math.floor(from.getTime() / dayMs);
  const lastDay = Math.floor((to.getTime() - 1) / dayMs);
  const starts: number[] = [];
  const ofDay = new Int32Array(lastDay - firstDay + 1);
  if (bucket !== 'hour') {
    for (let day = firstDay; day <= lastDay; day += 1) {
      const start = startOf(bucket, day);
      if (starts.at(-1) !== start) starts.push(start);
      ofDay[day - firstDay] = starts.length - 1;
    }
  }
  const firstHour = firstDay * hoursPerDay;
  const bucketsFrom = (
    baseHour: number,
    hours: number,
    days: ReadonlySet<number> | null,
  ): Int32Array =>
    Int32Array.from({ length: hours }, (_, at) => {
      const absolute = baseHour + at;
      const day = Math.floor(absolute / hoursPerDay);
      if (day < firstDay || day > lastDay || days?.has(day) === false) return -1;
      return bucket === 'hour' ? absolute - firstHour : ofDay[day - firstDay]!;
    });
  // Packs of one week are many, and the days that count are the same for all.
  const ofWeeks = new Map<number, Int32Array>();
  return {
    buckets: bucket === 'hour' ? ofDay.length * hoursPerDay : starts.length,
    bucketsOf({ hour, baseHour }, days) {
      if (days === null) return bucketsFrom(baseHour, longest(hour) + 1, null);
      let known = ofWeeks.get(baseHour);
      if (known === undefined) {
        known = bucketsFrom(baseHour, hoursPerWeek, days);
        ofWeeks.set(baseHour, known);
      }
      return known;
    },
    startOf: (number) => {
      if (bucket === 'none') return undefined;
      return bucket === 'hour' ? (firstHour + number) * hourMs : starts[number];
    },
  };
}

function longest(hour: FactColumns['hour']): number {
  let most = 0;
  for (const each of hour) if (each > most) most = each;
  return most;
}

/** Start of the bucket that a day (since the epoch) is in; weeks begin on Monday, all is UTC. */
function startOf(bucket: Bucket, day: number): number {
  const at = new Date(day * dayMs);
  if (bucket === 'none') return 0;
  if (bucket === 'month') return Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), 1);
  if (bucket === 'week') return (day - ((at.getUTCDay() + 6) % 7)) * dayMs;
  return day * dayMs;
}

/** Combinations: a node for each beginning of one, a slot for each end; slots are numbered from 0 as they are met. */
function createTree(buckets: number) {
  const children: number[][] = [[]];
  const ends: (Int32Array | Map<number, number>)[] = [];
  const single: number[] = [];
  let slots = 0;
  // Beyond this a list with a place for each bucket would be mostly empty.
  const listed = 1024;
  return {
    root: 0,
    below(node: number, code: number): number {
      const own = children[node]!;
      return (own[code] ??= children.push([]) - 1);
    },
    slotAt(node: number, bucket: number): number {
      if (buckets === 1) return (single[node] ??= slots++);
      const own = (ends[node] ??= buckets <= listed ? new Int32Array(buckets).fill(-1) : new Map());
      if (own instanceof Map) {
        let slot = own.get(bucket);
        if (slot === undefined) own.set(bucket, (slot = slots++));
        return slot;
      }
      if (own[bucket]! < 0) own[bucket] = slots++;
      return own[bucket]!;
    },
  };
}
