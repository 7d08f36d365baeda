// What the query API answers. Rates are of tickets per 1,000 subscribers over the range asked for; intervals are 95 %.
import { z } from 'zod';
import { kinds, placeLevels } from './questions.ts';

const count = z.number().int().min(0);
const moment = z.iso.datetime();
const day = z.iso.date();

/** A figure and the ends of its 95 % interval. */
export const estimate = z.object({ value: z.number(), low: z.number(), high: z.number() });
export type Estimate = z.output<typeof estimate>;

/** The ends of a 95 % interval of a mean. */
const ends = z.object({ low: z.number(), high: z.number() });

export const range = z.object({ from: moment, to: moment });

/** A value of a filter that is no name of anything the reader may see, and finds nothing; or what holds for all figures. */
export const notice = z.object({
  field: z.string().nullable().describe('The parameter; null for a notice of the whole answer.'),
  value: z.string().nullable(),
  nearest: z.string().nullable().describe('A name that there is, and may be meant.'),
  message: z.string(),
});
export type Notice = z.output<typeof notice>;
const notices = z
  .array(notice)
  .describe(
    'That records still wait to be counted; values of filters that nothing has which you may see, perhaps misspelt.',
  );

/** `key` is the level and the path, `region:US/California`, and names the place in addresses. */
export const place = z.object({
  key: z.string(),
  level: z.enum(placeLevels),
  name: z.string(),
  within: z.array(z.string()).describe('What it lies in, from the country down.'),
  lat: z.number().nullable(),
  lon: z.number().nullable(),
  subscribers: z.number().nullable().describe('By the gazetteer; null where it does not know.'),
});
export type Place = z.output<typeof place>;

/** Where a count is smaller than the reader may see, it and all that follows from it is null and `suppressed` true. */
export const figures = z.object({
  suppressed: z.boolean(),
  opened: count.nullable().describe('Tickets opened in the bucket.'),
  reopened: count.nullable().describe('Tickets whose last reopening is in the bucket.'),
  resolved: count.nullable().describe('Tickets whose standing resolution is in the bucket.'),
  stillOpen: count.nullable().describe('Tickets opened in the bucket and still open.'),
  customers: count
    .nullable()
    .describe(
      'Distinct customers of everything counted, unknown ones left out; null where none is known.',
    ),
  medianHoursToResolve: z.number().nullable(),
  p90HoursToResolve: z.number().nullable(),
  meanSentiment: z.number().nullable().describe('From -1 to 1, of tickets, posts and answers.'),
  meanSentimentInterval: ends.nullable(),
  severities: z.record(z.string(), count),
  posts: count.nullable(),
  surveyAnswers: count.nullable(),
  meanCsat: z.number().nullable().describe('From 1 to 5.'),
  meanCsatInterval: ends.nullable(),
  meanCes: z.number().nullable().describe('From 1 to 7.'),
  meanCesInterval: ends.nullable(),
  nps: z.number().nullable().describe('Promoters less detractors in per cent, from -100 to 100.'),
  npsInterval: ends.nullable(),
  rate: estimate
    .nullable()
    .describe(
      'Tickets opened per 1,000 subscribers, exact Poisson interval; null without subscribers.',
    ),
});
export type Figures = z.output<typeof figures>;

export const aggregateRow = figures.extend({
  start: moment.nullable().describe('Start of the bucket, UTC; null without buckets.'),
  place: place.nullable(),
  theme: z.string().nullable(),
  technology: z.string().nullable(),
  department: z.string().nullable(),
  kind: z.enum(kinds).nullable(),
});

export const aggregatesAnswer = z.object({
  range,
  rows: z.array(aggregateRow),
  next: z.string().nullable(),
  unplaced: count
    .nullable()
    .describe(
      'Signals in the range that name no place of the level asked for; they are a row too.',
    ),
  notices,
});
export type AggregatesAnswer = z.output<typeof aggregatesAnswer>;

/**
 * One part of a score: `points` = weight × share, share from 0 to 1 of what the ranking sees. `count` is there alone where no
 * place of the ranking has subscribers, in place of all that rests on them.
 */
export const term = z.object({
  name: z.enum(['count', 'rate', 'lowerEnd', 'persistence', 'churnRisk', 'reach']),
  value: z.number().nullable(),
  share: z.number(),
  weight: z.number(),
  points: z.number(),
});

