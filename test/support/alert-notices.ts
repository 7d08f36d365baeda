// Alerts as targets are told of them, for tests.
import type { Alert } from '#schemas/alert.ts';
import type { FormatContext, Notice } from '../../services/alert/deliver/notice.ts';

export const exampleAlert: Alert = {
  id: 't-1',
  incidentId: 'i-1',
  state: 'firing',
  at: Date.UTC(2026, 10, 29, 9, 20),
  startedAt: Date.UTC(2026, 10, 29, 8, 45),
  detectedAt: Date.UTC(2026, 10, 29, 9, 20),
  resolvedAt: null,
  placeLevel: 'area',
  place: 'Miami North',
  themes: ['outage', 'speed'],
  product: 'home internet',
  customers: 57,
  expectedCustomers: 4.25,
  estimatedAffected: 1900,
  estimatedAffectedLow: 1200,
  estimatedAffectedHigh: 2750,
  departments: ['operations', 'customer-service'],
  insightIds: ['b2f1c0c3e5d94f7a8a1b'],
  summary: '57 customers in Miami North report outages; about 4 are usual.',
  placePath: { country: 'US', region: 'Florida', city: 'Miami', area: 'Miami North' },
  reason: 'began',
  userMinutes: 66_500,
  userMinutesLow: 42_000,
  userMinutesHigh: 96_250,
  sources: ['desk'],
  heldBy: [],
  mergedInto: null,
  words: ['storm', 'biscayne'],
  planned: [],
  acknowledgedBy: null,
  pValue: 3e-9,
  budgetPerWeek: 1,
};

export const resolvedAlert: Alert = {
  ...exampleAlert,
  id: 't-2',
  state: 'resolved',
  at: Date.UTC(2026, 10, 29, 12, 35),
  resolvedAt: Date.UTC(2026, 10, 29, 12, 30),
  customers: 80,
  summary: 'Over since 12:30: 80 customers said so.',
};

export const exampleContext: FormatContext = {
  now: Date.UTC(2026, 10, 29, 12, 36),
  receiver: 'noc',
  portalUrl: 'https://signpost.example/pages/',
  severity: { critical: 10_000, major: 1000, minor: 100 },
};

export function noticeOf(alert: Partial<Alert> = {}, more: Partial<Notice> = {}): Notice {
  const told = { ...exampleAlert, ...alert };
  return {
    id: told.id,
    alert: told,
    opening: exampleAlert,
    by: null,
    repeat: 0,
    isTest: false,
    ...more,
  };
}
