// The rollout plan over HTTP: `POST /v1/waves` takes a CSV file, `GET /v1/waves/plan` gives its lines,
// `DELETE /v1/waves/{wave}` takes a wave away. Changing it is for planners and admins.
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Problem } from '#core/http/problem.ts';
import { nearest } from '#core/nearest.ts';
import type { Db } from '#core/store/postgres.ts';
import type { Reader } from '../reader.ts';
import { importAnswer, importQuestion, planAnswer, planProblem, removeAnswer } from './api.ts';
import { flawText, type Flaw } from './plan.ts';
import { security } from '../http/documents.ts';
import { maxPlanBytes } from './read-waves.ts';
import { importWaves, listWaves, removeWave } from './store-waves.ts';

export interface WaveRouteParts {
  readonly db: Db;
  /** Who asks. @throws Problem 401, 403, 429, 503. */
  readonly readerOf: (request: FastifyRequest) => Reader | Promise<Reader>;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** What trouble of the store is answered with; what is none comes back as it is. */
  readonly problemOf: (error: unknown) => unknown;
}

const mediaType = 'text/csv';
const mostFlaws = 100;
/** What the server refuses before a route sees it, by its code. */
const refusals: ReadonlyMap<string, () => Problem> = new Map([
  [
    'FST_ERR_CTP_BODY_TOO_LARGE',
    () => {
      const most = `A rollout plan has at most ${maxPlanBytes / 1024 / 1024} MiB.`;
      return new Problem(413, 'body-too-large', most);
    },
  ],
  [
    'FST_ERR_CTP_INVALID_MEDIA_TYPE',
    () => new Problem(415, 'unsupported-media-type', `A rollout plan is sent as ${mediaType}.`),
  ],
]);
const unvalidated = () => (value: unknown) => ({ value });

/** Registers the routes in a scope of their own. */
export async function addWaveRoutes(app: FastifyInstance, parts: WaveRouteParts): Promise<void> {
  await app.register(async (scope) => {
    // A page of another site cannot send this type without asking first, which is not answered.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(
      mediaType,
      { parseAs: 'buffer', bodyLimit: maxPlanBytes },
      (_request, body, done) => done(null, body),
    );
    scope.setErrorHandler<Error & { code?: string }>((error) => {
      throw refusals.get(error.code ?? '')?.() ?? parts.problemOf(error);
    });
    addImport(scope, parts);
    addPlan(scope, parts);
    addRemoval(scope, parts);
  });
}

function addImport(scope: FastifyInstance, { db, readerOf, clock }: WaveRouteParts): void {
  scope.post<{ Body: Buffer | undefined }>(
    '/v1/waves',
    {
      schema: {
        operationId: 'post-waves',
        summary: 'Takes in a rollout plan (CSV: area, wave, technology, planned, finished).',
        description: 'Wholly or not at all. For planners and admins.',
        consumes: [mediaType],
        security,
        querystring: importQuestion,
        response: { 200: importAnswer, 422: planProblem },
      },
      validatorCompiler: unvalidated,
      onRequest: async (request) => requirePlanner(await readerOf(request)),
    },
    async ({ body, query }, reply) => {
      const { replace, dryRun } = questionOf(query);
      const bytes = body ?? Buffer.alloc(0);
      const done = await importWaves(db, bytes, { replace, dryRun, now: clock() });
      if (done.ok) return done.imported;
      return reply.code(422).send(refusedPlan(done.flaws));
    },
  );
}

function addPlan(scope: FastifyInstance, { db, readerOf }: WaveRouteParts): void {
  scope.get(
    '/v1/waves/plan',
    {
      schema: {
        operationId: 'get-waves-plan',
        summary: 'The rollout plan, line by line.',
        security,
        response: { 200: planAnswer },
      },
      validatorCompiler: unvalidated,
      onRequest: async (request) => void (await readerOf(request)),
    },
    async () => ({ lines: await listWaves(db) }),
  );
}

function addRemoval(scope: FastifyInstance, { db, readerOf }: WaveRouteParts): void {
  scope.delete<{ Params: { readonly wave: string } }>(
    '/v1/waves/:wave',
    {
      schema: {
        operationId: 'delete-wave',
        summary: 'Takes a wave away.',
        description: 'For planners and admins.',
        security,
        response: { 200: removeAnswer },
      },
      validatorCompiler: unvalidated,
      onRequest: async (request) => requirePlanner(await readerOf(request)),
    },
    async ({ params: { wave } }) => {
      const removed = await removeWave(db, wave);
      if (removed === 0) throw unknownWave(wave, await listWaves(db));
      return { wave, removed };
    },
  );
}

function questionOf(query: unknown): ReturnType<(typeof importQuestion)['parse']> {
  const read = importQuestion.safeParse(query);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  if (issue?.code === 'unrecognized_keys') {
    throw new Problem(400, 'unknown-parameter', 'There is no such parameter here.', {
      field: issue.keys[0] ?? '',
      hint: 'There are replace and dryRun.',
    });
  }
  const field = String(issue?.path[0] ?? 'replace');
  const allowed = field === 'dryRun' ? 'true or false' : 'none, wave or all';
  throw new Problem(400, 'invalid-parameter', `${field} must be ${allowed}.`, { field });
}

function requirePlanner({ role }: Reader): void {
  if (role !== 'reader') return;
  throw new Problem(403, 'role-not-allowed', 'Only planners and admins change the rollout plan.', {
    hint: '`signpost keys create --read --role planner` makes a key for a planner.',
  });
}

function refusedPlan(flaws: readonly Flaw[]): unknown {
  const [first] = flaws;
  const more = flaws.length === 1 ? '' : `; ${flaws.length - 1} more`;
  return {
    error: {
      code: 'plan-invalid',
      message: `Nothing was changed: ${first === undefined ? '' : flawText(first)}${more}.`,
    },
    flaws: flaws.slice(0, mostFlaws),
    flawCount: flaws.length,
  };
}

function unknownWave(wave: string, plan: readonly { readonly wave: string }[]): Problem {
  const names = [...new Set(plan.map((line) => line.wave))];
  const meant = nearest(wave, names);
  const hint = meant === undefined ? {} : { hint: `Is ${meant} meant?` };
  return new Problem(404, 'wave-unknown', 'There is no such wave.', hint);
}
