// What is told of a system: rows for tables, made of its verdicts.
import { poissonInterval, shareOf } from '../../../services/portal/statistics/intervals.ts';
import type { Judgement, Verdict } from './judge.ts';
import { hourMs } from './ordinary.ts';
import type { Truth } from './outages.ts';

/** Of an outage, whoever looks for it. */
export interface TruthFacts {
  /** Most distinct customers that came in time within an hour. */
  readonly busiestHour: number;
  /** See best-case.ts; undefined when nobody could find it. */
  readonly bestDelayMs: number | undefined;
}

export interface Outcome {
  readonly system: string;
  readonly quiet: Verdict;
  readonly withOutages: Verdict;
}

/** Outages of so many customers in an hour are those that must be found. */
export const mustBeFound = 8;

type Row = Readonly<Record<string, string | number>>;

/** One row a system: outages that must be found, and false alarms. */
export function overview(
  { system, quiet, withOutages }: Outcome,
  facts: readonly TruthFacts[],
  weeks: number,
): Row {
  const large = withOutages.judgements.filter(
    ({ truth }) => truth.kind === 'outage' && facts[truth.index]!.busiestHour >= mustBeFound,
  );
  const found = large.filter((each) => each.found !== undefined);
  const all = withOutages.judgements.filter(({ truth }) => truth.kind === 'outage');
  return {
    system,
    [`recall, ${mustBeFound} or more an hour`]: withInterval(found.length, large.length),
    ...delays(found),
    'place right %': percent(found.filter(isPlaceRight).length, found.length),
    'one level off %': percent(
      found.filter((each) => Math.abs(each.levelsOff!.atEnd) === 1).length,
      found.length,
    ),
    'right at once %': percent(
      found.filter((each) => each.levelsOff!.atDetection === 0).length,
      found.length,
    ),
    'recall, all': percent(all.filter((each) => each.found !== undefined).length, all.length),
    'incidents an outage': perFound(found),
    'false a week, quiet': rate(quiet, weeks),
    'false a week, with outages': rate(withOutages, weeks),
  };
}

const sizes: readonly (readonly [from: number, to: number])[] = [
  [2, 4],
  [4, 8],
  [8, 16],
  [16, 50],
  [50, 201],
];
const lengthsHours: readonly (readonly [from: number, to: number])[] = [
  [0, 1],
  [1, 4],
  [4, 16],
  [16, 73],
];

/** Rows by size, length, level and shape; drifts are a row of their own. */
export function details(
  { withOutages: { judgements } }: Outcome,
  facts: readonly TruthFacts[],
): Row[] {
  const outages = judgements.filter(({ truth }) => truth.kind === 'outage');
  const drifts = judgements.filter(({ truth }) => truth.kind === 'drift');
  const busy = outages.filter(({ truth }) => facts[truth.index]!.busiestHour >= mustBeFound);
  const row = (outagesOf: string, of: readonly Judgement[]): Row[] =>
    of.length === 0 ? [] : [{ 'outages of': outagesOf, ...detail(of, facts) }];
  const where = (name: string, is: (truth: Truth) => boolean): Row[] =>
    row(
      name,
      outages.filter(({ truth }) => is(truth)),
    );
  return [
    ...sizes.flatMap(([from, to]) =>
      where(
        `${from} to ${to - 1} customers an hour`,
        ({ customersPerHour: c }) => c >= from && c < to,
      ),
    ),
    ...lengthsHours.flatMap(([from, to]) =>
      where(`${from} to ${to} hours`, ({ startedAt, endedAt }) => {
        const hours = (endedAt - startedAt) / hourMs;
        return hours >= from && hours < to;
      }),
    ),
    ...['country', 'region', 'city', 'area', 'postcode', 'site'].flatMap((level) =>
      where(level, ({ place }) => place.level === level),
    ),
    ...['step', 'ramp', 'decay'].flatMap((shape) => where(shape, (truth) => truth.shape === shape)),
    ...where('one theme', ({ themes }) => themes.length === 1),
    ...where('several themes', ({ themes }) => themes.length > 1),
    ...row(`${mustBeFound} or more in the busiest hour`, busy),
    ...row('drifts', drifts),
  ];
}

function detail(of: readonly Judgement[], facts: readonly TruthFacts[]): Row {
  const found = of.filter((each) => each.found !== undefined);
  const best = of
    .map(({ truth }) => facts[truth.index]!.bestDelayMs)
    .filter((each) => each !== undefined);
  return {
    of: of.length,
    'findable %': percent(best.length, of.length),
    'found %': percent(found.length, of.length),
    ...delays(found),
    'best median, min': minutes(percentile(best, 0.5)),
    'place right %': percent(found.filter(isPlaceRight).length, found.length),
    'too wide %': percent(found.filter((each) => each.levelsOff!.atEnd < 0).length, found.length),
    'too narrow %': percent(found.filter((each) => each.levelsOff!.atEnd > 0).length, found.length),
    'incidents an outage': perFound(found),
  };
}

function delays(found: readonly Judgement[]): Row {
  const own = found.map(({ delayMs }) => delayMs!);
  return {
    'delay median, min': minutes(percentile(own, 0.5)),
    'delay p90, min': minutes(percentile(own, 0.9)),
  };
}

function isPlaceRight({ levelsOff }: Judgement): boolean {
  return levelsOff!.atEnd === 0;
}

function perFound(found: readonly Judgement[]): string | number {
  const incidents = found.reduce((sum, each) => sum + each.incidents.length, 0);
  return found.length === 0 ? '–' : Math.round((incidents / found.length) * 100) / 100;
}

function rate({ falseAlarms, falseReopenings }: Verdict, weeks: number): string {
  const count = falseAlarms.length + falseReopenings;
  const { low, high } = poissonInterval(count);
  return `${(count / weeks).toFixed(2)} (${(low / weeks).toFixed(2)} to ${(high / weeks).toFixed(2)})`;
}

function withInterval(count: number, of: number): string {
  const share = shareOf(count, of);
  if (share === null) return '–';
  return `${share.value.toFixed(3)} (${share.low.toFixed(2)} to ${share.high.toFixed(2)}, of ${of})`;
}

function percent(count: number, of: number): string {
  return of === 0 ? '–' : String(Math.round((100 * count) / of));
}

function minutes(ms: number | undefined): string {
  return ms === undefined ? '–' : String(Math.round(ms / 60_000));
}

/** The value that `share` of them do not exceed; undefined of none. */
export function percentile(values: readonly number[], share: number): number | undefined {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}
