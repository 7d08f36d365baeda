// Counts of an alert that went on for days, hour by hour: quarters of an hour are too fine to be read then. Pure.
import type { AlertAnswer } from './answers.ts';

type Count = AlertAnswer['counts'][number];

/** From so many quarters on, two days of them. */
const leastQuarters = 192;
const hourMs = 3_600_000;

export interface Charted {
  readonly counts: readonly Count[];
  readonly bucket: 'quarter' | 'hour';
}

/**
 * As a chart has room for. A customer counts once in 24 hours, so that the counts of an hour's quarters add up. Their
 * bands are taken as independent: distances from what is expected add up as squares do.
 */
export function charted(counts: readonly Count[]): Charted {
  if (counts.length < leastQuarters) return { counts, bucket: 'quarter' };
  const hours = new Map<number, Count[]>();
  for (const count of counts) {
    const hour = Math.floor(Date.parse(count.start) / hourMs);
    const quarters = hours.get(hour) ?? [];
    quarters.push(count);
    hours.set(hour, quarters);
  }
  // Of hours that are cut off at an end the counts would look like a fall.
  const whole = [...hours].filter(([, quarters]) => quarters.length === 4);
  return { counts: whole.map(([hour, quarters]) => hourOf(hour, quarters)), bucket: 'hour' };
}

function hourOf(hour: number, quarters: readonly Count[]): Count {
  const start = new Date(hour * hourMs).toISOString();
  const customers = sum(quarters.map((each) => each.customers));
  const judged = quarters.flatMap(({ expected, low, high }) =>
    expected === null || low === null || high === null ? [] : [{ expected, low, high }],
  );
  if (judged.length < quarters.length)
    return { start, customers, expected: null, low: null, high: null };
  const expected = sum(judged.map((each) => each.expected));
  const below = Math.sqrt(sum(judged.map((each) => (each.expected - each.low) ** 2)));
  const above = Math.sqrt(sum(judged.map((each) => (each.high - each.expected) ** 2)));
  return { start, customers, expected, low: Math.max(0, expected - below), high: expected + above };
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}
