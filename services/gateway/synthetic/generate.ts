// Lively synthetic data of a fictional provider: lazy, ordered in time, the same for the same seed.
// Nothing of what is to come is kept but its time and origin; it is drawn again from the seed when due.
import type { SyntheticEvent, Trait } from './event.ts';
import {
  drawTicketLife,
  nextTicketStep,
  postReply,
  STEP,
  surveyAfterTicket,
  ticketUpdate,
} from './followups.ts';
import { intensity } from './intensity.ts';
import { shippedProvider, type Provider } from './provider.ts';
import { createRandom, type Random, waiting } from './random.ts';
import { answeredSurvey, openedTicket, publishedPost, SOURCES } from './records.ts';
import { rhythm } from './rhythm.ts';
import { createSchedule, type FollowUp, type Schedule } from './schedule.ts';
import { drawSubject, type Subject } from './subject.ts';
import { say, truthOf } from './wording.ts';
import {
  DAY_MS,
  eventsOfDay,
  localDay,
  MEMORY_DAYS,
  standingEvents,
  type WorldEvent,
} from './world.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** Share of first records that their sender sends twice, with the same id and content. */
export const DUPLICATE_SHARE = 0.006;
/** Share of posts and survey answers that arrive hours after they were written. */
export const LATE_SHARE = 0.01;
const REPLY_SHARE = 0.35;
const THANKS_SHARE = 0.25;
const EVERYDAY = 0;

/** `from` and `to` in ms since the epoch, `to` excluded and possibly Infinity. */
export interface GenerateOptions {
  readonly seed: number;
  readonly from: number;
  readonly to: number;
  /** What is said first (tickets, posts, answers) in an average hour without events of the world. Default 1,200. */
  readonly ratePerHour?: number;
  readonly provider?: Provider;
  /** Events of the world beside those the seed brings (world.ts, stagedOutage). */
  readonly staged?: readonly WorldEvent[];
}

/** One running generation: its sources of randomness and what is still to come. */
interface Run {
  readonly seed: number;
  readonly provider: Provider;
  readonly random: Random;
  readonly schedule: Schedule;
  /** Events of the world by number, as long as something may still come of them. */
  readonly remembered: Map<number, WorldEvent>;
}

/**
 * Generates events in order of `at`. Updates of tickets opened before `from` are not among them.
 * Two spans that meet at a full minute say the same first things as one span over both.
 * Throws RangeError on a span or rate that makes no sense.
 */
export function* generate(options: GenerateOptions): Generator<SyntheticEvent, void, undefined> {
  const {
    seed,
    from,
    to,
    ratePerHour = 1_200,
    provider = shippedProvider(),
    staged = [],
  } = options;
  if (!Number.isFinite(from) || !(to >= from))
    throw new RangeError('from and to must be moments in ms, from first');
  if (!(ratePerHour >= 0 && ratePerHour < Infinity))
    throw new RangeError('ratePerHour must be a number of 0 or more');
  const run: Run = {
    seed: seed | 0,
    provider,
    random: createRandom(seed, 0, 0),
    schedule: createSchedule(),
    remembered: new Map(
      [...standingEvents(seed, provider), ...staged].map((event) => [event.number, event]),
    ),
  };
  const clock = createRandom(seed, 0, 0);
  const due: FollowUp = { dueAt: 0, minute: 0, index: 0, cause: 0, step: 0 };
  let day = Number.NaN;

  for (let minute = Math.floor(from / MINUTE_MS); minute * MINUTE_MS < to; minute += 1) {
    const start = minute * MINUTE_MS;
    if (localDay(start, provider) !== day) day = turnDay(run, start);
    const { causes, sums, total } = causesAt(run, start + MINUTE_MS - 1);
    const meanMs = HOUR_MS / (ratePerHour * total);
    clock.seed(run.seed, minute, 1);
    let moment = start;
    for (let index = 0; ; index += 1) {
      moment += waiting(clock, meanMs);
      const at = Math.min(Math.floor(moment), start + MINUTE_MS);
      while (run.schedule.nextAt() <= at && run.schedule.nextAt() < to) {
        run.schedule.take(due);
        yield followUp(run, due);
      }
      if (at >= start + MINUTE_MS || at >= to) break;
      const cause = causes[chosen(sums, clock.float() * total)]!;
      // Volumes are those at the minute's end: who speaks of what has not begun yet keeps silent.
      if (at < from || at < (run.remembered.get(cause)?.startsAt ?? -Infinity)) continue;
      const event = first(run, minute, index, cause, at);
      if (event !== null) yield event;
    }
  }
}

/** Brings in the events of a new day (of the days before too, at the beginning) and forgets the old ones. */
function turnDay(run: Run, at: number): number {
  const { seed, provider, remembered } = run;
  const day = localDay(at, provider);
  for (let each = day - MEMORY_DAYS; each <= day; each += 1) {
    for (const event of eventsOfDay(seed, provider, each)) remembered.set(event.number, event);
  }
  for (const event of remembered.values()) {
    if (event.number >= 0 && event.startsAt < at - (MEMORY_DAYS + 7) * DAY_MS)
      remembered.delete(event.number);
  }
  return day;
}

