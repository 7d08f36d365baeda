// Settings of aggregate; see docs/configuration.md.
import { z } from 'zod';

const words = 'must be a number of days from 1 to 30: nobody keeps words longer';

export const aggregateConfig = z.strictObject({
  /** Days from their receipt until words are forgotten in the planners' store; numbers stay. */
  wordsDays: z.number().min(1, words).max(30, words).default(30),
});
