// From counts to what a reader is told: means, rates with their intervals, and nothing that follows from a count too
// small for this reader. Pure.
import type { Figures } from '../api/answers.ts';
import { ratePerThousand, type Ends } from '../statistics/intervals.ts';
import { meanInterval, meanOf, type Scale, type Spread } from '../statistics/means.ts';
import {
  countMeasures,
  scaleMeasures,
  type CountMeasure,
  type Counts,
  type ScaleMeasure,
  type Times,
} from './tally.ts';

export interface FiguresOptions {
  /** Counts from 1 to one less than this are not told. */
  readonly suppressBelow: number;
  readonly subscribers: number | null;
  readonly severityOf: (label: number) => string;
  /** What else is not told, for it would tell of a row beside it. */
  readonly isHidden?: IsHidden;
}

/** Of one row of an answer. */
export type IsHidden = (figure: CountMeasure | ScaleMeasure | 'severities') => boolean;

export function isSmall(count: number, suppressBelow: number): boolean {
  return count > 0 && count < suppressBelow;
}

/** A count, or null where it is too small. */
export function told(count: number, suppressBelow: number): number | null {
  return isSmall(count, suppressBelow) ? null : count;
}

type CountOf = (measure: CountMeasure) => number;

/** One count as it is told: null where it is too small, or one that it rests on, and where nobody knows it. */
export function toldOf(
  countOf: CountOf,
  measure: CountMeasure,
  suppressBelow: number,
  isHidden: IsHidden = () => false,
): number | null {
  const count = countOf(measure);
  // Something was said, and of nothing it is known by whom.
  const isUnknown = measure === 'customers' && count === 0 && restsOnAny(countOf, measure);
  return isUnknown || isWithheld(countOf, measure, suppressBelow, isHidden) ? null : count;
}

function isWithheld(
  countOf: CountOf,
  measure: CountMeasure,
  suppressBelow: number,
  isHidden: IsHidden,
): boolean {
  return (
    [measure, ...(restsOn[measure] ?? [])].some(
      (each) => isSmall(countOf(each), suppressBelow) || isHidden(each),
    ) ||
    (isEnd(measure) && isSmall(endedOf(countOf), suppressBelow))
  );
}

/** Of the tickets opened, those that are open no more: whoever is told the others can reckon them. */
export function endedOf(countOf: CountOf): number {
  return countOf('opened') - countOf('stillOpen');
}

function isEnd(measure: CountMeasure): boolean {
  return measure === 'resolved' || measure === 'stillOpen';
}

function restsOnAny(countOf: CountOf, measure: CountMeasure): boolean {
  return restsOn[measure]?.some((each) => countOf(each) > 0) === true;
}

/**
 * Where all that was opened in a range and ended was resolved in it, tickets opened are those resolved and those still
 * open: the two are told both or neither.
 */
const restsOn: Readonly<Partial<Record<CountMeasure, readonly CountMeasure[]>>> = {
  resolved: ['opened', 'stillOpen'],
  stillOpen: ['opened', 'resolved'],
  customers: ['opened', 'posts', 'surveyAnswers'],
};

/**
 * What rests on a suppressed count goes with it: of tickets opened, those resolved and still open, severities and the
 * rate; of resolved ones, those still open and the times; of those still open, the resolved ones; of answers, their
 * scores; of any of what is said, the mean sentiment. Severities are told all or not at all, since one left out would
 * follow from the others; and so are the intervals of scores, for each tells how many answers it is of.
 */
export function figuresOf(counts: Counts, times: Times, options: FiguresOptions): Figures {
  const { suppressBelow, subscribers, severityOf, isHidden = () => false } = options;
  const small = (count: number): boolean => isSmall(count, suppressBelow);
  const countOf: CountOf = (measure) => counts[measure];
  const say = (measure: CountMeasure): number | null =>
    toldOf(countOf, measure, suppressBelow, isHidden);
  const [fewOpened, fewPosts, fewAnswers, fewResolved] = (
    ['opened', 'posts', 'surveyAnswers', 'resolved'] as const
  ).map((each) => say(each) === null) as [boolean, boolean, boolean, boolean];
  const fewTimed = fewResolved || small(times.timed);
  const saysLittle = fewOpened || fewPosts || fewAnswers;
  const fewSeverities =
    fewOpened || [...counts.severities.values()].some(small) || isHidden('severities');
  const { sentiment } = counts;
  const scoreOf = (spread: Spread, scale: Scale): Score =>
    fewAnswers || small(spread.count)
      ? { mean: null, interval: null }
      : { mean: meanOf(spread), interval: tellsOfFew ? null : meanInterval(spread, scale) };
  const tellsOfFew = isFewOfAScale(counts, suppressBelow, isHidden);
  const [csat, ces, nps] = [
    scoreOf(counts.csat, scales.csat),
    scoreOf(counts.ces, scales.ces),
    scoreOf(counts.nps, scales.nps),
  ];
  return {
    suppressed:
      fewSeverities ||
      tellsOfFew ||
      countMeasures.some((each) => isWithheld(countOf, each, suppressBelow, isHidden)),
    opened: say('opened'),
    reopened: say('reopened'),
    resolved: say('resolved'),
    stillOpen: say('stillOpen'),
    customers: say('customers'),
    medianHoursToResolve: fewTimed ? null : times.medianHoursToResolve,
    p90HoursToResolve: fewTimed ? null : times.p90HoursToResolve,
    meanSentiment: saysLittle ? null : meanOf(sentiment),
    meanSentimentInterval: saysLittle ? null : meanInterval(sentiment, scales.sentiment),
    severities: fewSeverities
      ? {}
      : Object.fromEntries(
          [...counts.severities]
            .map(([label, count]) => [severityOf(label), count] as const)
            .toSorted(([one], [other]) => (one < other ? -1 : 1)),
        ),
    posts: say('posts'),
    surveyAnswers: say('surveyAnswers'),
    meanCsat: csat.mean,
    meanCsatInterval: csat.interval,
    meanCes: ces.mean,
    meanCesInterval: ces.interval,
    nps: nps.mean === null ? null : 100 * nps.mean,
    npsInterval: nps.interval && { low: 100 * nps.interval.low, high: 100 * nps.interval.high },
    rate: fewOpened ? null : ratePerThousand(counts.opened, subscribers),
  };
}

interface Score {
  readonly mean: number | null;
  readonly interval: Ends | null;
}

const scales = {
  sentiment: { least: -1, most: 1 },
  csat: { least: 1, most: 5 },
  ces: { least: 1, most: 7 },
  nps: { least: -1, most: 1 },
} as const satisfies Record<string, Scale>;

/** Whether the answers on one scale are too few, or those on none: they would follow from all and those on the others. */
function isFewOfAScale(counts: Counts, suppressBelow: number, isHidden: IsHidden): boolean {
  const onScales = [counts.nps.count, counts.csat.count, counts.ces.count];
  const onNone = counts.surveyAnswers - onScales.reduce((sum, count) => sum + count);
  return (
    [...onScales, onNone].some((count) => isSmall(count, suppressBelow)) ||
    scaleMeasures.some(isHidden)
  );
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
