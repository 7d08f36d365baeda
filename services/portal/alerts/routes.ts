// What people do to alerts over HTTP: acknowledge one, silence places and themes, end a silence. With it the report of an
// alert, for people to print. Asked for are they where every other question is.
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { Problem } from '#core/http/problem.ts';
import type { Db } from '#core/store/postgres.ts';
import { alertExamples } from '../http/alert-examples.ts';
import { refusals as told, security } from '../http/documents.ts';
import { readerOf } from '../http/question-routes.ts';
import { invalidParameter, readQuestion } from '../http/question.ts';
import type { Reader } from '../reader.ts';
import { checkRight, type AlertActions } from './actions.ts';
import { acknowledgeAnswer, madeSilence, silence, type AlertAnswer } from './answers.ts';
import { acknowledgeBody, silenceBody } from './questions.ts';
import { oneSilence } from './list-silences.ts';
import { readSilence } from './read-silence.ts';
import { checkNames } from './unknown-names.ts';

export interface AlertRouteParts {
  readonly db: Db;
  readonly actions: AlertActions;
  /** One alert as the reader may see it; null for none. */
  readonly alert: (reader: Reader, id: string) => Promise<AlertAnswer | null>;
  /** The text without personal data. */
  readonly redact: (text: string) => string;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** What trouble of the store is answered with; what is none comes back as it is. */
  readonly problemOf: (error: unknown) => unknown;
}

const maxBodyBytes = 16_384;
const nothing = z.strictObject({});
const unvalidated = () => (value: unknown) => ({ value });
const idOf = (request: FastifyRequest): string => (request.params as { readonly id: string }).id;
const idParam = z.object({ id: z.string() });

/** Registers the routes in a scope of their own; who asks is known by then. */
export async function addAlertRoutes(app: FastifyInstance, parts: AlertRouteParts): Promise<void> {
  await app.register(async (scope) => {
    // A page of another site cannot send this type without asking first, which is not answered.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(
      'application/json',
      { parseAs: 'string', bodyLimit: maxBodyBytes },
      (_request, body, done) => done(null, body),
    );
    scope.setErrorHandler<Error & { code?: string }>((error) => {
      throw refusals.get(error.code ?? '')?.() ?? parts.problemOf(error);
    });
    addAcknowledge(scope, parts);
    addSilencing(scope, parts);
    addEnding(scope, parts);
  });
}

const refusals: ReadonlyMap<string, () => Problem> = new Map([
  [
    'FST_ERR_CTP_BODY_TOO_LARGE',
    () => new Problem(413, 'body-too-large', `The body has at most ${maxBodyBytes / 1024} KiB.`),
  ],
  [
    'FST_ERR_CTP_INVALID_MEDIA_TYPE',
    () => new Problem(415, 'unsupported-media-type', 'The body is sent as application/json.'),
  ],
]);

function addAcknowledge(
  scope: FastifyInstance,
  { alert, clock, actions, redact }: AlertRouteParts,
): void {
  scope.route({
    method: 'POST',
    url: '/v1/alerts/:id/acknowledge',
    schema: {
      operationId: 'acknowledge-alert',
      summary: 'Says that somebody has an alert in hand: it is told to nobody again.',
      tags: ['alerts'],
      security,
      params: idParam,
      body: acknowledgeBody,
      response: {
        200: acknowledgeAnswer.meta({ examples: [alertExamples.acknowledged] }),
        400: told[400],
        401: told[401],
        403: told[403],
        404: told[404],
        409: told[400].describe('It is over.'),
      },
    },
    validatorCompiler: unvalidated,
    async handler(request) {
      const reader = readerOf(request);
      checkRight(reader, 'acknowledge');
      readQuestion(nothing, request.query);
      const body = readQuestion(acknowledgeBody, jsonIn(request.body ?? '{}'));
      const comment = body.comment === undefined ? undefined : redact(body.comment);
      const id = idOf(request);
      if ((await alert(reader, id)) === null) throw unknownAlert();
      const done = await actions.acknowledge(id, { by: reader.name, at: clock(), comment });
      const after = await alert(reader, id);
      if (done === 'unknown' || after === null) throw unknownAlert();
      if (done === 'over') {
        throw new Problem(
          409,
          'alert-over',
          'This alert is over: there is nothing to have in hand.',
        );
      }
      const { state, acknowledgedBy } = after.alert;
      return { id, state, acknowledgedBy, changed: done === 'acknowledged' };
    },
  });
}

function addSilencing(scope: FastifyInstance, parts: AlertRouteParts): void {
  scope.route({
    method: 'POST',
    url: '/v1/silences',
    schema: {
      operationId: 'post-silence',
      summary: 'Keeps alerts of places, themes or a product from being told, for a time.',
      description:
        'An alert is covered when it lies wholly in the silence. It goes on, resolves by its counts, and is told when the silence ends while it stands.',
      tags: ['alerts'],
      security,
      body: silenceBody,
      response: {
        201: madeSilence.meta({ examples: [{ ...alertExamples.silence, notices: [] }] }),
        400: told[400],
        401: told[401],
        403: told[403],
      },
    },
    validatorCompiler: unvalidated,
    async handler(request, reply) {
      const reader = readerOf(request);
      checkRight(reader, 'silence');
      const at = parts.clock();
      const body = readQuestion(silenceBody, jsonIn(request.body));
      const asked = await readSilence(body, at, (id) => parts.alert(reader, id));
      const notices = body.incident === undefined ? await checkNames(parts.db, asked) : [];
      const comment = parts.redact(asked.comment);
      const id = await parts.actions.addSilence({ ...asked, comment, by: reader.name }, at);
      return reply.code(201).send({ ...(await oneSilence(parts.db, id, at)), notices });
    },
  });
}

function addEnding(scope: FastifyInstance, { db, clock, actions }: AlertRouteParts): void {
  scope.route({
    method: 'DELETE',
    url: '/v1/silences/:id',
    schema: {
      operationId: 'end-silence',
      summary: 'Ends a silence before its time; one that is over stays as it is.',
      tags: ['alerts'],
      security,
      params: idParam,
      response: {
        200: silence.meta({ examples: [alertExamples.silence] }),
        401: told[401],
        403: told[403],
        404: told[404],
      },
    },
    validatorCompiler: unvalidated,
    async handler(request) {
      const reader = readerOf(request);
      checkRight(reader, 'silence');
      const at = clock();
      const id = idOf(request);
      if ((await actions.endSilence(id, { by: reader.name, at })) === 'unknown') {
        throw new Problem(404, 'silence-unknown', 'There is no such silence.', {
          hint: 'GET /v1/silences lists them.',
        });
      }
      return oneSilence(db, id, at);
    },
  });
}

export function unknownAlert(): Problem {
  return new Problem(404, 'alert-unknown', 'There is no such alert that you may see.', {
    hint: 'GET /v1/alerts lists them.',
  });
}

function jsonIn(body: unknown): unknown {
  let given: unknown;
  try {
    given = JSON.parse(String(body));
  } catch {
    throw new Problem(400, 'invalid-json', 'The body is not JSON.');
  }
  if (typeof given === 'object' && given !== null && !Array.isArray(given)) return given;
  throw invalidParameter('body', 'must be an object, like {"minutes": 60, "comment": "…"}');
}
