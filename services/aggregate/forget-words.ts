// Words are forgotten `aggregate.wordsDays` after they were received; the facts they belong to stay.
import { sql } from 'kysely';
import type { Logger } from '#core/logger.ts';
import type { Db } from '#core/store/postgres.ts';
import { inSteps, lockKeys, startRetention, type Retention } from '#core/store/retention.ts';

const dayMs = 86_400_000;
const hourMs = 3_600_000;
const stepRows = 1000;

export interface ForgetWordsOptions {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly wordsDays: number;
  readonly everyMs?: number;
  readonly logger?: Logger | undefined;
}

/** The moment from which on received words are kept; for `createAggregate` too. */
export function wordsFrom({ now, wordsDays }: ForgetWordsOptions): number {
  return now() - wordsDays * dayMs;
}

/** Looks at once and then every hour; of several copies one forgets at a time. */
export function startForgettingWords(db: Db, options: ForgetWordsOptions): Retention {
  return startRetention(db, (signal) => forgetWords(db, wordsFrom(options), signal), {
    everyMs: options.everyMs ?? hourMs,
    later: 'Old words are forgotten later',
    logger: options.logger,
  });
}

async function forgetWords(db: Db, before: number, signal: AbortSignal): Promise<void> {
  await inSteps(db, lockKeys.wordRetention, signal, async (tx) => {
    const { numAffectedRows } = await sql`
      DELETE FROM signpost.words WHERE entity = ANY (ARRAY (
        SELECT entity FROM signpost.words WHERE received_at < ${new Date(before)}
        ORDER BY received_at LIMIT ${sql.lit(stepRows)}
      )) AND received_at < ${new Date(before)}`.execute(tx);
    return (numAffectedRows ?? 0n) > 0n;
  });
}
