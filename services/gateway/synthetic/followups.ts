// What comes after something first said: the ticket's further life, the answer after it, replies to a post.
import type { SyntheticEvent } from './event.ts';
import { expand, type Phrase } from './grammar.ts';
import { answeredSurvey, authorOf, SOURCES, type Input } from './records.ts';
import { pick, waiting, type Random } from './random.ts';
import type { Subject } from './subject.ts';
import { say, STAFF, truthOf, type Said } from './wording.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const SILENT: Said = { title: null, text: null, rider: null, traits: [] };

/** When (ms) the parts of a ticket's life come; null for those that never do. In this order. */
export interface TicketLife {
  readonly progressAt: number;
  readonly holdAt: number | null;
  readonly doneAt: number;
  readonly closedAt: number | null;
  readonly surveyAt: number | null;
}

/** Steps of a follow-up; the numbers are part of what the schedule keeps. */
export const STEP = {
  first: 0,
  progress: 1,
  hold: 2,
  done: 3,
  closed: 4,
  survey: 5,
  reply: 6,
  thanks: 7,
  repeat: 8,
  late: 9,
} as const;

/** Longest a ticket stays open, so that a day's events need only be remembered for some days. */
const LONGEST_MS = 72 * HOUR_MS;

/** Draws how a ticket goes on. Tickets of an outage are resolved soon after the repair. */
export function drawTicketLife(subject: Subject, random: Random): TicketLife {
  const progressAt =
    subject.at + 3 * MINUTE_MS + Math.floor(Math.min(waiting(random, 25 * MINUTE_MS), 4 * HOUR_MS));
  const repairedAt = subject.cause?.kind === 'outage' ? subject.cause.endsAt : null;
  const work =
    repairedAt === null
      ? waiting(random, 9 * HOUR_MS) + 20 * MINUTE_MS
      : 5 * MINUTE_MS + random.below(85 * MINUTE_MS);
  const doneAt = Math.floor(Math.max(progressAt, repairedAt ?? 0) + Math.min(work, LONGEST_MS));
  const holdAt =
    repairedAt === null && random.chance(0.2)
      ? progressAt + Math.floor((doneAt - progressAt) * 0.5)
      : null;
  const closedAt = random.chance(0.6) ? doneAt + 2 * HOUR_MS + random.below(10 * HOUR_MS) : null;
  const surveyAt = random.chance(0.15)
    ? (closedAt ?? doneAt) + 30 * MINUTE_MS + random.below(15 * HOUR_MS)
    : null;
  return { progressAt, holdAt, doneAt, closedAt, surveyAt };
}

/** The step after `step`, with its time; null after the last. */
export function nextTicketStep(
  life: TicketLife,
  step: number,
): { step: number; at: number } | null {
  if (step < STEP.progress) return { step: STEP.progress, at: life.progressAt };
  if (step < STEP.hold && life.holdAt !== null) return { step: STEP.hold, at: life.holdAt };
  if (step < STEP.done) return { step: STEP.done, at: life.doneAt };
  if (step < STEP.closed && life.closedAt !== null) return { step: STEP.closed, at: life.closedAt };
  if (step < STEP.survey && life.surveyAt !== null) return { step: STEP.survey, at: life.surveyAt };
  return null;
}

/** A partial update: only what changed, with the next version. */
export function ticketUpdate(
  subject: Subject,
  life: TicketLife,
  step: number,
  at: number,
  id: string,
  random: Random,
): SyntheticEvent {
  const outage = subject.cause?.kind === 'outage';
  const desk = !subject.topic.departments.includes('operations');
  const later = life.holdAt === null ? 0 : 1;
  const speak = (phrases: readonly Phrase<Subject>[]): string =>
    expand(pick(random, phrases), subject, random);
  const note = (version: string, text: string): Input[] => [
    { id: `n${version}`, at, author: `agent-${10 + random.below(80)}`, text },
  ];
  const input: Input = { id, occurredAt: at };
  switch (step) {
    case STEP.progress:
      input['version'] = '2';
      input['status'] = 'inProgress';
      if (outage || random.chance(0.6))
        input['notes'] = note(
          '2',
          speak(outage ? STAFF.outageNotes : desk ? STAFF.deskNotes : STAFF.workNotes),
        );
      break;
    case STEP.hold:
      input['version'] = '3';
      input['status'] = random.chance(0.5) ? 'pending' : 'held';
      input['statusChangeReason'] = speak(STAFF.holdReasons);
      break;
    case STEP.done: {
      input['version'] = `${3 + later}`;
      const end = outage ? 0 : random.float();
      input['status'] = end < 0.93 ? 'resolved' : end < 0.97 ? 'cancelled' : 'rejected';
      if (end < 0.93) {
        input['resolvedAt'] = at;
        input['notes'] = note(
          `${3 + later}`,
          speak(outage ? STAFF.outageSolutions : desk ? STAFF.deskSolutions : STAFF.solutions),
        );
      } else {
        input['statusChangeReason'] = end < 0.97 ? 'withdrawn by customer' : 'not our service';
      }
      break;
    }
    default:
      input['version'] = `${4 + later}`;
      input['status'] = 'closed';
  }
  return {
    at,
    kind: 'tickets',
    source: SOURCES.tickets,
    input,
    truth: truthOf(subject, SILENT, ['update']),
  };
}

/** The answer after a ticket: low after an outage, mixed otherwise. */
export function surveyAfterTicket(
  subject: Subject,
  at: number,
  id: string,
  random: Random,
): SyntheticEvent {
  const content = subject.cause === null && random.chance(0.55);
  const later: Subject = { ...subject, at, kind: 'surveys', mood: content ? 1 : -1 };
  // Someone content says so with the score alone; the words for their ticket's matter would be a complaint.
  const said: Said = content ? { ...SILENT, traits: ['no-words'] } : say(later, random);
  const input = answeredSurvey(later, said, id, random, true);
  return { at, kind: 'surveys', source: SOURCES.surveys, input, truth: truthOf(later, said) };
}

/** The provider's reply to a post, or the customer's word after it; neither concerns a department. */
export function postReply(
  subject: Subject,
  step: number,
  at: number,
  postId: string,
  random: Random,
): SyntheticEvent {
  const reply = step === STEP.reply;
  const ours = subject.cause?.kind === 'outage' ? STAFF.outageReplies : STAFF.replies;
  const id = `${postId}-${reply ? 'r' : 't'}`;
  return {
    at,
    kind: 'posts',
    source: SOURCES.posts,
    input: {
      id,
      occurredAt: at,
      authorId: reply ? subject.provider.handle.slice(1) : authorOf(subject),
      authorRole: reply ? 'company' : 'customer',
      text: expand(pick(random, reply ? ours : STAFF.thanks), subject, random),
      inReplyTo: reply ? postId : `${postId}-r`,
      threadId: `th-${postId.slice(3)}`,
      channel: 'forum',
    },
    truth: {
      departments: [],
      theme: 'none',
      sentiment: 0,
      churn: false,
      worldEventId: subject.cause?.id ?? null,
      outageId: null,
      campaignId: null,
      traits: reply ? ['company'] : [],
    },
  };
}
