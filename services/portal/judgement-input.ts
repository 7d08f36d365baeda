// A judgement as a reader's system sends it: which insight, which department, right, wrong or missing.
import { z } from 'zod';
import { because, refusalIn, type Validated } from '#core/refusal.ts';
import { badIdentifier, isIdentifier, textUpTo } from '#core/text-fields.ts';

export const verdicts = ['right', 'wrong', 'missing'] as const;

export const maxCommentLength = 4000;
const maxIdLength = 200;
const maxNameLength = 100;

/** Text of one pattern. @param detail what it must be, for whoever sent something else. */
function shaped(maxLength: number, pattern: RegExp, detail: string) {
  return z
    .string()
    .max(maxLength)
    .refine((value) => pattern.test(value), because('invalid-characters', detail));
}

const identifier = (maxLength: number) =>
  z.string().max(maxLength).refine(isIdentifier, badIdentifier).nullish();

/** @param departments names of those that there are; another is refused with these. */
export function judgementSchema(departments: readonly string[]) {
  return z
    .strictObject({
      insightId: shaped(
        maxIdLength,
        /^[\w.:/-]+$/,
        'must be the id of an insight, as its stream tells it',
      ).describe('Id of the insight judged.'),
      department: z.enum(departments).describe('Department concerned.'),
      verdict: z
        .enum(verdicts)
        .describe('right: it belongs there; wrong: it does not; missing: it should also go there.'),
      theme: shaped(
        maxNameLength,
        /^(?:[a-z0-9]+(?:-[a-z0-9]+)*)?$/,
        'must be kebab-case, like outage or privacy-or-fraud',
      )
        .nullish()
        .describe('Theme it should have had.'),
      comment: textUpTo(maxCommentLength).describe(
        'Why, in the reader’s words; redacted before it is written.',
      ),
      judgedBy: identifier(maxNameLength).describe(
        'Role or pseudonym of the reader; by default the source of the key.',
      ),
      model: shaped(
        maxNameLength,
        /^[\w.:+-]*$/,
        'must be the version of a model, as the insight tells it',
      )
        .nullish()
        .describe('The model of the insight, as it was read; unknown when left out.'),
      id: identifier(maxIdLength).describe(
        'Id of the judgement; by default made of insight, department, verdict and reader.',
      ),
    })
    .meta({
      id: 'Judgement',
      description: 'What a reader says of an insight: insightId, department and verdict.',
    });
}

export type JudgementInput = z.output<ReturnType<typeof judgementSchema>>;

/** A validator of `schema`, compiled ahead. */
export function judgementValidator(
  schema: ReturnType<typeof judgementSchema>,
): (input: unknown) => Validated<JudgementInput> {
  const compiled = z.compile(schema, { strict: true });
  return (input) => {
    const result = compiled.safeParse(input);
    return result.success
      ? { ok: true, record: result.data }
      : refusalIn(schema, result.error, input);
  };
}
