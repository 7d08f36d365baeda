// `GET /v1/waves`: what rollout waves would answer of what customers complain of, and what finished ones did.
import type { Db } from '#core/store/postgres.ts';
import type { Estimate, WaveAnswer, WavesAnswer } from '../api/answers.ts';
import type { WavesQuestion } from '../api/questions.ts';
import type { Reader } from '../reader.ts';
import { rateRatio, shareOf, type Ends } from '../statistics/intervals.ts';
import { asReader, type Reading } from './as-reader.ts';
import { answered, dayMs, rangeOf, type Range } from './range.ts';
import {
  knownDays,
  subscribersByArea,
  ticketsByArea,
  ticketsByDay,
  ticketsInWindows,
  type BeforeAndAfter,
} from './wave-counts.ts';
import {
  comparedDays,
  middleDay,
  verdictOf,
  windowsAround,
  type Effect,
  type Windows,
} from './wave-effect.ts';
import { wavesOf, type Wave } from './wave-plan.ts';

/** Waves by the day planned. The range is that of what they would answer; effects look at their own days. */
export async function waves(
  db: Db,
  reader: Reader,
  question: WavesQuestion,
  now: Date,
): Promise<WavesAnswer> {
  return asReader(db, reader, async (reading) => {
    const range = await rangeOf(reading, question, now);
    return { range: answered(range), waves: await waveAnswers(reading, question, range, now) };
  });
}

/** @param area only waves with this area; all of their areas count all the same */
export async function waveAnswers(
  reading: Reading,
  question: Omit<WavesQuestion, 'from' | 'to'>,
  range: Range,
  now: Date,
  area?: string,
): Promise<WaveAnswer[]> {
  const all = wavesOf(await planOf(reading));
  const wanted =
    area === undefined ? all : all.filter(({ areas }) => areas.some((each) => each.area === area));
  if (wanted.length === 0) return [];
  const tickets = await ticketsByArea(reading, question, range);
  const subscribers = await subscribersByArea(reading);
  const effects = await effectsOf(reading, question, wanted, now);
  return wanted.map((wave) => ({
    wave: wave.wave,
    technologies: [...wave.technologies],
    areas: wave.areas.map((each) => each.area),
    plannedOn: wave.plannedOn,
    finishedOn: wave.finishedOn,
    answers: answersOf(wave, tickets, subscribers, reading.suppressBelow),
    effect: effects.get(wave.wave) ?? null,
  }));
}

async function planOf({ tx }: Reading): Promise<Parameters<typeof wavesOf>[0]> {
  const rows = await tx.selectFrom('signpost.waves').selectAll().execute();
  return rows.map(({ wave, area, technology, planned_on, finished_on }) => ({
    wave,
    area,
    technology,
    plannedOn: String(planned_on),
    finishedOn: finished_on === null ? null : String(finished_on),
  }));
}

function answersOf(
  { areas }: Wave,
  tickets: ReadonlyMap<string | null, number>,
  subscribers: ReadonlyMap<string, number>,
  suppressBelow: number,
): WaveAnswer['answers'] {
  const own = sum(areas.map(({ area }) => tickets.get(area) ?? 0));
  const all = sum([...tickets.values()]);
  const known = areas.flatMap(({ area }) => subscribers.get(area) ?? []);
  const reached = known.length === 0 ? null : sum(known);
  const everyone = sum([...subscribers.values()]);
  const suppressed = isSmall(own, suppressBelow) || isSmall(all, suppressBelow);
  return {
    tickets: suppressed ? null : own,
    of: isSmall(all, suppressBelow) ? null : all,
    share: suppressed ? null : shareOf(own, all),
    subscribers: reached,
    subscribersShare: reached === null || everyone === 0 ? null : reached / everyone,
    suppressed,
  };
}

interface Compared {
  readonly wave: Wave;
  readonly days: number;
  /** Around the day of the middle area, for the trend of all others. */
  readonly trend: Windows;
}

const ownKey = (wave: string): string => `own ${wave}`;
const trendKey = (wave: string): string => `trend ${wave}`;

