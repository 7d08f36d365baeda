// The rollout plan over HTTP: what is asked and answered.
import { z } from 'zod';
import { replacements } from './change.ts';
import { flawReasons, planColumns } from './plan.ts';

const count = z.number().int().min(0);
const day = z.iso.date();

export const importQuestion = z.strictObject({
  replace: z
    .enum(replacements)
    .default('none')
    .describe(
      'none: lines are added, or take the place of those of the same wave, area and technology; wave: the waves that the file names are as the file has them; all: so is the whole plan.',
    ),
  dryRun: z
    .enum(['true', 'false'])
    .default('false')
    .transform((text) => text === 'true')
    .describe('Tells what would change, and changes nothing.'),
});

export const plannedArea = z.object({
  wave: z.string(),
  area: z.string(),
  technology: z.string(),
  plannedOn: day,
  finishedOn: day.nullable(),
});
export const planAnswer = z.object({ lines: z.array(plannedArea) });

export const importAnswer = z.object({
  lines: count.describe('Lines of the file.'),
  waves: z.array(z.string()),
  added: count,
  changed: count,
  unchanged: count,
  removed: count,
  dryRun: z.boolean(),
  areasChecked: z
    .boolean()
    .describe('False where neither gazetteer nor signals name any area to compare with.'),
  unknownAreas: z
    .array(z.object({ area: z.string(), line: count, nearest: z.string().nullable() }))
    .describe('Imported all the same; the first 100.'),
  unknownAreaCount: count,
  respelt: z
    .array(z.object({ area: z.string(), known: z.string() }))
    .describe('Areas written otherwise than they are known; they are kept as known.'),
  columnsPassedOver: z.array(z.string()),
});

export const removeAnswer = z.object({ wave: z.string(), removed: count.describe('Lines.') });

export const planProblem = z.object({
  error: z.object({
    code: z.literal('plan-invalid'),
    message: z.string(),
    hint: z.string().optional(),
  }),
  flaws: z
    .array(
      z.object({
        line: count,
        column: z.enum(planColumns).nullable(),
        reason: z.enum(flawReasons),
        detail: z.string(),
      }),
    )
    .describe('The first 100.'),
  flawCount: count,
});
