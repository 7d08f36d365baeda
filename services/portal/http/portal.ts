// The query API and the pages on a server that somebody else runs, and answers for: `registerPortal` adds the routes.
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { meAnswer } from '../api/answers.ts';
import { addAlertQuestions } from '../alerts/question-routes.ts';
import { addReport } from '../alerts/report-route.ts';
import { addAlertRoutes, type AlertRouteParts } from '../alerts/routes.ts';
import type { Queries } from '../api/queries.ts';
import type { PortalConfig } from '../config.ts';
import type { Streams } from '../streams.ts';
import { addStreams } from '../streams/route.ts';
import { addWaveRoutes, type WaveRouteParts } from '../waves/routes.ts';
import type { ReaderAccess } from './access.ts';
import { schemaOf, unchecked } from './documents.ts';
import { examples } from './examples.ts';
import { createTurns, limitRates } from './limits.ts';
import { formatFor } from './negotiate.ts';
import { registerPages } from './pages.ts';
import { readerOf, type RouteParts } from './question-routes.ts';
import { readQuestion } from './question.ts';
import { addQuestions } from './questions.ts';
import { sendBody } from './send.ts';
import { addSession, meOf } from './session-routes.ts';
import { asProblem } from './trouble.ts';

export interface PortalParts {
  readonly access: ReaderAccess;
  readonly queries: Queries;
  readonly config: PortalConfig;
  /** Names of the departments that there are. */
  readonly departments: readonly string[];
  /** Folder of the built pages. */
  readonly pagesFolder: string;
  /** Where rollout plans are kept; absent where they cannot be changed. */
  readonly plan?: Pick<WaveRouteParts, 'db' | 'clock'>;
  /** Milliseconds since the epoch. */
  readonly clock?: () => number;
  /** What is done to alerts; absent where they can only be read. */
  readonly alerting?: Pick<AlertRouteParts, 'db' | 'actions' | 'redact' | 'clock'>;
  /** Live feeds, at `/v1/streams/{department}`; absent where there are none. */
  readonly streams?: Streams;
}

/** Nothing of it is shown within another site's page, guessed at as another type, or told to other sites. */
const guards = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'x-frame-options': 'DENY',
};

/** Problems are thrown, for the server's own error handler. `app` must be a scope of its own. */
export async function registerPortal(app: FastifyInstance, parts: PortalParts): Promise<void> {
  app.decorateRequest('reader', null);
  app.addHook('onRequest', async (_request, reply) => {
    void reply.headers(guards);
  });
  await app.register(async (scope) => addSession(scope, parts.access, parts.config));
  await app.register(async (scope) => addReading(scope, parts));
  await app.register(async (scope) => registerPages(scope, parts.pagesFolder));
}

async function addReading(app: FastifyInstance, parts: PortalParts): Promise<void> {
  const { access, queries, config, departments } = parts;
  app.addHook('onRequest', async (request, reply) => {
    // Data is no document: were a browser made to show it, it could load and run nothing.
    void reply.headers({
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'cache-control': 'no-store',
    });
    request.reader = await access.readerOf(request);
  });
  await limitRates(app, config);
  const routeParts: RouteParts = { config, departments, turns: createTurns(config) };
  addQuestions(app, queries, routeParts);
  addAlertQuestions(app, queries, routeParts);
  addMe(app, access);
  if (parts.streams !== undefined) addStreams(app, parts.streams, parts);
  const problemOf = (error: unknown) => asProblem(error, config);
  if (parts.plan !== undefined) await addWaveRoutes(app, { ...parts.plan, readerOf, problemOf });
  await addReport(app, { queries, clock: parts.clock ?? Date.now, problemOf });
  if (parts.alerting !== undefined) {
    const alert: Queries['alert'] = (reader, id) => queries.alert(reader, id);
    await addAlertRoutes(app, { ...parts.alerting, alert, problemOf });
  }
}

function addMe(app: FastifyInstance, access: ReaderAccess): void {
  const question = z.strictObject({});
  app.route({
    method: 'GET',
    url: '/v1/me',
    schema: schemaOf({
      operationId: 'get-me',
      summary: 'Who asks: the role of the key or token, and what it may see.',
      question,
      answer: meAnswer,
      example: examples.me,
      formats: ['json'],
    }),
    validatorCompiler: unchecked,
    async handler(request, reply) {
      readQuestion(question, request.query);
      const { type } = jsonFor(request);
      const me = meOf(readerOf(request), !(await access.isOpen()));
      return sendBody(request, reply, { type, bytes: Buffer.from(JSON.stringify(me)) });
    },
  });
}

function jsonFor(request: FastifyRequest): { readonly type: string } {
  const { format } = request.query as { readonly format?: unknown };
  formatFor(['json'], format, request.headers.accept);
  return { type: 'application/json; charset=utf-8' };
}
