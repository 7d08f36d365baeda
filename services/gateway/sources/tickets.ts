// Trouble tickets as a source sends them: whole or partial, with an id, a time and at least one thing said.
import { z } from 'zod';
import type { TroubleTicket } from '#schemas/trouble-ticket.ts';
import { isBlank, stated } from '#core/text-fields.ts';
import { because } from '#core/refusal.ts';
import { commonPart, type Reception } from './complete.ts';
import {
  commonFields,
  label,
  notes,
  optionalId,
  time,
  title,
  validatorOf,
  words,
} from './fields.ts';

const fields = z.strictObject({
  ...commonFields,
  customerId: optionalId.describe(
    'Customer id in the source; only a keyed pseudonym of it is passed on.',
  ),
  name: title.describe('Title of the ticket.'),
  description: words.describe('What the customer described.'),
  ticketType: label,
  severity: label,
  priority: label,
  status: z
    .enum([
      'acknowledged',
      'rejected',
      'pending',
      'held',
      'inProgress',
      'cancelled',
      'closed',
      'resolved',
    ])
    .nullish()
    .describe('TM Forum TMF621.'),
  statusChangeReason: title,
  createdAt: time.nullish(),
  resolvedAt: time.nullish(),
  expectedResolutionAt: time.nullish(),
  notes,
});

type TicketFields = z.output<typeof fields>;

export const ticketSchema = fields
  .refine(
    saysSomething,
    because('empty-record', 'says nothing: give a description, a status or any other field'),
  )
  .meta({
    id: 'Ticket',
    description:
      'A trouble ticket or a partial update of one: id, occurredAt and at least one thing said.',
  });

export type TicketRecord = TicketFields;

/** Checks one input object; `now`, milliseconds since the epoch, refuses times more than a day ahead of it. */
export const validateTicket = validatorOf(ticketSchema, ['occurredAt', 'createdAt', 'resolvedAt']);

export function ticketOf(record: TicketRecord, reception: Reception): TroubleTicket {
  return {
    ...commonPart(record, reception),
    name: stated(record.name),
    description: stated(record.description),
    ticketType: stated(record.ticketType),
    severity: stated(record.severity),
    priority: stated(record.priority),
    status: record.status ?? null,
    statusChangeReason: stated(record.statusChangeReason),
    createdAt: record.createdAt ?? null,
    resolvedAt: record.resolvedAt ?? null,
    expectedResolutionAt: record.expectedResolutionAt ?? null,
    customerId: stated(record.customerId),
    notes: (record.notes ?? []).map((note) => ({
      id: stated(note.id),
      at: note.at ?? null,
      author: stated(note.author),
      text: note.text,
    })),
  };
}

// Who, in which language and how exactly timed are no news by themselves.
const silent: ReadonlySet<string> = new Set([
  'id',
  'version',
  'occurredAt',
  'timePrecision',
  'customerId',
  'language',
]);

function saysSomething(record: TicketFields): boolean {
  // Nearly every ticket says one of these; looking through all fields is the slow part of the check.
  if (isStated(record.status) || !isBlank(record.description)) return true;
  for (const [name, value] of Object.entries(record)) {
    if (silent.has(name) || value === undefined || value === null) continue;
    if (typeof value === 'string') {
      if (!isBlank(value)) return true;
    } else if (typeof value !== 'object') return true;
    else if (Array.isArray(value) ? value.length > 0 : Object.values(value).some(isStated))
      return true;
  }
  return false;
}

function isStated(value: unknown): boolean {
  return typeof value === 'string' ? !isBlank(value) : value !== undefined && value !== null;
}
