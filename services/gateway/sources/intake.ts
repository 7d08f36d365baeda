// The three kinds of intake in one table, and the way of an input object to the record that is written. HTTP intake
// and file import both go through here, so that a record means the same whichever way it came.
import { toOutgoing as frame, type FilePlace, type Topic } from '#core/topic.ts';
import type { OutgoingRecord } from '#core/log/port.ts';
import type { CommunityPost } from '#schemas/community-post.ts';
import type { SurveyAnswer } from '#schemas/survey-answer.ts';
import type { TroubleTicket } from '#schemas/trouble-ticket.ts';
import { refuse, type Refusal, type Validated } from '#core/refusal.ts';
import { postsPublished, surveysAnswered, ticketsReported } from '../../topology.ts';
import type { Reception } from './complete.ts';
import { postOf, postSchema, validatePost, type PostRecord } from './posts.ts';
import { surveyOf, surveySchema, validateSurvey, type SurveyRecord } from './surveys.ts';
import { ticketOf, ticketSchema, validateTicket, type TicketRecord } from './tickets.ts';

export const intakeKinds = ['tickets', 'posts', 'surveys'] as const;
export type IntakeKind = (typeof intakeKinds)[number];

/** The checked input object of each kind. */
export interface InputRecords {
  readonly tickets: TicketRecord;
  readonly posts: PostRecord;
  readonly surveys: SurveyRecord;
}

/** The record that is written, of each kind. */
export interface IntakeRecords {
  readonly tickets: TroubleTicket;
  readonly posts: CommunityPost;
  readonly surveys: SurveyAnswer;
}

interface Intake<K extends IntakeKind> {
  readonly topic: Topic<IntakeRecords[K]>;
  validate(input: unknown, now?: number): Validated<InputRecords[K]>;
  complete(record: InputRecords[K], reception: Reception): IntakeRecords[K];
}

const intakes: { readonly [K in IntakeKind]: Intake<K> } = {
  tickets: { topic: ticketsReported, validate: validateTicket, complete: ticketOf },
  posts: { topic: postsPublished, validate: validatePost, complete: postOf },
  surveys: { topic: surveysAnswered, validate: validateSurvey, complete: surveyOf },
};

/** Zod schemas of the input objects, for documents. */
export const inputSchemas = {
  tickets: ticketSchema,
  posts: postSchema,
  surveys: surveySchema,
} as const;

/** Largest encoded record in bytes: with headers it stays below Kafka's default `message.max.bytes` of 1 MiB. */
export const maxIntakeBytes = 960 * 1024;

/** Checks one input object of `kind`; see `validateTicket`, `validatePost` and `validateSurvey`. */
export function validateInput<K extends IntakeKind>(
  kind: K,
  input: unknown,
  now?: number,
): Validated<InputRecords[K]> {
  return intakes[kind].validate(input, now);
}

/** The complete record of a checked input object; `receivedAt` in milliseconds since the epoch. */
export function toIntakeRecord<K extends IntakeKind>(
  kind: K,
  source: string,
  input: InputRecords[K],
  receivedAt: number,
): IntakeRecords[K] {
  return intakes[kind].complete(input, { source, receivedAt });
}

/** The bytes, key and CloudEvents headers of a record on its topic; its timestamp is `receivedAt`. */
export function toOutgoing<K extends IntakeKind>(
  kind: K,
  record: IntakeRecords[K],
  { traceparent, place }: Way = {},
): OutgoingRecord {
  return frame(intakes[kind].topic, record, { timestamp: record.receivedAt, traceparent, place });
}

/** How a record came, beside what it says. */
export interface Way {
  readonly traceparent?: string | undefined;
  readonly place?: FilePlace | undefined;
}

/**
 * All of the above in one step: from an input object to what is appended, or why it is refused. Also refuses a record
 * that would be larger than `maxIntakeBytes`.
 */
export function takeIn(
  kind: IntakeKind,
  input: unknown,
  { source, receivedAt, traceparent, place }: Reception & Way,
): { readonly ok: true; readonly outgoing: OutgoingRecord } | Refusal {
  const checked = validateInput(kind, input, receivedAt);
  if (!checked.ok) return checked;
  const outgoing = toOutgoing(kind, toIntakeRecord(kind, source, checked.record, receivedAt), {
    traceparent,
    place,
  });
  if ((outgoing.value?.length ?? 0) > maxIntakeBytes) {
    return refuse('too-long', '', `is larger than ${maxIntakeBytes} bytes as a whole`);
  }
  return { ok: true, outgoing };
}
