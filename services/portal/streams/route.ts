// `GET /v1/streams/{department}`: who may hear which department, with which filters, from where on.
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { Problem } from '#core/http/problem.ts';
import { filters, insightsQuestion } from '../api/questions.ts';
import type { ReaderAccess } from '../http/access.ts';
import { refusals, security, unchecked } from '../http/documents.ts';
import { readerOf } from '../http/question-routes.ts';
import { readQuestion } from '../http/question.ts';
import type { Reader } from '../reader.ts';
import type { Streams } from '../streams.ts';
import { positionIn, type Position } from './position.ts';

const { department: _department, ...otherFilters } = filters;

export const streamQuestion = z.strictObject({
  ...otherFilters,
  q: insightsQuestion.shape.q,
  after: z
    .string()
    .max(10_000)
    .refine((text) => positionIn(text) !== null, 'must be the id of an event of a stream')
    .optional()
    .describe('Id of the event heard last, for whoever cannot send the header Last-Event-ID.'),
});

const streamParams = z.object({
  department: z
    .string()
    .describe('A department, several with commas, or all, for readers of every department.')
    .meta({ examples: ['planning'] }),
});

export interface StreamRouteParts {
  readonly access: Pick<ReaderAccess, 'readerOf'>;
  /** Names of the departments that there are. */
  readonly departments: readonly string[];
}

/** Streams that are open end when the server closes. */
export function addStreams(
  app: FastifyInstance,
  streams: Streams,
  { access, departments }: StreamRouteParts,
): void {
  const { 400: wrong, 401: unknown, 403: forbidden, 404: missing, 429: tooMany } = refusals;
  app.addHook('preClose', () => streams.close());
  app.route({
    method: 'GET',
    url: '/v1/streams/:department',
    schema: {
      operationId: 'listen-to-stream',
      summary: 'Insights of departments as they come, by server-sent events.',
      description:
        'Events: `ready`, with notices; `insight`, with one as /v1/insights tells it; `beat` every 15 s; `skip` when more happened ' +
        'than is told; `store`, when the database is away or back; `end`, with the reason. The id of each is where ' +
        'Last-Event-ID goes on.',
      tags: ['query'],
      security,
      params: streamParams,
      querystring: streamQuestion,
      response: {
        200: {
          description: 'Events without end.',
          content: { 'text/event-stream': { schema: z.string() } },
        },
        400: wrong,
        401: unknown,
        403: forbidden,
        404: missing,
        429: tooMany,
        503: refusals[503],
      },
    },
    validatorCompiler: unchecked,
    async handler(request, reply) {
      const reader = readerOf(request);
      const { department } = request.params as z.output<typeof streamParams>;
      const asked = departmentsAsked(department, reader, departments);
      const { after, q, ...given } = readQuestion(streamQuestion, request.query);
      const rights = JSON.stringify(reader);
      const question = {
        reader,
        q,
        filters: { ...given, ...(asked !== null && { department: asked }) },
      };
      const body = streams.listen({
        question,
        notices: await streams.notices(question),
        from: beginning(request.headers['last-event-id'], after),
        mayStillRead: async () => JSON.stringify(await access.readerOf(request)) === rights,
      });
      return reply
        .headers({
          'content-type': 'text/event-stream; charset=utf-8',
          'cache-control': 'no-store',
          // Proxies that collect answers would hold events back: nginx by this header.
          'x-accel-buffering': 'no',
        })
        .send(body);
    },
  });
}

/** A browser that comes again by itself says so in the header; that is later than what its address says. */
function beginning(
  header: string | string[] | undefined,
  after: string | undefined,
): Position | null {
  const heard = typeof header === 'string' ? positionIn(header) : null;
  return heard ?? (after === undefined ? null : positionIn(after));
}

/** Null for everything. @throws Problem 403, 404. */
function departmentsAsked(
  path: string,
  reader: Reader,
  departments: readonly string[],
): string[] | null {
  const asked = [...new Set(path.split(','))];
  const allowed = reader.departments ?? departments;
  const field = 'department';
  const isAll = asked.length === 1 && asked[0] === 'all';
  if (isAll && reader.departments === null) return null;
  if (!isAll && asked.some((name) => !departments.includes(name))) {
    const hint = `There are ${allowed.join(', ')}.`;
    throw new Problem(404, 'not-found', 'There is no such department.', { field, hint });
  }
  if (!isAll && asked.every((name) => allowed.includes(name))) return asked;
  const what = isAll ? 'every department' : 'that department';
  const hint = `It reads ${allowed.join(', ')}.`;
  throw new Problem(403, 'key-not-for-reading', `This key does not read ${what}.`, { field, hint });
}
