// Intake records for tests: complete, with what a test does not care about left unsaid.
import type { CommunityPost } from '#schemas/community-post.ts';
import type { SurveyAnswer } from '#schemas/survey-answer.ts';
import type { TroubleTicket } from '#schemas/trouble-ticket.ts';

export const noPlace = {
  country: null,
  region: null,
  city: null,
  area: null,
  postcode: null,
  lat: null,
  lon: null,
  h3: null,
  site: null,
};

const common = {
  version: null,
  occurredAt: Date.UTC(2026, 0, 5, 12),
  timePrecision: 'instant',
  receivedAt: Date.UTC(2026, 0, 5, 12, 1),
  channel: null,
  product: null,
  technology: null,
  language: null,
  place: noPlace,
  attributes: {},
} as const;

export function aTicket(said: Partial<TroubleTicket>): TroubleTicket {
  return {
    ...common,
    source: 'helpdesk',
    id: 'T1',
    name: null,
    description: null,
    ticketType: null,
    severity: null,
    priority: null,
    status: null,
    statusChangeReason: null,
    createdAt: null,
    resolvedAt: null,
    expectedResolutionAt: null,
    customerId: null,
    notes: [],
    ...said,
  };
}

export function aPost(said: Partial<CommunityPost>): CommunityPost {
  return {
    ...common,
    source: 'forum',
    id: 'P1',
    authorId: null,
    authorRole: 'customer',
    title: null,
    text: '',
    inReplyTo: null,
    threadId: null,
    ...said,
  };
}

export function anAnswer(said: Partial<SurveyAnswer>): SurveyAnswer {
  return {
    ...common,
    source: 'survey',
    id: 'S1',
    customerId: null,
    scale: null,
    score: null,
    question: null,
    verbatim: null,
    ...said,
  };
}