async function effectsOf(
  reading: Reading,
  question: Omit<WavesQuestion, 'from' | 'to'>,
  all: readonly Wave[],
  now: Date,
): Promise<ReadonlyMap<string, Effect>> {
  const finished = all.filter(({ finishedOn }) => finishedOn !== null);
  if (finished.length === 0) return new Map();
  const known = await knownDays(reading, now.getTime());
  const compared = finished.map((wave): Compared => {
    const days = known === undefined ? 0 : comparedDays(wave, known);
    return { wave, days, trend: windowsAround(middleDay(wave), days) };
  });
  const ripe = compared.filter(({ days }) => days > 0);
  const counts = await ticketsInWindows(
    reading,
    question,
    ripe.flatMap(({ wave, days, trend }) =>
      wave.areas.flatMap(({ area, finishedOn }) => [
        { key: ownKey(wave.wave), area, windows: windowsAround(finishedOn!, days) },
        { key: trendKey(wave.wave), area, windows: trend },
      ]),
    ),
  );
  const byDay = await everywhere(reading, question, ripe);
  return new Map(
    compared.map(({ wave: { wave }, days, trend }) => {
      if (days === 0) return [wave, tooEarly];
      const own = counts.get(ownKey(wave)) ?? none;
      const same = counts.get(trendKey(wave)) ?? none;
      const elsewhere = {
        before: sumBetween(byDay, trend.beforeFrom, trend.beforeTo) - same.before,
        after: sumBetween(byDay, trend.afterFrom, trend.afterTo) - same.after,
      };
      return [wave, effectOf(days, own, elsewhere, reading.suppressBelow)];
    }),
  );
}

const none: BeforeAndAfter = { before: 0, after: 0 };
const tooEarly: Effect = {
  days: 0,
  before: null,
  after: null,
  ratio: null,
  elsewhere: null,
  verdict: 'too-early',
};

function effectOf(
  days: number,
  own: BeforeAndAfter,
  others: BeforeAndAfter,
  suppressBelow: number,
): Effect {
  const elsewhere = ratioOf(others, suppressBelow);
  if (isSmall(own.before, suppressBelow) || isSmall(own.after, suppressBelow))
    return { ...tooEarly, days, elsewhere, verdict: 'suppressed' };
  const ratio = ratioOf(own, suppressBelow);
  const verdict = verdictOf(ratio ?? fromNothing(own), elsewhere);
  return { days, ...own, ratio, elsewhere, verdict };
}

/** Ends of a ratio to nothing before, which has no value: it is open to above. */
function fromNothing({ after }: BeforeAndAfter): Ends | null {
  const share = shareOf(after, after);
  return share === null ? null : { low: share.low / (1 - share.low), high: Infinity };
}

/** After over before; null without any before, or when one of the counts is not to be seen. */
function ratioOf({ before, after }: BeforeAndAfter, suppressBelow: number): Estimate | null {
  const isHidden = isSmall(before, suppressBelow) || isSmall(after, suppressBelow);
  return isHidden ? null : rateRatio({ count: after, time: 1 }, { count: before, time: 1 });
}

/** Tickets of all areas by day, over all days that any wave is compared by. */
async function everywhere(
  reading: Reading,
  question: Omit<WavesQuestion, 'from' | 'to'>,
  ripe: readonly Compared[],
): Promise<ReadonlyMap<number, number>> {
  if (ripe.length === 0) return new Map();
  const from = Math.min(...ripe.map(({ trend }) => trend.beforeFrom));
  const to = Math.max(...ripe.map(({ trend }) => trend.afterTo));
  return ticketsByDay(reading, question, from, to);
}

function sumBetween(byDay: ReadonlyMap<number, number>, from: number, to: number): number {
  let total = 0;
  for (let day = from; day < to; day += dayMs) total += byDay.get(day) ?? 0;
  return total;
}

/** Whether a count is one that the reader may not see. */
function isSmall(count: number, suppressBelow: number): boolean {
  return count > 0 && count < suppressBelow;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
