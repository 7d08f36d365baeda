// From counts to what a reader is told: means, rates with their intervals, and nothing that follows from a count too
// small for this reader. Pure.
import type { Figures } from '../api/answers.ts';
import { ratePerThousand } from '../statistics/intervals.ts';
import type { Counts } from './tally.ts';

export interface FiguresOptions {
  /** Counts from 1 to one less than this are not told. */
  readonly suppressBelow: number;
  readonly subscribers: number | null;
  readonly severityOf: (label: number) => string;
}

export function isSmall(count: number, suppressBelow: number): boolean {
  return count > 0 && count < suppressBelow;
}

/** A count, or null where it is too small. */
export function told(count: number, suppressBelow: number): number | null {
  return isSmall(count, suppressBelow) ? null : count;
}

/**
 * What rests on a suppressed count goes with it: of tickets opened, those still open, severities and the rate; of
 * resolved ones, the times; of answers, their scores; of any of what is said, the mean sentiment. Severities are told all
 * or not at all, since one left out would follow from the others.
 */
export function figuresOf(counts: Counts, options: FiguresOptions): Figures {
  const { suppressBelow, subscribers, severityOf } = options;
  const small = (count: number): boolean => isSmall(count, suppressBelow);
  const kept = (count: number): number | null => told(count, suppressBelow);
  const { opened, reopened, resolved, posts, surveyAnswers } = counts;
  const fewTickets = small(opened);
  const saysLittle = fewTickets || small(posts) || small(surveyAnswers);
  const fewOpen = fewTickets || small(counts.stillOpen);
  const fewCustomers = saysLittle || small(counts.customers);
  const fewSeverities = fewTickets || [...counts.severities.values()].some(small);
  const fewResolved = small(resolved);
  const fewCsat = small(surveyAnswers) || small(counts.csatAnswers);
  const fewNps = small(surveyAnswers) || small(counts.npsAnswers);
  return {
    suppressed:
      saysLittle || fewOpen || fewCustomers || fewSeverities || fewResolved || small(reopened),
    opened: kept(opened),
    reopened: kept(reopened),
    resolved: kept(resolved),
    stillOpen: fewOpen ? null : counts.stillOpen,
    customers: fewCustomers ? null : counts.customers,
    medianHoursToResolve: fewResolved ? null : counts.medianHoursToResolve,
    p90HoursToResolve: fewResolved ? null : counts.p90HoursToResolve,
    meanSentiment: saysLittle ? null : counts.meanSentiment,
    severities: fewSeverities
      ? {}
      : Object.fromEntries(
          [...counts.severities]
            .map(([label, count]) => [severityOf(label), count] as const)
            .toSorted(([one], [other]) => (one < other ? -1 : 1)),
        ),
    posts: kept(posts),
    surveyAnswers: kept(surveyAnswers),
    meanCsat: fewCsat ? null : counts.meanCsat,
    nps: fewNps ? null : counts.nps,
    rate: fewTickets ? null : ratePerThousand(opened, subscribers),
  };
}

/**
 * Parts under a total that is told: where a single part is suppressed it would follow from the others, so that the next
 * smallest is suppressed too. Two or more that are suppressed tell their sum alone.
 * @returns the parts' counts, null where suppressed
 */
export function suppressedParts(
  counts: readonly number[],
  suppressBelow: number,
): readonly (number | null)[] {
  const parts = counts.map((count) => told(count, suppressBelow));
  if (parts.filter((part) => part === null).length !== 1) return parts;
  const others = parts.filter((part) => part !== null && part > 0) as number[];
  if (others.length === 0) return parts;
  parts[parts.indexOf(Math.min(...others))] = null;
  return parts;
}
