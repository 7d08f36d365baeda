// What the query API answers of alerts. Intervals are 95 %.
import { z } from 'zod';
import { deliveryStates, incidentStates } from '#core/store/alert-tables.ts';
import { estimate, insight, notice, range } from '../api/answers.ts';

const count = z.number().int().min(0);
const moment = z.iso.datetime();
const levels = ['everywhere', 'country', 'region', 'city', 'area', 'postcode', 'site'] as const;

export const alert = z.object({
  id: z.string(),
  state: z.enum(incidentStates).describe('reopened: firing again after it was resolved.'),
  startedAt: moment,
  detectedAt: moment.describe('When the counts said so.'),
  resolvedAt: moment.nullable(),
  place: z.object({
    level: z.enum(levels),
    key: z.string().nullable().describe('Names the place in addresses; null for everywhere.'),
    name: z.string().describe('In words: `Newark, California`.'),
  }),
  themes: z.array(z.string()).describe('That rose, the one that rose most first.'),
  product: z.string().nullable(),
  customers: count.describe('Distinct customers since it began.'),
  expected: z.number().describe('Customers that were to be expected.'),
  excess: estimate.describe('Customers above that.'),
  affected: estimate.describe('Customers affected, estimated from how few of them say so.'),
  userMinutes: estimate.describe('Minutes that they were affected.'),
  pValue: z.number().describe('Smallest probability of so many by chance, of any window.'),
  departments: z.array(z.string()).describe('That should know, most concerned first.'),
  sources: z.array(z.string()),
  heldBy: z.array(z.string()).describe('Silent sources: no data is not recovery.'),
  reopened: count,
  isPast: z.boolean().describe('Found in history, long after it happened: told to nobody.'),
  acknowledgedAt: moment.nullable(),
  acknowledgedBy: z.string().nullable(),
  suppressedBy: z.string().nullable().describe('Id of the silence that keeps it from being told.'),
  updatedAt: moment,
});
export type AlertRow = z.output<typeof alert>;

/** How far counts are judged: nothing alarms before `readyAt`, since nothing is known of what is usual. */
export const detectorState = z.object({
  evaluatedUntil: moment.nullable().describe('By event time; null before the first bucket.'),
  firstAt: moment.nullable().describe('The first thing that was counted; null without any.'),
  readyAt: moment.nullable().describe('Until then what is usual is learnt, and nothing alarms.'),
  isReady: z.boolean(),
  seriesTested: count,
  silentSources: z.array(z.string()),
});
export type DetectorState = z.output<typeof detectorState>;

/** What the reader may do; the pages show no button for the rest. */
export const rights = z.object({ acknowledge: z.boolean(), silence: z.boolean() });
export type Rights = z.output<typeof rights>;

export const alertsAnswer = z.object({
  range,
  alerts: z.array(alert),
  next: z.string().nullable(),
  detector: detectorState,
  may: rights,
  notices: z.array(notice),
});
export type AlertsAnswer = z.output<typeof alertsAnswer>;

export const silence = z.object({
  id: z.string(),
  kind: z.enum(['silence', 'maintenance']),
  place: z.object({ key: z.string().nullable(), name: z.string() }).describe('everywhere: no key.'),
  themes: z.array(z.string()).nullable().describe('Null for all.'),
  product: z.string().nullable(),
  from: moment,
  until: moment,
  comment: z.string(),
  createdBy: z.string(),
  createdAt: moment,
  endedAt: moment.nullable().describe('Ended before its time.'),
  endedBy: z.string().nullable(),
  state: z.enum(['planned', 'in-force', 'over']),
});
export type SilenceAnswer = z.output<typeof silence>;
/** What answers the making of one. */
export const madeSilence = silence.extend({
  notices: z.array(notice).describe('A place at which nothing was ever said: perhaps misspelt.'),
});
export type MadeSilence = z.output<typeof madeSilence>;
export const silencesAnswer = z.object({ silences: z.array(silence) });
export type SilencesAnswer = z.output<typeof silencesAnswer>;

export const audiences = ['operations', 'customer-service', 'marketing'] as const;
export const draft = z.object({
  audience: z.enum(audiences),
  subject: z.string(),
  text: z.string().describe('Plain text, for people to send on.'),
});
export type Draft = z.output<typeof draft>;

export const planned = z.object({
  kind: z.enum(['wave', 'maintenance']),
  says: z.string(),
});

export const alertAnswer = z.object({
  alert: alert.extend({
    lat: z.number().nullable(),
    lon: z.number().nullable(),
    subscribers: z.number().nullable(),
  }),
  timeline: z
    .array(
      z.object({
        id: z.string(),
        state: z.enum(incidentStates),
        at: moment,
        by: z.string().nullable().describe('Null for the counts and for silences.'),
        reason: z.string(),
        comment: z.string().nullable().describe('What they said to it.'),
        summary: z.string(),
      }),
    )
    .describe('Transitions, the first first.'),
  counts: z
    .array(
      z.object({
        start: moment,
        customers: count,
        expected: z.number().nullable().describe('Null before it was noticed.'),
        low: z.number().nullable(),
        high: z.number().nullable(),
      }),
    )
    .describe(
      'Distinct customers of each 15 minutes against the 95 % band of what is usual. The hours before it was noticed are there for who sees every department.',
    ),
  words: z.array(z.string()).describe('That rose, each said by several customers.'),
  planned: z.array(planned).describe('Planned work that may have to do with it.'),
  examples: z.array(insight).describe('What was said, as far as you may see it; newest first.'),
  deliveries: z.array(
    z.object({
      transition: z.string(),
      state: z.enum(incidentStates).describe('That was told.'),
      target: z.string(),
      repeat: count.describe('0 for the first time.'),
      delivery: z.enum(deliveryStates),
      attempts: count,
      nextAt: moment.nullable().describe('Of what waits.'),
      deliveredAt: moment.nullable(),
      lastError: z.string().nullable(),
    }),
  ),
  silence: silence.nullable().describe('The one that keeps it from being told.'),
  drafts: z.array(draft),
  may: rights,
});
export type AlertAnswer = z.output<typeof alertAnswer>;

export const acknowledgeAnswer = z.object({
  id: z.string(),
  state: z.enum(incidentStates),
  acknowledgedBy: z.string().nullable(),
  changed: z.boolean().describe('False where somebody had done so before.'),
});