/** What may be said something about in a minute, with running sums of how much. */
function causesAt(run: Run, at: number): { causes: number[]; sums: number[]; total: number } {
  const causes = [EVERYDAY];
  let total = rhythm(at, run.provider.utcOffsetMs);
  const sums = [total];
  for (const event of run.remembered.values()) {
    const volume = intensity(event, at, run.provider);
    if (volume <= 0) continue;
    total += volume;
    causes.push(event.number);
    sums.push(total);
  }
  return { causes, sums, total };
}

function chosen(sums: readonly number[], draw: number): number {
  for (let index = 0; index < sums.length; index += 1) if (draw < sums[index]!) return index;
  return sums.length - 1;
}

/** Something first said; null when it arrives later. Schedules what follows from it. */
function first(
  run: Run,
  minute: number,
  index: number,
  cause: number,
  at: number,
): SyntheticEvent | null {
  const { random, schedule } = run;
  const subject = subjectOf(run, minute, index, cause, at);
  // A ticket's life is drawn right after its subject, here and in followUp: so it is the same life.
  const life = subject.kind === 'tickets' ? drawTicketLife(subject, random) : null;
  const again = random.chance(DUPLICATE_SHARE);
  const late = life === null && random.chance(LATE_SHARE);
  const within = at - minute * MINUTE_MS;
  const add = (dueAt: number, step: number): void => {
    // The moment within its minute is kept beside the step: the record is drawn again from both.
    schedule.add(dueAt, minute, index, cause, step * MINUTE_MS + within);
  };
  if (late) {
    add(at + HOUR_MS + random.below(30 * HOUR_MS), STEP.late);
    return null;
  }
  if (again) add(at + 1_000 + random.below(90_000), STEP.repeat);
  if (subject.kind === 'posts' && subject.topic.theme !== 'none' && random.chance(REPLY_SHARE)) {
    add(at + 3 * MINUTE_MS + random.below(87 * MINUTE_MS), STEP.reply);
  }
  if (life !== null) add(life.progressAt, STEP.progress);
  return firstRecord(run, subject, minute, index, at, []);
}

function firstRecord(
  run: Run,
  subject: Subject,
  minute: number,
  index: number,
  at: number,
  traits: readonly Trait[],
): SyntheticEvent {
  const { random } = run;
  const { kind } = subject;
  random.seed(run.seed ^ 0x5a1d, minute, index);
  const said = say(subject, random);
  const id = idOf(kind, minute, index);
  const input =
    kind === 'tickets'
      ? openedTicket(subject, said, id, random)
      : kind === 'posts'
        ? publishedPost(subject, said, id, random)
        : answeredSurvey(subject, said, id, random, false);
  return { at, kind, source: SOURCES[kind], input, truth: truthOf(subject, said, traits) };
}

function followUp(run: Run, due: FollowUp): SyntheticEvent {
  const { random, schedule } = run;
  const { dueAt, minute, index, cause } = due;
  const step = Math.floor(due.step / MINUTE_MS);
  const within = due.step - step * MINUTE_MS;
  const subject = subjectOf(run, minute, index, cause, minute * MINUTE_MS + within);
  const add = (at: number, next: number): void => {
    schedule.add(at, minute, index, cause, next * MINUTE_MS + within);
  };
  if (step === STEP.repeat) return firstRecord(run, subject, minute, index, dueAt, ['duplicate']);
  if (step === STEP.late) return firstRecord(run, subject, minute, index, dueAt, ['late']);
  if (subject.kind === 'posts') {
    random.seed(run.seed ^ step, minute, index);
    if (step === STEP.reply && random.chance(THANKS_SHARE)) {
      add(dueAt + 2 * MINUTE_MS + random.below(60 * MINUTE_MS), STEP.thanks);
    }
    return postReply(subject, step, dueAt, idOf('posts', minute, index), random);
  }
  const life = drawTicketLife(subject, random);
  const next = nextTicketStep(life, step);
  if (next !== null) add(next.at, next.step);
  random.seed(run.seed ^ step, minute, index);
  if (step === STEP.survey)
    return surveyAfterTicket(subject, dueAt, `${idOf('surveys', minute, index)}-c`, random);
  return ticketUpdate(subject, life, step, dueAt, idOf('tickets', minute, index), random);
}

function subjectOf(run: Run, minute: number, index: number, cause: number, at: number): Subject {
  run.random.seed(run.seed ^ 0x50b1, minute, index);
  return drawSubject(run.random, run.provider, run.remembered.get(cause) ?? null, at);
}

const PREFIX = { tickets: 'TT-', posts: 'CP-', surveys: 'SA-' } as const;

function idOf(kind: keyof typeof PREFIX, minute: number, index: number): string {
  return `${PREFIX[kind]}${minute.toString(36).toUpperCase()}-${index}`;
}
