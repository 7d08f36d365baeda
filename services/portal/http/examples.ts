// One answer of each address, as the OpenAPI document shows it.
import type {
  AggregatesAnswer,
  AreaStatusAnswer,
  Estimate,
  FacetsAnswer,
  Figures,
  InsightAnswer,
  InsightsAnswer,
  MeAnswer,
  OverviewAnswer,
  Place,
  PlaceAnswer,
  RankAnswer,
  RankedPlace,
  WaveAnswer,
  WavesAnswer,
} from '../api/answers.ts';

const range = { from: '2026-08-31T00:00:00.000Z', to: '2026-11-29T00:00:00.000Z' };
const rate: Estimate = { value: 3.1, low: 2.35, high: 4.02 };

const fresno: Place = {
  key: 'area:93722',
  level: 'area',
  name: '93722',
  within: ['US', 'California', 'Fresno'],
  lat: 36.79,
  lon: -119.88,
  subscribers: 18_400,
};

const figures: Figures = {
  suppressed: false,
  opened: 57,
  reopened: 4,
  resolved: 41,
  stillOpen: 16,
  customers: 52,
  medianHoursToResolve: 30.5,
  p90HoursToResolve: 96,
  meanSentiment: -0.42,
  meanSentimentInterval: { low: -0.55, high: -0.27 },
  severities: { major: 12, minor: 45 },
  posts: 9,
  surveyAnswers: 31,
  meanCsat: 2.4,
  meanCsatInterval: { low: 1.9, high: 3 },
  meanCes: null,
  meanCesInterval: null,
  nps: -18,
  npsInterval: { low: -51, high: 18 },
  rate,
};

const ranked: RankedPlace = {
  rank: 1,
  place: fresno,
  suppressed: false,
  tickets: 57,
  rate,
  weeks: { whole: 12, median: 4, burstShare: 0.21, spikes: 1 },
  busyHourShare: { value: 0.4, low: 0.28, high: 0.54 },
  churnRisk: 0.31,
  churnRiskInterval: { low: 0.24, high: 0.39 },
  score: 0.78,
  terms: [
    { name: 'rate', value: 3.1, share: 0.9, weight: 0.25, points: 0.225 },
    { name: 'lowerEnd', value: 2.35, share: 0.94, weight: 0.3, points: 0.282 },
    { name: 'persistence', value: 4, share: 0.8, weight: 0.2, points: 0.16 },
    { name: 'churnRisk', value: 0.31, share: 0.4, weight: 0.1, points: 0.04 },
    { name: 'reach', value: 18_400, share: 0.47, weight: 0.15, points: 0.07 },
  ],
};

const insight: InsightAnswer = {
  id: 'bQ3yV0m8nK1c7Xr2LwZp9A',
  thing: '5d41402a-bc4b-2a76-b971-9d911017c592',
  kind: 'ticket',
  source: 'helpdesk',
  at: '2026-11-27T18:42:00.000Z',
  isExact: true,
  receivedAt: '2026-11-27T18:42:07.000Z',
  text: 'No signal at home since Monday, third time this month.',
  language: 'en',
  theme: 'coverage',
  sentiment: -1,
  urgency: 'normal',
  churnRisk: 0.4,
  technology: '5G',
  place: {
    country: 'US',
    region: 'California',
    city: 'Fresno',
    area: '93722',
    postcode: '93722',
    site: null,
    h3: '8929a1d7567ffff',
  },
  isOpen: true,
  score: null,
  departments: [
    {
      department: 'planning',
      relevance: 0.93,
      received: true,
      evidence: [{ text: 'No signal', start: 0, end: 9, weight: 1.8 }],
    },
  ],
  model: 'rules-3',
};

const wave: WaveAnswer = {
  wave: '2',
  technologies: ['5G'],
  areas: ['93722'],
  plannedOn: '2027-03-01',
  finishedOn: null,
  answers: {
    tickets: 57,
    of: 139,
    share: { value: 0.41, low: 0.327, high: 0.497 },
    subscribers: 18_400,
    subscribersShare: 0.12,
    suppressed: false,
  },
  effect: null,
};

