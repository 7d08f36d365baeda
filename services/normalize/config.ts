// Settings of normalize; see docs/configuration.md.
import { z } from 'zod';
import { gazetteerColumns } from './gazetteer-columns.ts';
import { knownLanguages } from './known-languages.ts';

export const normalizeConfig = z.strictObject({
  /** ISO 3166-1 alpha-2 code: phone numbers without a country code are read as of this country. */
  phoneRegion: z
    .string()
    .regex(/^[A-Z]{2}$/, 'must be a country code of two capital letters, for example US')
    .default('US'),
  /** ISO 639-1 codes that customers are expected to write in: short texts are decided among them. */
  languages: z
    .array(
      z.enum(knownLanguages, {
        error: ({ input }) =>
          `${JSON.stringify(input)} is no language that can be told; allowed are ${knownLanguages.join(', ')}`,
      }),
    )
    .default(['en', 'es', 'sw']),
  /** CSV file of places; without one, places are as the sources give them. */
  gazetteer: z.string().min(1).optional(),
  /** Where that file calls its columns otherwise; nothing without `gazetteer`. */
  gazetteerColumns: gazetteerColumns.optional(),
});
