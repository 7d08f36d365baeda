// Counts of each row of an answer, as they are before anything is suppressed.
import type { FactColumns } from '#core/store/fact-columns.ts';
import { kindNumbers, scaleNumbers } from '#core/store/tables.ts';
import { createDistinct, createSamples, createSums, type Sums } from './growing.ts';
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

/** Of one row of an answer. Means are null where there is nothing they could be of. */
export interface Counts extends Readonly<Record<CountMeasure, number>> {
  readonly meanSentiment: number | null;
  readonly csatAnswers: number;
  readonly meanCsat: number | null;
  readonly npsAnswers: number;
  readonly nps: number | null;
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
  count(slot: number, measure: CountMeasure): number;
  of(slot: number): Counts;
  /** Apart, since they take longer and do not decide on any order. */
  timesOf(slot: number): Times;
}

const hourMs = 3_600_000;

export function createTally(grouping: Grouping): Tally {
  const kinds = [createSums(), createSums(), createSums()];
  const [open, reopened, resolved, sentiment] = fourSums();
  const [csat, csatAnswers, npsBalance, npsAnswers] = fourSums();
  const customers = createDistinct();
  const severities = new Map<number, Sums>();
  const durations = createSamples();

  const addSaid = (columns: FactColumns, slots: Int32Array): void => {
    const { kind, isOpen, sentiment: feeling, severity, scale, score, count } = columns;
    const size = grouping.groups.length;
    const byKind = kinds.map((each) => each.of(size));
    const [openSums, feelings] = [open.of(size), sentiment.of(size)];
    const bySeverity: (Float64Array | undefined)[] = [];
    for (let row = 0; row < count; row += 1) {
      const slot = slots[row]!;
      if (slot < 0) continue;
      const ofKind = kind[row]!;
      byKind[ofKind]![slot]! += 1;
      feelings[slot]! += feeling[row]!;
      if (ofKind === kindNumbers.ticket) {
        openSums[slot]! += isOpen[row]!;
        const label = severity[row]!;
        (bySeverity[label] ??= severitySums(label).of(size))[slot]! += 1;
      } else if (scale[row] === scaleNumbers.csat) {
        csat.of(size)[slot]! += score[row]!;
        csatAnswers.of(size)[slot]! += 1;
      } else if (scale[row] === scaleNumbers.nps) {
        npsBalance.of(size)[slot]! += score[row]! >= 9 ? 1 : score[row]! <= 6 ? -1 : 0;
        npsAnswers.of(size)[slot]! += 1;
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
  const countOf = (slot: number, measure: CountMeasure): number =>
    measure === 'customers' ? customers.count(slot) : sumsOf[measure].get(slot);

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
        meanSentiment: ratio(sentiment.get(slot), said),
        csatAnswers: csatAnswers.get(slot),
        meanCsat: ratio(csat.get(slot), csatAnswers.get(slot)),
        npsAnswers: npsAnswers.get(slot),
        nps: ratio(100 * npsBalance.get(slot), npsAnswers.get(slot)),
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

function fourSums(): [Sums, Sums, Sums, Sums] {
  return [createSums(), createSums(), createSums(), createSums()];
}

function ratio(sum: number, count: number): number | null {
  return count === 0 ? null : sum / count;
}