const aggregates: AggregatesAnswer = {
  range,
  rows: [
    {
      ...figures,
      start: null,
      place: fresno,
      theme: 'coverage',
      technology: null,
      department: null,
      kind: null,
    },
  ],
  next: null,
  unplaced: 3,
  notices: [
    {
      field: 'theme',
      value: 'coverge',
      nearest: 'coverage',
      message: 'No signal has the theme coverge; perhaps coverage is meant.',
    },
  ],
};
const rank: RankAnswer = {
  range,
  level: 'area',
  places: [ranked],
  next: null,
  unplaced: 3,
  notices: [],
};
const waves: WavesAnswer = { range, waves: [wave], notices: [] };
const insights: InsightsAnswer = {
  range,
  insights: [insight],
  next: 'WyIyMDI2LTExLTI3Il0',
  notices: [],
};
const place: PlaceAnswer = {
  range,
  place: fresno,
  figures,
  ranked,
  trend: [{ start: '2026-11-16', tickets: 5, rate: { value: 0.27, low: 0.09, high: 0.63 } }],
  themes: [{ theme: 'coverage', tickets: 57, share: 0.7 }],
  verbatims: [insight],
  waves: [wave],
  notices: [],
};
const areaStatus: AreaStatusAnswer = {
  place: { area: '93722', city: 'Fresno', region: 'California', country: 'US' },
  coverage: [
    { technology: '5G', by: 'gazetteer', quality: 'served', answers: null },
    { technology: '4G', by: 'call-quality-surveys', quality: 'mixed', answers: 31 },
  ],
  problems: [{ subject: 'coverage', since: '2026-11-24T06:00:00.000Z', reports: 'several' }],
  planned: [{ technology: '5G', from: '2027-03-01' }],
};
const me: MeAnswer = {
  role: 'planner',
  departments: null,
  suppressBelow: 0,
  mayJudge: true,
  needsKey: true,
};
const facets: FacetsAnswer = {
  range,
  departments: ['marketing', 'operations', 'planning'],
  themes: ['coverage', 'outage'],
  technologies: ['4G', '5G'],
  levels: [
    {
      level: 'area',
      places: 1741,
      truncated: false,
      withSubscribers: true,
      placesWithSubscribers: 1741,
    },
    {
      level: 'h3-6',
      places: 1000,
      truncated: true,
      withSubscribers: true,
      placesWithSubscribers: 312,
    },
  ],
  waves: ['1', '2'],
};
const overview: OverviewAnswer = {
  today: '2026-11-29',
  lastReceivedAt: '2026-11-29T07:59:31.000Z',
  counts: {
    today: { tickets: 412, posts: 96, surveyAnswers: 130 },
    week: { tickets: 2790, posts: 640, surveyAnswers: 905 },
  },
  sources: [{ source: 'desk', today: 412, week: 2790 }],
  flows: [{ source: 'desk', department: 'planning', today: 61, week: 420 }],
  departments: [
    {
      department: 'planning',
      today: 61,
      week: 420,
      change: { value: 1.05, low: 0.93, high: 1.19 },
    },
  ],
  themes: [{ theme: 'coverage', tickets: 310, change: { value: 1.2, low: 1.05, high: 1.37 } }],
  notable: [insight],
  health: [
    { part: 'aggregate', state: 'well', says: 'Everything that came in is counted.', lag: 0 },
  ],
};

/** What may be asked, by the parameter's name. */
export const parameterExamples: Readonly<Record<string, string>> = {
  from: '2026-09-01',
  to: '2026-11-29T00:00:00Z',
  kind: 'ticket',
  theme: 'coverage,outage',
  department: 'planning',
  technology: '5G',
  country: 'US',
  region: 'California',
  city: 'Fresno',
  area: '93722',
  postcode: '93722',
  h3: '8660145b7ffffff',
  groupBy: 'area,theme',
  order: '-rate',
  q: '"no signal" -wifi',
  lat: '36.79',
  lon: '-119.88',
};

export const examples = {
  aggregates,
  rank,
  place,
  waves,
  insights,
  areaStatus,
  me,
  facets,
  overview,
};
