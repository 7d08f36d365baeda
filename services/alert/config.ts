// Settings of alert; see docs/configuration.md.
import { z } from 'zod';

const share = 'must be a share above 0 and at most 1';
const minuteMs = 60_000;
const dayMs = 86_400_000;

export const alertConfig = z.strictObject({
  /** Who is told: docs/alert-targets.md. */
  targetsFile: z.string().min(1).optional(),
  /** False alarms that are allowed in a week, over everything that is watched. */
  falseAlarmsPerWeek: z.number().positive().max(1000).default(1),
  /** Distinct customers below which nothing alarms. */
  minCustomers: z.number().int().min(2).max(1000).default(4),
  /** Themes that are counted together too, by the name of what they have in common; a theme is in one of them at most. */
  themeFamilies: z
    .record(z.string().min(1), z.array(z.string().min(1)).min(2))
    .refine((families) => isEachOnce(Object.values(families).flat()), {
      message: 'a theme must be in one family at most',
    })
    .default({
      bills: ['billing-error', 'price', 'offer-or-contract', 'data-cap'],
      service: [
        'outage',
        'unstable-service',
        'slow-speed',
        'coverage',
        'call-or-message',
        'tv-service',
        'general-fault',
      ],
    }),
  /** Nothing alarms in the first days of what is seen. */
  warmUpDays: z.number().min(0).max(60).default(14),
  /** How long after the end of its quarter of an hour something said may be received and still counts. */
  latenessMs: z
    .number()
    .int()
    .min(0)
    .max(dayMs)
    .default(5 * minuteMs),
  /** The same of sources that are slower, by their names: what they say counts so much later, and nothing waits for it. */
  latenessMsBySource: z.record(z.string().min(1), z.number().int().min(0).max(dayMs)).default({}),
  /** Nothing later is judged, milliseconds since the epoch: a demonstration's customers speak hundreds of times as fast as in its past. */
  judgeUntil: z.number().int().optional(),
  /** Days that what is counted is kept: backtests replay it. */
  keepDays: z.number().min(30).max(36_500).default(400),
  /** How long an incident may go on, unacknowledged, until it is told again. */
  repeatHours: z.number().min(0.25).max(168).default(4),
  /** How many of the customers affected say so; the ends make the interval of how many are affected. */
  reportingShare: z
    .strictObject({
      low: z.number().positive(share).max(1, share).default(0.01),
      high: z.number().positive(share).max(1, share).default(0.02),
    })
    .refine(({ low, high }) => low <= high, { message: 'low must not be above high' })
    .prefault({}),
});

function isEachOnce(names: readonly string[]): boolean {
  return new Set(names).size === names.length;
}

export type AlertConfig = z.output<typeof alertConfig>;
