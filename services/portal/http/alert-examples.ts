// Answers about alerts, as the OpenAPI document shows them.
import type {
  AlertAnswer,
  AlertRow,
  AlertsAnswer,
  SilenceAnswer,
  SilencesAnswer,
} from '../alerts/answers.ts';
import { draftsOf } from '../alerts/drafts.ts';
import { examples } from './examples.ts';

const range = { from: '2026-08-31T00:00:00.000Z', to: '2026-11-30T00:00:00.000Z' };

const alert: AlertRow = {
  id: 'qN7c0Zy3XkR5',
  state: 'firing',
  startedAt: '2026-11-29T06:15:00.000Z',
  detectedAt: '2026-11-29T06:35:00.000Z',
  resolvedAt: null,
  place: { level: 'city', key: 'city:US/California/Fresno', name: 'Fresno, California' },
  themes: ['outage', 'unstable-service'],
  product: null,
  customers: 57,
  expected: 4.2,
  excess: { value: 52.8, low: 38.9, high: 69.6 },
  affected: { value: 3734, low: 1945, high: 6960 },
  userMinutes: { value: 392_000, low: 204_000, high: 731_000 },
  pValue: 3.1e-13,
  departments: ['operations', 'customer-service'],
  sources: ['helpdesk'],
  heldBy: [],
  reopened: 0,
  isPast: false,
  acknowledgedAt: null,
  acknowledgedBy: null,
  suppressedBy: null,
  updatedAt: '2026-11-29T08:00:04.000Z',
};
const may = { acknowledge: true, silence: true };

const alerts: AlertsAnswer = {
  range,
  alerts: [alert],
  next: null,
  detector: {
    evaluatedUntil: '2026-11-29T08:00:00.000Z',
    firstAt: '2026-08-31T00:04:12.000Z',
    readyAt: '2026-09-14T00:04:12.000Z',
    isReady: true,
    seriesTested: 41_207,
    silentSources: [],
  },
  may,
  notices: [],
};

const silence: SilenceAnswer = {
  id: 'k1mZ3vT0aW9sQe4x',
  kind: 'silence',
  place: { key: 'city:US/California/Fresno', name: 'Fresno' },
  themes: ['outage'],
  product: null,
  from: '2026-11-29T08:00:00.000Z',
  until: '2026-11-29T10:00:00.000Z',
  comment: 'Known: fibre cut, crew on its way',
  createdBy: 'noc',
  createdAt: '2026-11-29T08:00:00.000Z',
  endedAt: null,
  endedBy: null,
  state: 'in-force',
};
const silences: SilencesAnswer = { silences: [silence] };

const told = {
  alert: { ...alert, lat: 36.79, lon: -119.88, subscribers: 148_400 },
  words: ['no internet', 'red light', 'modem'],
  planned: [],
};
const fresno = {
  country: 'US',
  region: 'California',
  city: 'Fresno',
  area: null,
  postcode: null,
  site: null,
};
const one: AlertAnswer = {
  ...told,
  timeline: [
    {
      id: 'T4h2nQx81LpA',
      state: 'firing',
      at: '2026-11-29T06:35:00.000Z',
      by: null,
      reason: 'began',
      comment: null,
      summary:
        '9 customers in Fresno, California report outages since 06:15 UTC; about 1 is usual.',
    },
  ],
  counts: [
    { start: '2026-11-29T06:15:00.000Z', customers: 9, expected: 0.6, low: 0, high: 3 },
    { start: '2026-11-29T06:30:00.000Z', customers: 14, expected: 0.6, low: 0, high: 3 },
  ],
  examples: [examples.insights.insights[0]!],
  deliveries: [
    {
      transition: 'T4h2nQx81LpA',
      state: 'firing',
      target: 'noc-slack',
      repeat: 0,
      delivery: 'delivered',
      attempts: 1,
      nextAt: null,
      deliveredAt: '2026-11-29T06:35:03.000Z',
      lastError: null,
    },
  ],
  silence: null,
  drafts: draftsOf(told, fresno),
  may,
};

export const alertExamples = {
  alerts,
  alert: one,
  silences,
  silence,
  acknowledged: {
    id: alert.id,
    state: 'acknowledged' as const,
    acknowledgedBy: 'noc',
    changed: true,
  },
};
