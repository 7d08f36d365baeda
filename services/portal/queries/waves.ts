// `GET /v1/waves`: what rollout waves would answer of what customers complain of, and what finished ones did.
import type { Db } from '#core/store/postgres.ts';
import type { Estimate, WaveAnswer, WavesAnswer } from '../api/answers.ts';
import type { WavesQuestion } from '../api/questions.ts';
import type { Reader } from '../reader.ts';
import { rateRatio, shareOf, type Ends } from '../statistics/intervals.ts';
import { asReader, type Reading } from './as-reader.ts';
import { answered, rangeOf, type Range } from './range.ts';
import {
  knownDays,
  subscribersByArea,
  ticketsByArea,
  ticketsInWindows,
  type BeforeAndAfter,
  type Compared,
} from './wave-counts.ts';
import { comparedDays, middleDay, verdictOf, windowsAround, type Effect } from './wave-effect.ts';
import { unseenNames } from './unseen-names.ts';
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
    return {
      range: answered(range),
      waves: await waveAnswers(reading, question, range, now),
      notices: await unseenNames(reading, question),
    };
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
    area === undefined
      ? all
      : all.filter(({ areas }) => areas.some((each) => sameName(each.area, area)));
  if (wanted.length === 0) return [];
  const tickets = await ticketsByArea(reading, question, range);
  const subscribers = await subscribersByArea(reading, question);
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
  const own = sum(areas.map(({ area }) => tickets.get(area.toLowerCase()) ?? 0));
  const all = sum([...tickets.values()]);
  const known = areas.flatMap(({ area }) => subscribers.get(area.toLowerCase()) ?? []);
  const reached = known.length === 0 ? null : sum(known);
  const everyone = sum([...subscribers.values()]);
  // Beside all of them, those of the wave tell of those elsewhere.
  const suppressed = [own, all, all - own].some((each) => isSmall(each, suppressBelow));
  return {
    tickets: suppressed ? null : own,
    of: isSmall(all, suppressBelow) ? null : all,
    share: suppressed ? null : shareOf(own, all),
    subscribers: reached,
    subscribersShare: reached === null || everyone === 0 ? null : reached / everyone,
    suppressed,
  };
}

async function effectsOf(
  reading: Reading,
  question: Omit<WavesQuestion, 'from' | 'to'>,
  all: readonly Wave[],
  now: Date,
): Promise<ReadonlyMap<string, Effect>> {
  const finished = all.filter(({ finishedOn }) => finishedOn !== null);
  if (finished.length === 0) return new Map();
  const known = await knownDays(reading, now.getTime());
  const timed = finished.map((wave) => ({
    wave,
    days: known === undefined ? 0 : comparedDays(wave, known),
  }));
  const ripe = timed.filter(({ days }) => days > 0);
  const windowed = ripe.map(({ wave, days }) => ({
    areas: new Map(
      wave.areas.map(({ area, finishedOn }) => [
        area.toLowerCase(),
        windowsAround(finishedOn!, days),
      ]),
    ),
    elsewhere: windowsAround(middleDay(wave), days),
  }));
  const counts = await ticketsInWindows(reading, question, windowed);
  const effects = new Map<string, Effect>(finished.map(({ wave }) => [wave, tooEarly]));
  for (const [at, { wave, days }] of ripe.entries()) {
    effects.set(wave.wave, effectOf(days, counts[at]!, reading.suppressBelow));
  }
  return effects;
}

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
  { own, elsewhere: others }: Compared,
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

function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

/** Whether a count is one that the reader may not see. */
function isSmall(count: number, suppressBelow: number): boolean {
  return count > 0 && count < suppressBelow;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
