// What may be asked and said of alerts over HTTP, checked.
import { z } from 'zod';
import { incidentStates } from '#core/store/alert-tables.ts';
import { isText } from '#core/text-fields.ts';
import { cursor, inOrder, limit, listOf, name, timeRange } from '../api/questions.ts';

export const alertOrders = ['-startedAt', 'startedAt', '-customers', '-affected'] as const;
export type AlertOrder = (typeof alertOrders)[number];

export const alertsQuestion = z
  .strictObject({
    ...timeRange,
    state: listOf(z.enum(incidentStates))
      .optional()
      .describe('reopened is firing again; by default all.'),
    place: z
      .string()
      .min(1)
      .max(1000)
      .optional()
      .describe('Key of a place: alerts at it, within it and around it.'),
    theme: listOf(name).optional().describe('Themes, of which one must have risen.'),
    department: listOf(name).optional().describe('Departments, of which one should know.'),
    order: z
      .enum(alertOrders)
      .default('-startedAt')
      .describe('With a minus the latest or the largest first.')
      .meta({ 'x-examples': { usual: { value: '-customers' } } }),
    limit: limit(500, 50),
    cursor,
  })
  .refine(...inOrder);
export type AlertsQuestion = z.output<typeof alertsQuestion>;

export const silencesQuestion = z.strictObject({
  over: z
    .enum(['true', 'false'])
    .default('false')
    .transform((text) => text === 'true')
    .describe('Those that are over as well, the latest 500.'),
});
export type SilencesQuestion = z.output<typeof silencesQuestion>;

export const longestSilenceDays = 30;
export const mostCommentLength = 500;
const moment = z.iso
  .datetime({ offset: true, error: 'must be a moment (2026-11-29T08:00:00Z)' })
  .transform((text) => new Date(text));

const comment = z
  .string()
  .trim()
  .min(1)
  .max(mostCommentLength)
  .refine(isText, 'must not contain NUL or half a surrogate pair');

/** @see docs/alerts-api.md */
export const acknowledgeBody = z
  .strictObject({
    comment: comment
      .optional()
      .describe('For those who wonder; personal data in it is taken away.'),
  })
  .meta({ id: 'Acknowledgement', description: 'That somebody has an alert in hand.' });
export type AcknowledgeBody = z.output<typeof acknowledgeBody>;

/** @see docs/alerts-api.md */
export const silenceBody = z
  .strictObject({
    incident: z
      .string()
      .min(1)
      .max(200)
      .optional()
      .describe('Id of an alert: its place, themes and product; not beside these.'),
    kind: z
      .enum(['silence', 'maintenance'])
      .default('silence')
      .describe('maintenance: planned work, told beside alerts that it may have caused.'),
    place: z.string().min(1).max(1000).nullish().describe('Key of a place; everywhere without.'),
    themes: z.array(name).min(1).max(50).nullish().describe('All without.'),
    product: name.nullish(),
    from: moment.optional().describe('By default now.'),
    until: moment.optional().describe('When it ends; or `minutes`.'),
    minutes: z
      .number()
      .int()
      .min(1)
      .max(longestSilenceDays * 24 * 60, `must be at most ${longestSilenceDays} days`)
      .optional()
      .describe('How long it lasts; or `until`.'),
    comment: comment.describe('Why, for those who wonder; personal data in it is taken away.'),
  })
  .superRefine((body, context) => {
    const refuse = (field: string, message: string) =>
      context.addIssue({ code: 'custom', message, path: [field] });
    if ((body.until === undefined) === (body.minutes === undefined))
      refuse('until', 'or minutes must be said, one of the two');
    const beside = (['place', 'themes', 'product'] as const).find((each) => body[each] != null);
    if (body.incident !== undefined && beside !== undefined)
      refuse(beside, 'may not be said beside an incident, which has its own');
  })
  .meta({ id: 'Silence', description: 'Who is not told of what, and until when.' });
export type SilenceBody = z.output<typeof silenceBody>;
