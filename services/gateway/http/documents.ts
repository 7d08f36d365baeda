// Answers as zod schemas, for serialization and for the OpenAPI document.
import fastifySwagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { intakeReasons } from '#core/refusal.ts';

const rejectedSchema = z.object({
  index: z
    .number()
    .int()
    .min(0)
    .describe('Position in the request from 0; for application/x-ndjson the line, from 0.'),
  id: z.string().optional().describe('Id of the record, where it has a usable one.'),
  reason: z.enum(intakeReasons),
  field: z.string().describe('Path of the field; empty for the record as a whole.'),
  detail: z.string(),
});

export type RejectedItem = z.output<typeof rejectedSchema>;

const acceptedSchema = z.object({
  accepted: z.number().int().min(0).describe('Records that are stored durably.'),
  rejected: z
    .array(rejectedSchema)
    .describe('Records that were not taken in and stay with the sender.'),
});

const errorSchema = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    hint: z.string().optional(),
    field: z.string().optional(),
  }),
  accepted: z.number().int().min(0).optional(),
  rejected: z.array(rejectedSchema).optional(),
});

/** Everything that an intake route may answer. */
export const intakeResponses = {
  202: acceptedSchema.describe('Stored durably. Records listed as rejected were not taken in.'),
  400: errorSchema.describe(
    'Nothing was taken in: the request cannot be read or none of its records is valid.',
  ),
  401: errorSchema.describe('API key missing, unknown or revoked.'),
  403: errorSchema.describe(
    'The key may not send this kind, for this source or for this department.',
  ),
  408: errorSchema.describe('The request did not arrive in time.'),
  413: errorSchema.describe('Body too large or too many records.'),
  415: errorSchema.describe('Content type or encoding not supported.'),
  421: errorSchema.describe('The Host header names another host.'),
  429: errorSchema.describe('Too many failed attempts; see Retry-After.'),
  503: errorSchema.describe('Nothing was taken in; send the same again after Retry-After.'),
};

export function requestBody(record: z.ZodType) {
  return z.union([record, z.array(record), z.object({ records: z.array(record) })]);
}

/** Serves the document under `/openapi.json`; it must be registered before the routes. */
export async function registerDocument(app: FastifyInstance): Promise<void> {
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Signpost',
        version: '1.0.0',
        description:
          'Trouble tickets, community posts and survey answers go in here, and what readers judge of the insights made ' +
          'of them. 202 means stored durably. Resending is safe: the same id of the same source counts once. What was ' +
          'made of it is asked for by GET.',
      },
      components: {
        securitySchemes: {
          bearer: {
            type: 'http',
            scheme: 'bearer',
            description:
              'An API key, sp_<id>_<secret>; for reading also a token of the OpenID Connect issuer, where one is set.',
          },
          header: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
          session: { type: 'apiKey', in: 'cookie', name: 'signpost' },
        },
      },
    },
    transform: jsonSchemaTransform,
    transformObject(document) {
      const whole = jsonSchemaTransformObject(document);
      if ('components' in whole) dropAnswers(whole.components?.schemas ?? {});
      return whole;
    },
  });
}

/** The library adds each registered schema as an answer too; only the input forms are ever referred to. */
function dropAnswers(schemas: object): void {
  for (const name of Object.keys(schemas)) {
    if (!name.endsWith('Input')) Reflect.deleteProperty(schemas, name);
  }
}
