// `/alerts/{id}/report`: the report of an alert as a page of its own, or as a file.
import { createHash } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Queries } from '../api/queries.ts';
import { readerOf } from '../http/question-routes.ts';
import { readQuestion } from '../http/question.ts';
import { reportOf, reportStyle } from './report.ts';
import { unknownAlert } from './routes.ts';
import { Problem } from '#core/http/problem.ts';

export interface ReportParts {
  readonly queries: Pick<Queries, 'alert'>;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** What trouble of the store is answered with; what is none comes back as it is. */
  readonly problemOf: (error: unknown) => unknown;
}

const question = z.strictObject({ download: z.literal('true').optional() });

/** It holds customers' words: nothing of it runs, is loaded or is shown within something else. */
const policy = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(reportStyle).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

/** Who asks is known by then, or the hook that finds out has thrown. */
export async function addReport(app: FastifyInstance, parts: ReportParts): Promise<void> {
  await app.register(async (scope) => {
    scope.setErrorHandler((error, request, reply) => {
      const isVisit = /\btext\/html\b/i.test(request.headers.accept ?? '');
      const { id } = request.params as { readonly id: string };
      // The page of the alert asks for a key.
      if (error instanceof Problem && error.status === 401 && isVisit)
        return reply.redirect(`/alerts/${encodeURIComponent(id)}`, 302);
      throw parts.problemOf(error);
    });
    scope.get('/alerts/:id/report', { schema: { hide: true } }, async (request, reply) => {
      const { download } = readQuestion(question, request.query);
      const { id } = request.params as { readonly id: string };
      const answer = await parts.queries.alert(readerOf(request), id);
      if (answer === null) throw unknownAlert();
      if (download !== undefined) {
        const day = answer.alert.startedAt.slice(0, 10);
        const name = `signpost-alert-${day}-${id.replaceAll(/[^\w-]/g, '')}.html`;
        void reply.header('content-disposition', `attachment; filename="${name}"`);
      }
      return reply
        .headers({ 'content-security-policy': policy, 'cache-control': 'private, no-store' })
        .type('text/html; charset=utf-8')
        .send(reportOf(answer, parts.clock()));
    });
  });
}
