// The departments file: which departments there are, from what relevance each one reads an insight, and
// what structured fields and phrases say beside the words. A wrong file is refused with the place and the reason.
import { z } from 'zod';
import { SignpostError } from '#core/errors.ts';

const kebabCase = z
  .string()
  .max(60)
  .regex(/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/, 'must be kebab-case, for example "field-force"');
const logOdds = z.number().min(-20).max(20);
const phrase = z.string().trim().min(2).max(80);
const oneOrMore = <T extends z.ZodType>(item: T) =>
  z.union([item.transform((value) => [value]), z.array(item).min(1)]);

interface FieldTest {
  readonly equals: readonly string[];
  /** Whole words. */
  readonly contains: readonly string[];
}

const fieldName = z.string().refine(isFieldName, {
  error:
    'must be channel, product, technology, question, ticket.type, ticket.severity, ticket.priority, ' +
    'ticket.status or attributes.<name>',
});
const fieldTest = z.union([
  oneOrMore(z.string().min(1)).transform((values): FieldTest => {
    return { equals: values.map(lower), contains: [] };
  }),
  z
    .strictObject({ contains: oneOrMore(z.string().min(1)) })
    .transform(({ contains }): FieldTest => ({ equals: [], contains: contains.map(words) })),
]);

/** Conditions that must all hold; of a list, one. Texts are compared without regard to case. */
const whenSchema = z
  .strictObject({
    kind: oneOrMore(z.enum(['ticket', 'post', 'survey'])).optional(),
    scale: z.enum(['nps', 'csat', 'ces']).optional(),
    scoreAtMost: z.number().optional(),
    scoreAtLeast: z.number().optional(),
    text: z.enum(['present', 'absent']).optional(),
    fields: z.record(fieldName, fieldTest).optional(),
    words: oneOrMore(phrase).optional(),
    themes: oneOrMore(kebabCase).optional(),
    sentiments: oneOrMore(z.literal([-1, 0, 1])).optional(),
    churnAtLeast: z.number().min(0).max(1).optional(),
  })
  .refine((when) => Object.keys(when).length > 0, 'must name at least one condition')
  .refine(
    (when) =>
      when.scale !== undefined ||
      (when.scoreAtMost === undefined && when.scoreAtLeast === undefined),
    'a score needs its scale',
  );
export type When = z.infer<typeof whenSchema>;

const ruleSchema = z
  .strictObject({
    when: whenSchema,
    /** Log-odds added to departments. */
    adds: z.record(kebabCase, logOdds).default({}),
    /** Added to the scores of themes, in natural-log units. */
    theme: z.record(kebabCase, logOdds).default({}),
    /** Added to the scores of the sentiments -1, 0 and 1, in natural-log units. */
    sentiment: z.partialRecord(z.enum(['-1', '0', '1']), logOdds).default({}),
    /** Log-odds added to the churn risk. */
    churn: logOdds.default(0),
    /** Urgency points. */
    urgency: z.number().min(-10).max(10).default(0),
  })
  .refine(
    (rule) =>
      (rule.when.themes ?? rule.when.sentiments ?? rule.when.churnAtLeast) === undefined ||
      (Object.keys(rule.theme).length === 0 &&
        Object.keys(rule.sentiment).length === 0 &&
        rule.churn === 0),
    'a rule that depends on theme, sentiment or churn may change only departments and urgency',
  );
export type Rule = z.infer<typeof ruleSchema>;

