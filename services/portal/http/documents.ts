// What the OpenAPI document tells of the query API's addresses.
import { z } from 'zod';
import { parameterExamples } from './examples.ts';
import { essenceOf, formats, type Format } from './negotiate.ts';

const errorAnswer = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    hint: z.string().optional(),
    field: z.string().optional().describe('The parameter that was refused.'),
  }),
});

const refusals = {
  400: errorAnswer.describe('A parameter is unknown or not as it must be; `field` names it.'),
  401: errorAnswer.describe('Key, token or session missing, unknown or no longer valid.'),
  403: errorAnswer.describe('The key or token may not do this.'),
  404: errorAnswer.describe('There is no such place, department, alert or silence.'),
  406: errorAnswer.describe('The answer has no such form.'),
  429: errorAnswer.describe('Too many requests or failed attempts; see Retry-After.'),
  503: errorAnswer.describe(
    'Too many questions at a time, too much asked for, or the store is away; see Retry-After.',
  ),
} as const;

const security = [{ bearer: [] }, { header: [] }, { session: [] }];

/** Requests are checked by their handlers, which name what is wrong. */
export const unchecked = () => (value: unknown) => ({ value });

export interface Documented {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly question?: z.ZodObject;
  readonly params?: z.ZodObject;
  readonly answer: z.ZodType;
  readonly example: unknown;
  readonly formats: readonly Format[];
}

/** The `schema` of a route: for the document alone. */
export function schemaOf({ question, params, answer, example, ...told }: Documented) {
  const { operationId, summary, description } = told;
  return {
    operationId,
    summary,
    ...(description !== undefined && { description }),
    tags: ['query'],
    security,
    ...(params !== undefined && { params }),
    ...(question !== undefined && { querystring: exemplified(withFormat(question, told.formats)) }),
    response: {
      200: {
        description: 'The answer. 304 without one when it is still what If-None-Match names.',
        content: Object.fromEntries(
          told.formats.map((format) => [
            essenceOf(format),
            { schema: format === 'json' ? answer.meta({ examples: [example] }) : asText(format) },
          ]),
        ),
      },
      ...refusals,
    },
  };
}

function withFormat(question: z.ZodObject, offered: readonly Format[]): z.ZodObject {
  if (offered.length === 1) return question;
  return question.safeExtend({
    format: z
      .enum(offered)
      .optional()
      .describe('The form of the answer; by default as the Accept header says.'),
  });
}

/** Zod keeps no examples of what it transforms; the document's maker takes them from this member. */
function exemplified(question: z.ZodObject): z.ZodObject {
  const shown = Object.entries(question.shape).flatMap(([name, schema]) => {
    const value = parameterExamples[name];
    const hasOwn = (schema as z.ZodType).meta()?.['x-examples'] !== undefined;
    if (value === undefined || hasOwn) return [];
    return [[name, (schema as z.ZodType).meta({ 'x-examples': { usual: { value } } })] as const];
  });
  return question.safeExtend(Object.fromEntries(shown));
}

function asText(format: Format): z.ZodType {
  const what =
    format === 'geojson'
      ? 'A FeatureCollection (RFC 7946).'
      : `A table as ${formats[format].name}.`;
  return format === 'geojson'
    ? z
        .looseObject({ type: z.literal('FeatureCollection'), features: z.array(z.looseObject({})) })
        .describe(what)
    : z.string().describe(what);
}

/** For routes whose answers are of one form that is told otherwise. */
export { refusals, security };