export const rankedPlace = z.object({
  rank: z.number().int().min(1),
  place,
  suppressed: z.boolean(),
  tickets: count.nullable(),
  rate: estimate.nullable(),
  weeks: z
    .object({
      whole: count.describe('Whole weeks (from Monday, UTC) in the range.'),
      median: z.number().describe('Tickets in the middle week: the persistent demand.'),
      burstShare: z.number().describe('Share of the tickets above the median week.'),
      spikes: count.describe(
        'Weeks that stand out: beyond the 99 % Poisson quantile of the median.',
      ),
    })
    .nullable(),
  busyHourShare: estimate
    .nullable()
    .describe('Share of tickets from 18 to 23 h where the place is; 0.21 were even.'),
  churnRisk: z.number().nullable().describe('Mean churn risk of the tickets.'),
  churnRiskInterval: ends.nullable(),
  score: z.number().nullable(),
  terms: z.array(term),
});
export type RankedPlace = z.output<typeof rankedPlace>;

export const rankAnswer = z.object({
  range,
  level: z.enum(placeLevels),
  places: z.array(rankedPlace),
  next: z.string().nullable(),
  unplaced: count.nullable().describe('Tickets that name no place of the level.'),
  notices,
});
export type RankAnswer = z.output<typeof rankAnswer>;

export const evidence = z.object({
  text: z.string(),
  start: count.nullable(),
  end: count.nullable(),
  weight: z.number(),
});

export const insight = z.object({
  id: z.string(),
  thing: z.string().describe('The same for all insights of one ticket, post or answer.'),
  kind: z.enum(kinds),
  source: z.string(),
  at: moment,
  isExact: z.boolean(),
  receivedAt: moment,
  text: z.string().nullable().describe('Null once the words are forgotten.'),
  language: z.string().nullable(),
  theme: z.string(),
  sentiment: z.number().int(),
  urgency: z.enum(['low', 'normal', 'high']),
  churnRisk: z.number(),
  technology: z.string(),
  place: z.object({
    country: z.string().nullable(),
    region: z.string().nullable(),
    city: z.string().nullable(),
    area: z.string().nullable(),
    postcode: z.string().nullable(),
    site: z.string().nullable(),
    h3: z.string().nullable(),
  }),
  isOpen: z.boolean().nullable().describe('Of tickets; null otherwise.'),
  score: z.object({ scale: z.enum(['nps', 'csat', 'ces']), value: z.number() }).nullable(),
  departments: z.array(
    z.object({
      department: z.string(),
      relevance: z.number().nullable().describe('Null once the words are forgotten.'),
      received: z.boolean(),
      evidence: z.array(evidence),
    }),
  ),
  model: z.string(),
});
export type InsightAnswer = z.output<typeof insight>;

export const insightsAnswer = z.object({
  range,
  insights: z.array(insight),
  next: z.string().nullable(),
  notices,
});
export type InsightsAnswer = z.output<typeof insightsAnswer>;

export const waveAnswer = z.object({
  wave: z.string(),
  technologies: z.array(z.string()),
  areas: z.array(z.string()),
  plannedOn: day.describe('The earliest of its areas.'),
  finishedOn: day.nullable().describe('The latest of its areas, once all are finished.'),
  answers: z.object({
    tickets: count.nullable().describe('Tickets of the question in its areas.'),
    of: count.nullable().describe('Tickets of the question anywhere.'),
    share: estimate.nullable().describe('Clopper-Pearson interval.'),
    subscribers: z
      .number()
      .nullable()
      .describe('In its areas, of the places that the question asks for.'),
    subscribersShare: z.number().nullable().describe('Of those in all such places.'),
    suppressed: z.boolean(),
  }),
  effect: z
    .object({
      days: z.number().int().describe('Days before and days after, the same number.'),
      before: count.nullable(),
      after: count.nullable(),
      ratio: estimate
        .nullable()
        .describe('After over before, exact conditional interval; below 1 is fewer.'),
      elsewhere: estimate.nullable().describe('The same ratio in all other areas.'),
      verdict: z.enum(['fewer', 'more', 'no-clear-change', 'too-early', 'suppressed']),
    })
    .nullable()
    .describe('Null for a wave that is not finished.'),
});
export const wavesAnswer = z.object({ range, waves: z.array(waveAnswer), notices });
export type WavesAnswer = z.output<typeof wavesAnswer>;
export type WaveAnswer = z.output<typeof waveAnswer>;

