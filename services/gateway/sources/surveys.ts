// Survey answers as a source sends them: an id, a time, and a score on a named scale or a verbatim.
import { z } from 'zod';
import type { SurveyAnswer } from '#schemas/survey-answer.ts';
import { isBlank, stated } from '#core/text-fields.ts';
import { because } from '#core/refusal.ts';
import { commonPart, type Reception } from './complete.ts';
import { commonFields, optionalId, title, validatorOf, words } from './fields.ts';

/** Ends of the scales: net promoter score, customer satisfaction, customer effort score. */
export const scales = {
  nps: { least: 0, most: 10, whole: true },
  csat: { least: 1, most: 5, whole: false },
  ces: { least: 1, most: 7, whole: false },
} as const;

const fields = z.strictObject({
  ...commonFields,
  customerId: optionalId.describe(
    'Customer id in the source; only a keyed pseudonym of it is passed on.',
  ),
  scale: z
    .enum(['nps', 'csat', 'ces'])
    .nullish()
    .describe('Needed with a score: nps 0 to 10, csat 1 to 5, ces 1 to 7.'),
  score: z.number().nullish().describe('On its scale; whole numbers for nps.'),
  question: title,
  verbatim: words.describe('What the customer wrote.'),
});

export type SurveyRecord = z.output<typeof fields>;

export const surveySchema = fields
  .superRefine((answer, context) => {
    const refuse = (path: string, flaw: ReturnType<typeof because>): void => {
      context.addIssue({ code: 'custom', path: [path], message: flaw.error, params: flaw.params });
    };
    const { scale, score } = answer;
    if (score === undefined || score === null) {
      if (isBlank(answer.verbatim))
        refuse('', because('empty-record', 'says nothing: give a score or a verbatim'));
      return;
    }
    if (scale === undefined || scale === null) {
      refuse('scale', because('missing-field', 'is required with a score: nps, csat or ces'));
      return;
    }
    const { least, most, whole } = scales[scale];
    if (score < least || score > most || (whole && !Number.isInteger(score))) {
      const kind = whole ? 'a whole number' : 'a number';
      refuse(
        'score',
        because('out-of-scale', `must be ${kind} from ${least} to ${most} on scale ${scale}`),
      );
    }
  })
  .meta({
    id: 'SurveyAnswer',
    description: 'A survey answer: id, occurredAt, and a score with its scale or a verbatim.',
  });

/** Checks one input object; `now`, milliseconds since the epoch, refuses times more than a day ahead of it. */
export const validateSurvey = validatorOf(surveySchema, ['occurredAt']);

export function surveyOf(record: SurveyRecord, reception: Reception): SurveyAnswer {
  const score = record.score ?? null;
  return {
    ...commonPart(record, reception),
    customerId: stated(record.customerId),
    // A scale without a score says nothing; the schema keeps it null.
    scale: score === null ? null : (record.scale ?? null),
    score,
    question: stated(record.question),
    verbatim: stated(record.verbatim),
  };
}