const departmentSchema = z
  .strictObject({
    name: kebabCase,
    title: z.string().trim().min(1).max(80),
    /** Relevance from which the department receives an insight. */
    threshold: z.number().min(0.01).max(1),
    /**
     * Relevance from which, below `threshold`, it is unsure whether the department is meant: somebody looks at it first.
     * Equal to `threshold` means never. Below 0.05 relevance nothing is listed, so nothing is unsure either.
     */
    unsureFrom: z.number().min(0.01).max(1).optional(),
    /** Log-odds added always: makes a department more or less eager. */
    bias: logOdds.default(0),
    /** Phrases that speak for it, with the log-odds each adds once; a bare phrase adds `wordAdds`. */
    words: z
      .array(z.union([phrase, z.strictObject({ phrase, adds: logOdds })]))
      .max(2_000)
      .default([]),
    wordAdds: logOdds.default(4),
    /** Log-odds added where the judged theme is this one. */
    themes: z.record(kebabCase, logOdds).default({}),
    /** Rules whose log-odds go to this department. */
    rules: z.array(z.strictObject({ when: whenSchema, adds: logOdds })).default([]),
  })
  .refine(({ threshold, unsureFrom }) => unsureFrom === undefined || unsureFrom <= threshold, {
    path: ['unsureFrom'],
    message: 'must not be above threshold',
  })
  .transform(({ unsureFrom, ...department }) => ({
    ...department,
    unsureFrom: unsureFrom ?? department.threshold,
  }));
export type Department = z.infer<typeof departmentSchema>;

const departmentsSchema = z
  .strictObject({
    /** Log-odds of anything before evidence where the model has no say: a record without words, a department it does not know. */
    prior: logOdds,
    /** Urgency points from which an insight is of normal and of high urgency; below it is low. */
    urgency: z.strictObject({ normal: z.number(), high: z.number() }),
    departments: z.array(departmentSchema).min(1).max(200),
    rules: z.array(ruleSchema).max(2_000).default([]),
  })
  .superRefine(({ departments, rules }, context) => {
    const names = new Set<string>();
    for (const [at, { name }] of departments.entries()) {
      if (names.has(name)) {
        const path = ['departments', at, 'name'];
        context.addIssue({ code: 'custom', path, message: `${name} is declared twice` });
      }
      names.add(name);
    }
    for (const [at, rule] of rules.entries()) {
      for (const name of Object.keys(rule.adds)) {
        if (names.has(name)) continue;
        const path = ['rules', at, 'adds', name];
        const message = `is no declared department: ${[...names].join(', ')}`;
        context.addIssue({ code: 'custom', path, message });
      }
    }
  });
/** The parsed departments file, every default filled in. */
export type DepartmentsConfig = z.infer<typeof departmentsSchema> & {
  /** Whether themes may be named that the model does not know: then what hangs on them is idle. Else it is an error. */
  readonly mayNameMissingThemes?: boolean;
};

/**
 * Checks a departments file that was read already.
 * @param whereIs names the place that a path in `document` leads to, as the user wrote it
 * @throws SignpostError `departments-invalid`, naming every wrong place and what is allowed there.
 */
export function checkDepartments(
  document: unknown,
  whereIs: (path: readonly PropertyKey[]) => string,
): DepartmentsConfig {
  const parsed = departmentsSchema.safeParse(document);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${whereIs(path)}: ${message}`);
  throw invalid(problems.join('; '), parsed.error);
}

/** A path into the departments file as text. */
export function placeOf(path: readonly PropertyKey[]): string {
  return path.map(String).join('.') || 'as a whole';
}

/** The error for departments or rules that cannot be used. */
export function invalid(message: string, cause?: unknown): SignpostError {
  return new SignpostError('departments-invalid', message, { cause });
}

const FIELDS = new Set([
  'channel',
  'product',
  'technology',
  'question',
  'ticket.type',
  'ticket.severity',
  'ticket.priority',
  'ticket.status',
]);

function isFieldName(name: string): boolean {
  return FIELDS.has(name) || (name.startsWith('attributes.') && name.length > 11);
}

/** Lower-case words with single spaces between, as fields are compared with "contains". */
export function words(value: string): string {
  return lower(value.replace(/[^\p{L}\p{N}]+/gu, ' '));
}

function lower(value: string): string {
  return value.trim().toLowerCase();
}
