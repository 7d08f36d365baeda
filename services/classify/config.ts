// Settings of classify; see docs/configuration.md.
import { z } from 'zod';

export const classifyConfig = z.strictObject({
  /** A model made by `signpost train`; the shipped one by default. */
  model: z.string().min(1).optional(),
  /** A departments file in place of the shipped one. */
  departmentsFile: z.string().min(1).optional(),
  /** Departments added to that file, or replacing those of the same name: same form as its entries. */
  departments: z.array(z.looseObject({ name: z.string() })).default([]),
});

export type ClassifyConfig = z.output<typeof classifyConfig>;
