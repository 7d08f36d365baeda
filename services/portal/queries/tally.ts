// Counts of each row of an answer, as they are before anything is suppressed.
import { scaleNumbers } from '#core/store/tables.ts';
import { createDistinct, createSamples, createSums } from './growing.ts';
import type { Grouping } from './groups.ts';
import type { Segment } from './segments.ts';

/** Of one row of an answer. Means and quantiles are null where there is nothing they could be of. */
export interface Counts {
  readonly opened: number;
  readonly reopened: number;
  readonly resolved: number;
  readonly stillOpen: number;
  readonly customers: number;
  readonly posts: number;
  readonly surveyAnswers: number;
  readonly medianHoursToResolve: number | null;
  readonly p90HoursToResolve: number | null;
  readonly meanSentiment: number | null;
  readonly csatAnswers: number;
  readonly meanCsat: number | null;
  readonly npsAnswers: number;
  readonly nps: number | null;
  /** By the number of its label. */
  readonly severities: ReadonlyMap<number, number>;
}

export interface Tally {
  add(segment: Segment): void;
  of(slot: number): Counts;
}

const hourMs = 3_600_000;

export function createTally(grouping: Grouping): Tally {
  const kinds = [createSums(), createSums(), createSums()];
  const [stillOpen, reopened, resolved, sentiment] = [
    createSums(),
    createSums(),
    createSums(),
    createSums(),
  ];
  const [csat, csatAnswers, promoters, detractors, npsAnswers] = [
    createSums(),
    createSums(),
    createSums(),
    createSums(),
    createSums(),
  ];
  const customers = createDistinct();
  const severities = new Map<number, ReturnType<typeof createSums>>();
  const hours = createSamples();

  const addSaid = (segment: Segment): void => {
    const { kind, isOpen, sentiment: feeling, severity, scale, score } = segment.columns;
    const { customerHigh, customerLow } = segment.columns;
    grouping.each(segment, (slot, row) => {
      kinds[kind[row]!]!.add(slot, 1);
      sentiment.add(slot, feeling[row]!);
      const [high, low] = [customerHigh[row]!, customerLow[row]!];
      if (high !== 0 || low !== 0) customers.add(slot, high, low);
      if (kind[row] === 0) {
        if (isOpen[row] === 1) stillOpen.add(slot, 1);
        let sums = severities.get(severity[row]!);
        if (sums === undefined) severities.set(severity[row]!, (sums = createSums()));
        sums.add(slot, 1);
      } else if (scale[row] === scaleNumbers.csat) {
        csat.add(slot, score[row]!);
        csatAnswers.add(slot, 1);
      } else if (scale[row] === scaleNumbers.nps) {
        npsAnswers.add(slot, 1);
        if (score[row]! >= 9) promoters.add(slot, 1);
        else if (score[row]! <= 6) detractors.add(slot, 1);
      }
    });
  };

  return {
    add(segment) {
      if (segment.stream === 'said') addSaid(segment);
      else if (segment.stream === 'reopened')
        grouping.each(segment, (slot) => reopened.add(slot, 1));
      else {
        const { durationMs } = segment.columns;
        grouping.each(segment, (slot, row) => {
          resolved.add(slot, 1);
          hours.add(slot, durationMs[row]! / hourMs);
        });
      }
    },
    of(slot) {
      const [opened, posts, surveyAnswers] = kinds.map((each) => each.get(slot)) as [
        number,
        number,
        number,
      ];
      const times = hours.sorted(slot);
      const said = opened + posts + surveyAnswers;
      const promoted = promoters.get(slot) - detractors.get(slot);
      return {
        opened,
        posts,
        surveyAnswers,
        reopened: reopened.get(slot),
        resolved: resolved.get(slot),
        stillOpen: stillOpen.get(slot),
        customers: customers.count(slot),
        medianHoursToResolve: quantile(times, 0.5),
        p90HoursToResolve: quantile(times, 0.9),
        meanSentiment: ratio(sentiment.get(slot), said),
        csatAnswers: csatAnswers.get(slot),
        meanCsat: ratio(csat.get(slot), csatAnswers.get(slot)),
        npsAnswers: npsAnswers.get(slot),
        nps: ratio(100 * promoted, npsAnswers.get(slot)),
        severities: new Map(
          [...severities]
            .map(([label, sums]) => [label, sums.get(slot)] as const)
            .filter(([, count]) => count > 0),
        ),
      };
    },
  };
}

function ratio(sum: number, count: number): number | null {
  return count === 0 ? null : sum / count;
}

/** Between the two nearest values, in proportion: as PostgreSQL's percentile_cont. Null of nothing. */
export function quantile(sorted: Float64Array, share: number): number | null {
  if (sorted.length === 0) return null;
  const at = share * (sorted.length - 1);
  const below = sorted[Math.floor(at)]!;
  const above = sorted[Math.ceil(at)]!;
  return below + (above - below) * (at - Math.floor(at));
}
