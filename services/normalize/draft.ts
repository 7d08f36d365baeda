// From one intake record to a draft of its signal: pure, and the only place where raw words and customer ids are seen.
import { hash } from 'node:crypto';
import type { CommunityPost } from '#schemas/community-post.ts';
import type { Place } from '#schemas/shared.ts';
import type { Signal } from '#schemas/signal.ts';
import type { SurveyAnswer } from '#schemas/survey-answer.ts';
import type { TroubleTicket } from '#schemas/trouble-ticket.ts';
import { postsPublished, surveysAnswered, ticketsReported } from '../topology.ts';
import type { Locate } from './gazetteer.ts';
import type { Redacted, Redactor } from './redact.ts';
import { ticketEntity } from './strip-update.ts';
import type { TicketUpdate } from './ticket-state.ts';
import { ticketUpdate } from './ticket.ts';

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

type SignalUnderWay = { -readonly [Field in keyof Signal]: Signal[Field] };
type SaidKind = 'ticket' | 'post' | 'survey';

/** What an e-mail address cannot do without, in any of the forms `redact` knows: spares ids the search. */
const mayHoldEmail = /[@%\s([{\u0080-\uffff]/;

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
    for (const name in values) safe[field(name)!] = field(values[name]!)!;
    return safe;
  };
  /** Ids are no words: digits in them are no phone number. One that holds an e-mail address becomes its pseudonym. */
  const idOf = (source: string, id: string): string =>
    holdsEmail(id) ? pseudonym(source, id) : id;
  const optionalIdOf = (source: string, id: string | null): string | null =>
    id === null ? null : idOf(source, id);
  const holdsEmail = (text: string): boolean =>
    mayHoldEmail.test(text) && (redact(text).counts?.email ?? 0) > 0;
  const code = (text: string | null): string | null =>
    text === null || !holdsEmail(text) ? text : redact(text).text;
  /** What the source wrote is redacted; the gazetteer's own words are places, even where they read like a person's. */
  const safePlace = (given: Place, place: Place, isKnownArea: boolean): Place => ({
    country: given.country === null ? place.country : field(place.country),
    region: given.region === null ? place.region : field(place.region),
    city: given.city === null ? place.city : field(place.city),
    area: isKnownArea ? place.area : field(place.area),
    // Postcodes, cells and sites are codes: their digits look like numbers of people.
    postcode: code(place.postcode),
    lat: place.lat,
    lon: place.lon,
    h3: code(place.h3),
    site: code(place.site),
  });

  /**
   * A signal of what every kind of record has, to be filled with what its own kind has.
   * @param version tells this record from others of its id; its own version, unless it has none.
   */
  const common = (
    record: IntakeRecord,
    kind: SaidKind,
    version: string | null,
    customerId: string | null,
  ): SignalUnderWay => {
    const { technology, place, isKnownArea } = locate(record.place, record.technology);
    const sourceId = idOf(record.source, record.id);
    const ownVersion = optionalIdOf(record.source, record.version);
    return {
      id: signalId(kind, record.source, sourceId, ownVersion ?? version ?? ''),
      source: record.source,
      sourceId,
      version: ownVersion,
      revision: 1,
      kind,
      occurredAt: record.occurredAt,
      timePrecision: record.timePrecision,
      receivedAt: record.receivedAt,
      customer:
        customerId === null || customerId === '' ? null : pseudonym(record.source, customerId),
      text: null,
      redactions: {},
      language: field(record.language),
      channel: field(record.channel),
      product: field(record.product),
      technology: record.technology === null ? technology : field(technology),
      place: safePlace(record.place, place, isKnownArea),
      scale: null,
      score: null,
      question: null,
      ticket: null,
      inReplyTo: null,
      threadId: null,
      attributes: fields(record.attributes),
    };
  };

  const addWords = (signal: SignalUnderWay, words: Redacted | null): void => {
    if (words === null || words.text.trim() === '') return;
    signal.text = words.text;
    if (words.counts !== null) signal.redactions = foundOnly(words.counts);
    signal.language ??= language(words.text);
  };

  const fromPost = (post: CommunityPost): Draft | undefined => {
    if (post.authorRole === 'company') return undefined;
    const words = post.title === null ? post.text : `${post.title}\n${post.text}`;
    const signal = common(post, 'post', null, post.authorId);
    signal.inReplyTo = optionalIdOf(post.source, post.inReplyTo);
    signal.threadId = optionalIdOf(post.source, post.threadId);
    addWords(signal, redact(words));
    return {
      signal,
      content: contentOf(post),
      update: null,
      entity: '',
    };
  };

  const fromSurvey = (answer: SurveyAnswer): Draft => {
    const { scale, score, verbatim } = answer;
    const signal = common(answer, 'survey', null, answer.customerId);
    signal.scale = scale;
    signal.score = score;
    signal.question = field(answer.question);
    addWords(signal, verbatim === null ? null : redact(verbatim));
    return {
      signal,
      content: contentOf(answer),
      update: null,
      entity: '',
    };
  };

  const fromTicket = (ticket: TroubleTicket): Draft => {
    const content = contentOf(ticket);
    const { timePrecision, occurredAt, source } = ticket;
    // Sources without versions number their updates by time; within a day or month, what was said tells them apart.
    const version = timePrecision === 'instant' ? `${occurredAt}` : `${occurredAt}/${content}`;
    const signal = common(ticket, 'ticket', version, ticket.customerId);
    const update = ticketUpdate(ticket, signal, {
      redact,
      language,
      field,
      idOf: (id) => optionalIdOf(source, id),
    });
    return { signal, content, update, entity: ticketEntity(source, signal.sourceId) };
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

/**
 * 132 bits of SHA-256 over kind, source, id and version: the same wherever it is computed, too wide to collide. The
 * kind counts because the tickets, posts and surveys of one source may number alike.
 */
export function signalId(kind: SaidKind, source: string, id: string, version: string): string {
  const said = `${kind}\u0000${source}\u0000${id}\u0000${version}`;
  return hash('sha256', said, 'base64url').slice(0, 22);
}

/**
 * Hash of all that was said, without when it was received: a sender's retry differs in that alone. What was not stated
 * does not count, so that a field added to the schema later makes no retry look like other content.
 */
function contentOf(record: IntakeRecord): string {
  return hash('sha1', statedIn(record as unknown as Stated, 'receivedAt'), 'base64url');
}

type Stated = string | number | boolean | null | { readonly [name: string]: Stated };

function statedIn(value: Stated, unstated?: string): string {
  if (value === null) return '';
  if (typeof value !== 'object') return String(value);
  let text = '';
  for (const name in value) {
    if (name === unstated) continue;
    const stated = statedIn(value[name]!);
    if (stated !== '') text += `${name}\u0001${stated}\u0002`;
  }
  return text;
}

function foundOnly(counts: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
}
