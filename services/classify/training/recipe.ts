// How a model is trained: what it predicts and every constant that shapes it. The values here are what the comparison of
// decision 0012 ended with; a recipe file overrides what it names.
import { z } from 'zod';

export const recipeSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]*$/, 'lower-case letters, digits and hyphens')
    .default('model'),
  seed: z.int().default(1),
  /** In how many parts the texts fall of which each in turn, or one of many texts, is held out to calibrate. */
  folds: z.int().min(2).max(20).default(5),
  /** Factor of words, pairs and negated words over character n-grams. */
  wordFactor: z.number().positive().default(1.5),
  /** In how many texts a feature must occur to be kept; less where there are few texts. */
  minTexts: z
    .strictObject({
      word: z.int().min(1),
      pair: z.int().min(1),
      negated: z.int().min(1),
      gram: z.int().min(1),
    })
    .default({ word: 2, pair: 2, negated: 2, gram: 3 }),
  /** Fields of a row that are read beside its text, where it has them. */
  context: z.array(z.string()).max(16).default(['kind', 'rating']),
  /** The label of a single-choice task that means "nothing fits". */
  none: z.string().default('none'),
  /** The label of a single-choice task for texts that belong to none of its classes: told by low scores, not learnt. */
  outOfScope: z.string().default('oos'),
  /** What a row of field knowledge counts for beside a row of the data. */
  knowledgeWeight: z.number().min(0).default(0.7),
  /** Strength of the second copy of each feature that only the data's rows have (Daumé III, ACL 2007). */
  ownCopies: z.number().min(0).default(0.7),
  /** The linear part: support vector machines with soft-margin constant C, see `kernel/assembly/train.ts`. */
  separators: z
    .strictObject({
      softness: z.number().positive().default(1),
      /** 0 weighs every row alike, 1 gives the rare and the common side of a class the same total weight. */
      balance: z.number().min(0).max(1).default(0.5),
    })
    .prefault({}),
  /** The part with hidden units: `count` networks of `hidden` rectified units each, averaged; 0 for none. */
  networks: z
    .strictObject({
      count: z.int().min(0).max(8).default(2),
      hidden: z.int().min(16).max(256).multipleOf(16).default(64),
      epochs: z.int().min(1).max(200).default(20),
      rate: z.number().positive().default(0.2),
      featureDropout: z.number().min(0).lt(1).default(0.5),
      hiddenDropout: z.number().min(0).lt(1).default(0.3),
      smoothing: z.number().min(0).lt(1).default(0.05),
    })
    .prefault({}),
});
export type Recipe = z.output<typeof recipeSchema>;
