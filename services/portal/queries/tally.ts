// Counts of each row of an answer, as they are before anything is suppressed.
import type { FactColumns } from '#core/store/fact-columns.ts';
import { kindNumbers, scaleNumbers } from '#core/store/tables.ts';
import type { Spread } from '../statistics/means.ts';
import { createDistinct, createSamples, createSpreads, createSums, type Sums } from './growing.ts';
import type { Grouping } from './groups.ts';
import type { Segment } from './segments.ts';

export const countMeasures = [
  'opened',
  'reopened',
  'resolved',
  'stillOpen',
  'posts',
  'surveyAnswers',
  'customers',
] as const;
export type CountMeasure = (typeof countMeasures)[number];
/** How many answers were given on each scale: not told itself, but intervals tell of it. */
export const scaleMeasures = ['npsAnswers', 'csatAnswers', 'cesAnswers'] as const;
export type ScaleMeasure = (typeof scaleMeasures)[number];

/** Of one row of an answer. */
export interface Counts extends Readonly<Record<CountMeasure, number>> {
  readonly sentiment: Spread;
  readonly csat: Spread;
  readonly ces: Spread;
  /** Of -1 for a detractor (0 to 6), 0 and 1 for a promoter (9 and 10). */
  readonly nps: Spread;
  /** By the number of its label. */
  readonly severities: ReadonlyMap<number, number>;
}

export interface Times {
  /** Resolved tickets of which it is known how long that took. */
  readonly timed: number;
  readonly medianHoursToResolve: number | null;
  readonly p90HoursToResolve: number | null;
}

export interface Tally {
  add(segment: Segment): void;
  count(slot: number, measure: CountMeasure | ScaleMeasure): number;
  of(slot: number): Counts;
  /** Apart, since they take longer and do not decide on any order. */
  timesOf(slot: number): Times;
}

const hourMs = 3_600_000;

export function createTally(grouping: Grouping): Tally {
  const kinds = [createSums(), createSums(), createSums()];
  const [open, reopened, resolved] = [createSums(), createSums(), createSums()];
  const [sentiment, sentimentSquares] = [createSums(), createSums()];
  const [nps, csat, ces] = [createSpreads(), createSpreads(), createSpreads()];
  const customers = createDistinct();
  const severities = new Map<number, Sums>();
  const durations = createSamples();

  const addSaid = (columns: FactColumns, slots: Int32Array): void => {
    const { kind, isOpen, sentiment: feeling, severity, scale, score, count } = columns;
    const size = grouping.groups.length;
    const byKind = kinds.map((each) => each.of(size));
    const [openSums, feelings, squares] = [
      open.of(size),
      sentiment.of(size),
      sentimentSquares.of(size),
    ];
    const [addNps, addCsat, addCes] = [nps.adding(size), csat.adding(size), ces.adding(size)];
    const bySeverity: (Float64Array | undefined)[] = [];
    for (let row = 0; row < count; row += 1) {
      const slot = slots[row]!;
      if (slot < 0) continue;
      const ofKind = kind[row]!;
      byKind[ofKind]![slot]! += 1;
      const felt = feeling[row]!;
      feelings[slot]! += felt;
      squares[slot]! += felt * felt;
      if (ofKind === kindNumbers.ticket) {
        openSums[slot]! += isOpen[row]!;
        const label = severity[row]!;
        (bySeverity[label] ??= severitySums(label).of(size))[slot]! += 1;
      } else if (scale[row] === scaleNumbers.csat) addCsat(slot, score[row]!);
      else if (scale[row] === scaleNumbers.ces) addCes(slot, score[row]!);
      else if (scale[row] === scaleNumbers.nps) {
        addNps(slot, score[row]! >= 9 ? 1 : score[row]! <= 6 ? -1 : 0);
      }
    }
  };
  const severitySums = (label: number): Sums => {
    let sums = severities.get(label);
    if (sums === undefined) severities.set(label, (sums = createSums()));
    return sums;
  };

  const [opened, posts, surveyAnswers] = kinds as [Sums, Sums, Sums];
  const sumsOf = { opened, posts, surveyAnswers, reopened, resolved, stillOpen: open };
  const scales = { npsAnswers: nps, csatAnswers: csat, cesAnswers: ces };
  const countOf = (slot: number, measure: CountMeasure | ScaleMeasure): number => {
    if (measure === 'customers') return customers.count(slot);
    return measure in scales
      ? scales[measure as ScaleMeasure].get(slot).count
      : sumsOf[measure as keyof typeof sumsOf].get(slot);
  };

  return {
    count: countOf,
    add(segment) {
      const { stream, columns } = segment;
      for (const slots of grouping.slotsOf(segment)) {
        if (stream === 'said') {
          addSaid(columns, slots);
          customers.add(slots, columns.customerHigh, columns.customerLow);
        } else {
          const own = (stream === 'resolved' ? resolved : reopened).of(grouping.groups.length);
          for (const slot of slots) if (slot >= 0) own[slot]! += 1;
          if (stream === 'resolved') durations.add(slots, columns.durationMs);
        }
      }
    },
    of(slot) {
      const all = Object.fromEntries(
        countMeasures.map((measure) => [measure, countOf(slot, measure)]),
      ) as Record<CountMeasure, number>;
      const said = all.opened + all.posts + all.surveyAnswers;
      return {
        ...all,
        sentiment: { count: said, sum: sentiment.get(slot), squares: sentimentSquares.get(slot) },
        csat: csat.get(slot),
        ces: ces.get(slot),
        nps: nps.get(slot),
        severities: new Map(
          [...severities]
            .map(([label, own]) => [label, own.get(slot)] as const)
            .filter(([, tickets]) => tickets > 0),
        ),
      };
    },
    timesOf(slot) {
      return {
        timed: durations.count(slot),
        medianHoursToResolve: hours(durations.quantile(slot, 0.5)),
        p90HoursToResolve: hours(durations.quantile(slot, 0.9)),
      };
    },
  };
}

function hours(ms: number | null): number | null {
  return ms === null ? null : ms / hourMs;
}
