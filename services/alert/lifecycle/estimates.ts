// How many customers an incident affects, and for how long, by how many say so. Pure.

export interface Interval {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
}

/** Which share of the customers affected says so: an assumption, so that its ends are part of every interval. */
export interface ReportingShare {
  readonly low: number;
  readonly high: number;
}

/**
 * Customers affected: those above what is usual by the share of them that says so. The estimate takes the geometric mean
 * of the share's ends; the interval its least and greatest together with those of the excess. Nobody is affected who
 * is no customer (`subscribers`, where they are known), and those who say so are.
 */
export function affectedOf(
  excess: Interval,
  share: ReportingShare,
  subscribers: number | null,
): Interval {
  const most = Math.max(subscribers ?? Infinity, excess.estimate);
  const within = (customers: number): number => Math.min(customers, most);
  return {
    estimate: within(excess.estimate / Math.sqrt(share.low * share.high)),
    low: within(excess.low / share.high),
    high: within(excess.high / share.low),
  };
}

const minuteMs = 60_000;

/** Minutes of all customers affected, from the start until `until`: as if each were affected all the time. */
export function userMinutesOf(affected: Interval, startedAt: number, until: number): Interval {
  const minutes = Math.max(0, until - startedAt) / minuteMs;
  return {
    estimate: affected.estimate * minutes,
    low: affected.low * minutes,
    high: affected.high * minutes,
  };
}
