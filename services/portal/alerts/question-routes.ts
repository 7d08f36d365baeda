// The addresses at which alerts and silences are asked for.
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Queries } from '../api/queries.ts';
import { alertExamples } from '../http/alert-examples.ts';
import { addQuestion, csvAndParquet, type RouteParts } from '../http/question-routes.ts';
import { alertsTable } from './alerts-table.ts';
import { alertAnswer, alertsAnswer, silencesAnswer } from './answers.ts';
import { alertsQuestion, silencesQuestion } from './questions.ts';
import { unknownAlert } from './routes.ts';

export function addAlertQuestions(app: FastifyInstance, queries: Queries, parts: RouteParts): void {
  addQuestion(app, parts, {
    url: '/v1/alerts',
    operationId: 'get-alerts',
    summary: 'What rises above what is usual, or did: where, since when, how many it concerns.',
    description:
      'Alerts that went on at some time of the range and that one of the reader’s departments should know of. To follow them, ask every few seconds with If-None-Match.',
    question: alertsQuestion,
    answer: alertsAnswer,
    example: alertExamples.alerts,
    ask: (reader, question) => queries.alerts(reader, question),
    files: ['alerts', csvAndParquet(alertsTable)],
  });
  addQuestion(app, parts, {
    url: '/v1/alerts/:id',
    operationId: 'get-alert',
    summary: 'One alert: timeline, counts against what is usual, what was said, what went out.',
    params: z.object({ id: z.string().meta({ examples: [alertExamples.alert.alert.id] }) }),
    question: z.strictObject({}),
    answer: alertAnswer,
    example: alertExamples.alert,
    ask: async (reader, _question, id) => {
      const found = await queries.alert(reader, id);
      if (found === null) throw unknownAlert();
      return found;
    },
  });
  addQuestion(app, parts, {
    url: '/v1/silences',
    operationId: 'get-silences',
    summary: 'Silences and maintenance windows: those in force and those to come.',
    question: silencesQuestion,
    answer: silencesAnswer,
    example: alertExamples.silences,
    ask: (reader, question) => queries.silences(reader, question),
  });
}
