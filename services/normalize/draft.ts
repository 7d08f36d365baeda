// From one intake record to a draft of its signal: pure, and the only place where raw words and customer ids are seen.
import { hash } from 'node:crypto';
import type { CommunityPost } from '#schemas/community-post.ts';
import type { Signal } from '#schemas/signal.ts';
import type { SurveyAnswer } from '#schemas/survey-answer.ts';
import type { TroubleTicket } from '#schemas/trouble-ticket.ts';
import { postsPublished, surveysAnswered, ticketsReported } from '../topology.ts';
import type { Locate } from './gazetteer.ts';
import type { Redacted, Redactor } from './redact.ts';
import { ticketUpdate, type TicketUpdate } from './ticket.ts';

export type IntakeRecord = TroubleTicket | CommunityPost | SurveyAnswer;

export interface Draft {
  /** The signal as this record alone tells it. */
  readonly signal: Signal;
  /** Hash of everything said, to tell a repetition from a conflict. */
  readonly content: string;
  /** What a ticket update adds, redacted; null for posts and answers. */
  readonly update: TicketUpdate | null;
  /** The ticket that updates belong to. */
  readonly entity: string;
}

/** Undefined for a post of the company itself. */
export type Normalizer = (record: IntakeRecord, topic: string) => Draft | undefined;

export interface NormalizerParts {
  readonly redact: Redactor;
  readonly pseudonym: (source: string, customerId: string) => string;
  readonly language: (text: string) => string | null;
  readonly locate: Locate;
}

/** Field values repeat a lot (channels, products, questions): their redactions are remembered, up to this many. */
const rememberedFields = 5000;

export function createNormalizer({
  redact,
  pseudonym,
  language,
  locate,
}: NormalizerParts): Normalizer {
  const remembered = new Map<string, string>();
  const field = (value: string | null): string | null => {
    if (value === null) return null;
    let safe = remembered.get(value);
    if (safe === undefined) {
      safe = redact(value).text;
      if (remembered.size >= rememberedFields) remembered.clear();
      remembered.set(value, safe);
    }
    return safe;
  };
  const fields = (values: Readonly<Record<string, string>>): Record<string, string> => {
    const safe: Record<string, string> = {};
    for (const name in values) safe[name] = field(values[name]!)!;
    return safe;
  };

  const common = (record: IntakeRecord, version: string, customerId: string | null): Signal => {
    const { technology, place } = locate(record.place, record.technology);
    return {
      id: signalId(record.source, record.id, version),
      source: record.source,
      sourceId: record.id,
      version: record.version,
      revision: 1,
      kind: 'unknown',
      occurredAt: record.occurredAt,
      timePrecision: record.timePrecision,
      receivedAt: record.receivedAt,
      customer:
        customerId === null || customerId === '' ? null : pseudonym(record.source, customerId),
      text: null,
      redactions: {},
      language: record.language,
      channel: field(record.channel),
      product: field(record.product),
      technology: field(technology),
      place,
      scale: null,
      score: null,
      question: null,
      ticket: null,
      inReplyTo: null,
      threadId: null,
      attributes: fields(record.attributes),
    };
  };

  const withWords = (signal: Signal, words: Redacted | null): Signal => {
    if (words === null || words.text.trim() === '') return signal;
    return {
      ...signal,
      text: words.text,
      redactions: words.counts === null ? signal.redactions : foundOnly(words.counts),
      language: signal.language ?? language(words.text),
    };
  };

  const fromPost = (post: CommunityPost): Draft | undefined => {
    if (post.authorRole === 'company') return undefined;
    const words = post.title === null ? post.text : `${post.title}\n${post.text}`;
    const { inReplyTo, threadId } = post;
    const signal = {
      ...common(post, post.version ?? '', post.authorId),
      kind: 'post',
      inReplyTo,
      threadId,
    } as const;
    return {
      signal: withWords(signal, redact(words)),
      content: contentOf(post),
      update: null,
      entity: '',
    };
  };

  const fromSurvey = (answer: SurveyAnswer): Draft => {
    const { scale, score, verbatim } = answer;
    const signal = {
      ...common(answer, answer.version ?? '', answer.customerId),
      kind: 'survey',
      scale,
      score,
      question: field(answer.question),
    } as const;
    const words = verbatim === null ? null : redact(verbatim);
    return {
      signal: withWords(signal, words),
      content: contentOf(answer),
      update: null,
      entity: '',
    };
  };

  const fromTicket = (ticket: TroubleTicket): Draft => {
    // Sources without versions number their updates by time.
    const version = ticket.version ?? String(ticket.occurredAt);
    const signal: Signal = { ...common(ticket, version, ticket.customerId), kind: 'ticket' };
    const update = ticketUpdate(ticket, signal, redact, language);
    return { signal, content: contentOf(ticket), update, entity: `${ticket.source}/${ticket.id}` };
  };

  return (record, topic) => {
    switch (topic) {
      case ticketsReported.name:
        return fromTicket(record as TroubleTicket);
      case postsPublished.name:
        return fromPost(record as CommunityPost);
      case surveysAnswered.name:
        return fromSurvey(record as SurveyAnswer);
      default:
        throw new Error(`normalize does not read ${topic}`);
    }
  };
}

/** 132 bits of SHA-256 over source, id and version: the same wherever it is computed, too wide to collide. */
export function signalId(source: string, id: string, version: string): string {
  return hash('sha256', `${source}\u0000${id}\u0000${version}`, 'base64url').slice(0, 22);
}

/**
 * Hash of all that was said, without when it was received: a sender's retry differs in that alone. What was not stated
 * does not count, so that a field added to the schema later makes no retry look like other content.
 */
function contentOf({ receivedAt: _receivedAt, ...said }: IntakeRecord): string {
  return hash('sha1', statedIn(said as unknown as Stated), 'base64url');
}

type Stated = string | number | boolean | null | { readonly [name: string]: Stated };

function statedIn(value: Stated): string {
  if (value === null) return '';
  if (typeof value !== 'object') return String(value);
  let text = '';
  for (const name in value) {
    const stated = statedIn(value[name]!);
    if (stated !== '') text += `${name}\u0001${stated}\u0002`;
  }
  return text;
}

function foundOnly(counts: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
}
