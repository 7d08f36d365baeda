// What may be told of a place: when answers to surveys say something of its coverage, and when tickets say that
// something is wrong there. Pure; docs/area-status.md tells the same to people.
import type { AreaStatusAnswer } from '../api/answers.ts';
import { usualSuppression } from '../reader.ts';
import { betaShare } from '#core/statistics/beta.ts';

type Coverage = AreaStatusAnswer['coverage'][number];
type Problem = AreaStatusAnswer['problems'][number];

/** Fewer answers say nothing. */
export const leastAnswers = 20;
/** Share of answers of 4 and 5 of 5 from which it is good, and below which it is poor. */
export const goodFrom = 0.7;
export const poorBelow = 0.4;

/**
 * Null when there are too few.
 * @param satisfied answers of 4 and 5 of 5
 * @param suppressBelow counts below this are never told
 */
export function qualityOf(
  answers: number,
  satisfied: number,
  suppressBelow: number = usualSuppression,
): Coverage['quality'] | null {
  if (answers < Math.max(leastAnswers, suppressBelow)) return null;
  const share = satisfied / answers;
  return share >= goodFrom ? 'good' : share < poorBelow ? 'poor' : 'mixed';
}

/** Themes of which customers may be told, as they are told; nothing of bills, prices or contacts is a fault of a place. */
export const subjects: Readonly<Record<string, string>> = {
  outage: 'No service',
  'unstable-service': 'Service that drops',
  'slow-speed': 'Slow connections',
  coverage: 'Weak or no coverage',
  'call-or-message': 'Calls and messages',
  'tv-service': 'TV',
  'general-fault': 'Faults of the service',
};

/** "Now" against "usual": open tickets of the last two days, and tickets of up to four weeks before. */
export const nowHours = 48;
export const usualDays = 28;
/** Of fewer known days before nobody can say what is usual. */
export const leastUsualDays = 14;
/** How seldom as many or more would come by chance, were it as usual. Many places are asked about, often. */
const chance = 0.001;
/** Open tickets, each of another customer: fewer are never told, from so many on they are `many`. */
export const leastReports = 5;
const manyReports = 20;

export interface ThemeCounts {
  readonly theme: string;
  /** Customers with an open ticket of the last `nowHours`. */
  readonly open: number;
  /** Customers' tickets of the days before, whatever became of them. */
  readonly usual: number;
  /** How many days before are known at all, with their fraction; at most `usualDays`. */
  readonly knownDays: number;
  /** Of the first of the open ones. */
  readonly since: Date;
}

/**
 * Null when it is as usual: given all tickets of both times, those of now are binomial if nothing has changed (Przyborowski
 * and Wilenski 1940), so that the chance of as many or more is exact.
 * @param suppressBelow counts below this are never told of
 */
export function problemOf(
  { theme, open, usual, knownDays, since }: ThemeCounts,
  suppressBelow: number = usualSuppression,
): Problem | null {
  const subject = Object.hasOwn(subjects, theme) ? subjects[theme] : undefined;
  if (subject === undefined || open < Math.max(leastReports, suppressBelow)) return null;
  if (knownDays < leastUsualDays) return null;
  const part = nowHours / (nowHours + knownDays * 24);
  // P(X >= open) of a binomial distribution (DLMF 8.17.5).
  if (betaShare(part, open, usual + 1) > chance) return null;
  // To the hour: the minute would be that of one customer's call.
  const hour = new Date(Math.floor(since.getTime() / 3_600_000) * 3_600_000).toISOString();
  return { subject, since: hour, reports: open >= manyReports ? 'many' : 'several' };
}