export const placeAnswer = z.object({
  range,
  place,
  figures,
  ranked: rankedPlace.nullable(),
  trend: z
    .array(z.object({ start: day, tickets: count.nullable(), rate: estimate.nullable() }))
    .describe('By week.'),
  themes: z.array(
    z.object({ theme: z.string(), tickets: count.nullable(), share: z.number().nullable() }),
  ),
  verbatims: z.array(insight).describe('Up to eight, the newest first.'),
  waves: z.array(waveAnswer),
  notices,
});
export type PlaceAnswer = z.output<typeof placeAnswer>;

export const areaStatusAnswer = z.object({
  place: z.object({
    area: z.string().nullable(),
    city: z.string().nullable(),
    region: z.string().nullable(),
    country: z.string().nullable(),
  }),
  coverage: z.array(
    z.object({
      technology: z.string(),
      by: z.enum(['gazetteer', 'call-quality-surveys']),
      quality: z.enum(['served', 'good', 'mixed', 'poor']),
      answers: count.nullable().describe('Survey answers it rests on; null for the gazetteer.'),
    }),
  ),
  problems: z.array(
    z.object({ subject: z.string(), since: moment, reports: z.enum(['several', 'many']) }),
  ),
  planned: z.array(z.object({ technology: z.string(), from: day })),
});
export type AreaStatusAnswer = z.output<typeof areaStatusAnswer>;

/** Who asks, and what there is to ask for. */
export const meAnswer = z.object({
  role: z.enum(['reader', 'planner', 'admin']),
  departments: z.array(z.string()).nullable().describe('Null for all.'),
  suppressBelow: count,
  mayJudge: z.boolean(),
  needsKey: z.boolean().describe('False where the server is open on the loopback address.'),
});
export const facetsAnswer = z.object({
  range: range.nullable().describe('From the first to the last signal; null without any.'),
  departments: z.array(z.string()),
  themes: z.array(z.string()),
  technologies: z.array(z.string()),
  levels: z.array(
    z.object({
      level: z.enum(placeLevels),
      places: count.describe('Of cells at most 1,000.'),
      truncated: z.boolean().describe('Whether there are more places than are counted.'),
      withSubscribers: z.boolean().describe('Whether the gazetteer has subscribers of any place.'),
      placesWithSubscribers: count.describe('Of `places`, those that can have a rate.'),
    }),
  ),
  waves: z.array(z.string()),
});
export type MeAnswer = z.output<typeof meAnswer>;
export type FacetsAnswer = z.output<typeof facetsAnswer>;

const told = z.object({ tickets: count, posts: count, surveyAnswers: count });
const flowed = z.object({ today: count, week: count });

/** The first page: what flows, and whether it does. Counts of the reader's own rows, by when things were said. */
export const overviewAnswer = z.object({
  today: day
    .nullable()
    .describe(
      'The day (UTC) of the newest signal, which is what `today` counts; null without any.',
    ),
  lastReceivedAt: moment
    .nullable()
    .describe('When the newest words came in; null when none are remembered.'),
  counts: z.object({
    today: told,
    week: told.describe('Of the 7 days that end with today, or now.'),
  }),
  sources: z.array(flowed.extend({ source: z.string() })),
  flows: z
    .array(flowed.extend({ source: z.string(), department: z.string().nullable() }))
    .describe('A signal flows to each department that received it; null where it is none.'),
  departments: z.array(
    flowed.extend({
      department: z.string(),
      change: estimate
        .nullable()
        .describe('The 7 days against 28 before, as a ratio; null without enough days before.'),
    }),
  ),
  themes: z
    .array(
      z.object({
        theme: z.string(),
        tickets: count.nullable().describe('Of the 7 days; null when withheld.'),
        change: estimate.nullable(),
      }),
    )
    .describe(
      'By the lower end of the change. Its interval allows for tickets that come in clusters.',
    ),
  notable: z
    .array(insight)
    .describe('Of the 7 days: urgent, or with a high churn risk; the newest first.'),
  health: z.array(
    z.object({
      part: z.string(),
      state: z.enum(['well', 'behind', 'away']),
      says: z.string(),
      lag: count.nullable(),
    }),
  ),
});
export type OverviewAnswer = z.output<typeof overviewAnswer>;
