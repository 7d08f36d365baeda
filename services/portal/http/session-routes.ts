// How pages log in and out, and who they are then.
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { Problem } from '#core/http/problem.ts';
import { meAnswer, type MeAnswer } from '../api/answers.ts';
import type { PortalConfig } from '../config.ts';
import type { Reader } from '../reader.ts';
import type { ReaderAccess } from './access.ts';
import { refusals, unchecked } from './documents.ts';
import { examples } from './examples.ts';
import { checkSameOrigin, dropToken, isHttps, keepToken } from './session.ts';

/** Browsers keep cookies of 4,096 bytes with name and attributes, and drop longer ones without a word. */
const mostKeyLength = 3900;

const sessionBody = z
  .strictObject({ key: z.string().min(1) })
  .describe('An API key for reading, or a token of the issuer.');

const maxBodyBytes = 8192;

export function meOf(reader: Reader, needsKey: boolean): MeAnswer {
  const { role, departments, suppressBelow, mayJudge } = reader;
  return {
    role,
    departments: departments === null ? null : [...departments],
    suppressBelow,
    mayJudge,
    needsKey,
  };
}

/** POST and DELETE /v1/session. `app` must be a scope of its own: it takes JSON as text. */
export function addSession(app: FastifyInstance, access: ReaderAccess, config: PortalConfig): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'string', bodyLimit: maxBodyBytes },
    (_request, body, done) => done(null, body),
  );
  const { 401: unknown, 403: foreign, 429: tooMany, 503: away } = refusals;
  app.route({
    method: 'POST',
    url: '/v1/session',
    schema: {
      operationId: 'begin-session',
      summary: 'Keeps a key in a cookie that no script can read, for the pages.',
      tags: ['session'],
      body: sessionBody,
      response: {
        200: meAnswer.meta({ examples: [examples.me] }).describe('Who reads now.'),
        400: refusals[400],
        401: unknown,
        403: foreign,
        429: tooMany,
        503: away,
      },
    },
    validatorCompiler: unchecked,
    async handler(request, reply) {
      const { headers, ip, protocol } = request;
      checkSameOrigin(headers, false);
      const key = keyIn(request.body);
      const reader = await access.holderOf(key, ip);
      return reply
        .header('set-cookie', keepToken(key, config.sessionHours, isHttps(protocol, headers)))
        .header('cache-control', 'no-store')
        .send(meOf(reader, true));
    },
  });
  app.route({
    method: 'DELETE',
    url: '/v1/session',
    schema: {
      operationId: 'end-session',
      summary: 'Drops the cookie.',
      tags: ['session'],
      response: { 204: z.undefined().describe('Gone, or there was none.'), 403: foreign },
    },
    validatorCompiler: unchecked,
    handler({ headers, protocol }, reply) {
      checkSameOrigin(headers, false);
      return reply
        .code(204)
        .headers({
          'set-cookie': dropToken(isHttps(protocol, headers)),
          'cache-control': 'no-store',
        })
        .send();
    },
  });
}

function keyIn(body: unknown): string {
  let given: unknown;
  try {
    given = JSON.parse(String(body));
  } catch {
    throw new Problem(400, 'invalid-json', 'The body is not JSON.');
  }
  const read = sessionBody.safeParse(given);
  if (read.success) {
    const key = read.data.key.trim();
    if (key.length <= mostKeyLength) return key;
    throw new Problem(400, 'invalid-parameter', 'The token is longer than a cookie can be.', {
      field: 'key',
      hint: `At most ${mostKeyLength} characters; programs send it as "Authorization: Bearer".`,
    });
  }
  throw new Problem(400, 'invalid-parameter', 'The body must be {"key": "sp_..."}.', {
    field: 'key',
  });
}
