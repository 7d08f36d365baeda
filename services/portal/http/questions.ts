// Every address under /v1 that is asked of the store.
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { Problem } from '#core/http/problem.ts';
import * as answers from '../api/answers.ts';
import type { Queries } from '../api/queries.ts';
import * as questions from '../api/questions.ts';
import { csvOf } from './csv.ts';
import { examples } from './examples.ts';
import { addQuestion, allForms, csvAndParquet, type RouteParts } from './question-routes.ts';
import { aggregatesTable, insightsTable, rankTable, wavesTable } from './tables.ts';

const nothing = z.strictObject({});

export function addQuestions(app: FastifyInstance, queries: Queries, parts: RouteParts): void {
  addQuestion(app, parts, {
    url: '/v1/aggregates',
    operationId: 'get-aggregates',
    summary: 'Counts, times to resolve, sentiment, scores and rates, grouped as asked.',
    question: questions.aggregatesQuestion,
    answer: answers.aggregatesAnswer,
    example: examples.aggregates,
    ask: (reader, question) => queries.aggregates(reader, question),
    files: ['aggregates', allForms(aggregatesTable)],
  });
  addQuestion(app, parts, {
    url: '/v1/areas/rank',
    operationId: 'rank-areas',
    summary:
      'Places by evidence that something should be built there, every term of the score shown.',
    question: questions.rankQuestion,
    answer: answers.rankAnswer,
    example: examples.rank,
    ask: (reader, question) => queries.rank(reader, question),
    files: ['rank', allForms(rankTable)],
  });
  addQuestion(app, parts, {
    url: '/v1/areas/:id',
    operationId: 'get-area',
    summary: 'One place: figures, trend, themes, what was said, what waves would do.',
    params: z.object({
      id: z
        .string()
        .describe('`key` of the place, percent-encoded.')
        .meta({ examples: ['area:93722'] }),
    }),
    question: questions.placeQuestion,
    answer: answers.placeAnswer,
    example: examples.place,
    ask: async (reader, question, id) => found(await queries.place(reader, id, question), 'id'),
  });
  addQuestion(app, parts, {
    url: '/v1/waves',
    operationId: 'get-waves',
    summary: 'Planned and finished rollout waves: what each would answer, and what it did.',
    question: questions.wavesQuestion,
    answer: answers.wavesAnswer,
    example: examples.waves,
    ask: (reader, question) => queries.waves(reader, question),
    files: ['waves', { csv: (answer) => csvOf(wavesTable(answer)) }],
  });
  addQuestion(app, parts, {
    url: '/v1/insights',
    operationId: 'search-insights',
    summary: 'What was said, the newest first, by words, department, theme, place and time.',
    question: questions.insightsQuestion,
    answer: answers.insightsAnswer,
    example: examples.insights,
    ask: (reader, question) => queries.insights(reader, question),
    files: ['insights', csvAndParquet(insightsTable)],
  });
  addQuestion(app, parts, {
    url: '/v1/area-status',
    operationId: 'get-area-status',
    summary: 'What a customer at a place may be told: coverage, open problems, planned work.',
    question: questions.areaStatusQuestion,
    answer: answers.areaStatusAnswer,
    example: examples.areaStatus,
    ask: async (reader, question) =>
      (await queries.areaStatus(reader, question)) ??
      noSuchStatus(question, await queries.nearestArea(reader, question)),
  });
  addQuestion(app, parts, {
    url: '/v1/facets',
    operationId: 'get-facets',
    summary: 'What there is to ask for: range, departments, themes, technologies, levels, waves.',
    question: nothing,
    answer: answers.facetsAnswer,
    example: examples.facets,
    ask: (reader) => queries.facets(reader),
  });
  addQuestion(app, parts, {
    url: '/v1/overview',
    operationId: 'get-overview',
    summary: 'What flows today, and whether it does.',
    question: nothing,
    answer: answers.overviewAnswer,
    example: examples.overview,
    ask: (reader) => queries.overview(reader),
  });
}

function found<A>(answer: A | null, field: string): A {
  if (answer !== null) return answer;
  throw new Problem(404, 'place-unknown', 'There is no such place.', {
    field,
    hint: 'Places are named by `key` in the answers of /v1/areas/rank and /v1/aggregates.',
  });
}

/** Not by `key`, as elsewhere: customer service knows what customers say. */
function noSuchStatus(
  { area, postcode }: z.output<typeof questions.areaStatusQuestion>,
  nearest: string | null,
): never {
  const perhaps = nearest === null ? '' : `; perhaps ${nearest} is meant`;
  throw new Problem(404, 'place-unknown', `There is no such place${perhaps}.`, {
    field: area !== undefined ? 'area' : postcode !== undefined ? 'postcode' : 'lat',
    hint: 'Places are named by area (its name alone, like Dale Foot) or postcode, with a country if need be, or by lat and lon.',
  });
}
