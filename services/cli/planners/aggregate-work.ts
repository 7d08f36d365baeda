// The `aggregate` stage with what goes on beside it, wherever it runs: what changed is told, weeks are packed, old words
// are forgotten, and the database knows the gazetteer.
import { createHash } from 'node:crypto';
import { SignpostError } from '#core/errors.ts';
import type { Log } from '#core/log/port.ts';
import type { Logger } from '#core/logger.ts';
import type { Stage } from '#core/stage.ts';
import type { Db } from '#core/store/postgres.ts';
import { createProjectionStore } from '#core/store/projection-store.ts';
import { startVacuuming } from '#core/store/vacuum.ts';
import { startForgettingWords, wordsFrom } from '../../aggregate/forget-words.ts';
import { storeGazetteer } from '../../aggregate/gazetteer-rows.ts';
import { packChangedWeeks } from '../../aggregate/pack-weeks.ts';
import { publishCells } from '../../aggregate/publish-cells.ts';
import { createAggregate } from '../../aggregate/stage.ts';
import { nobodyErased, type Erased } from '../../archive/erasures.ts';
import { erasedInsight } from '../../archive/strip.ts';
import type { DepartmentsConfig } from '../../classify/departments.ts';
import { readGazetteer } from '../../normalize/gazetteer.ts';
import type { Config } from '../config.ts';
import { receiversOf } from './receivers.ts';

export interface AggregateParts {
  readonly db: Db;
  readonly config: Pick<Config, 'aggregate' | 'normalize'>;
  /** The departments as they are now, with their thresholds: who receives what is judged by them. */
  readonly departments: () => DepartmentsConfig;
  /** Whose words are erased. */
  readonly erased?: () => Erased;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** The stage. The database need not be there yet, only once it runs. */
export function buildAggregate({
  db,
  config,
  departments,
  erased = () => nobodyErased,
  now,
}: AggregateParts): Stage<never> {
  const { wordsDays } = config.aggregate;
  return createAggregate({
    store: createProjectionStore(db),
    receiversOf: receiversOf(departments),
    erased: (insight) => erasedInsight(insight, erased()),
    wordsFrom: () => wordsFrom({ now, wordsDays }),
  }) as unknown as Stage<never>;
}

export interface BesideParts extends Omit<AggregateParts, 'departments'> {
  readonly log: Pick<Log, 'append'>;
  readonly logger: Logger;
  /** Whether the database has no autovacuum, as PGlite has none. */
  readonly vacuums: boolean;
  /** Waits, or returns early when the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** What goes on beside the stage, on a database that is up to date, until `signal` aborts. @throws bugs alone. */
export async function runBesideAggregate(parts: BesideParts, signal: AbortSignal): Promise<void> {
  const { db, config, now, logger, sleep, log } = parts;
  const { wordsDays } = config.aggregate;
  const forgetting = startForgettingWords(db, { now, wordsDays, logger });
  const vacuuming = parts.vacuums ? startVacuuming(db, { logger }) : undefined;
  const append: Log['append'] = (records) => log.append(records);
  try {
    await Promise.all([
      untilDone('The gazetteer', () => keepGazetteer(parts), parts, signal),
      publishCells({ db, append, now, logger, sleep, signal }),
      packRegularly(parts, signal),
    ]);
  } finally {
    await Promise.all([forgetting.stop(), vacuuming?.stop()]);
  }
}

/** A share of the database at most: a week that changes all the time is not packed all the time. */
const restPerWork = 9;
const leastRestMs = 30_000;

async function packRegularly(parts: BesideParts, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const began = parts.now();
    await untilDone('Weeks', () => packChangedWeeks(parts.db, signal), parts, signal);
    const tookMs = Math.max(0, parts.now() - began);
    await parts.sleep(Math.max(leastRestMs, restPerWork * tookMs), signal);
  }
}

const pauseMs = { first: 500, most: 30_000 };

/** Does `work` until it succeeds: what fails outside is said and tried again. */
async function untilDone(
  what: string,
  work: () => Promise<unknown>,
  { logger, sleep }: Pick<BesideParts, 'logger' | 'sleep'>,
  signal: AbortSignal,
): Promise<void> {
  for (let failures = 0; !signal.aborted; failures += 1) {
    try {
      await work();
      return;
    } catch (error) {
      if (!(error instanceof SignpostError)) throw error;
      const wait = Math.min(pauseMs.most, pauseMs.first * 2 ** Math.min(failures, 20));
      logger.warn(
        { code: error.code, pauseMs: wait },
        `${what} cannot be stored at present: ${error.message}; trying again`,
      );
      await sleep(wait, signal);
    }
  }
}

/** A gazetteer that is configured no more stays: what was counted by it is still asked for. */
async function keepGazetteer({ db, config, now }: BesideParts): Promise<void> {
  const { gazetteer, gazetteerColumns } = config.normalize;
  if (gazetteer === undefined) return;
  const lines = readGazetteer(gazetteer, gazetteerColumns);
  const digest = createHash('sha256').update(JSON.stringify(lines)).digest('hex');
  await storeGazetteer(db, lines, digest, now);
}
