// A log whose records can all be decoded once they are handed out: schemas of other releases are looked up before.
// While that cannot be done, records wait; a schema that nobody knows leaves its records undecodable.
import type {
  Batch,
  Log,
  LogReader,
  ReceivedRecord,
  SubscribeOptions,
  Subscription,
} from '../log/port.ts';
import type { Logger } from '../logger.ts';
import { learnSchema } from './learned-schemas.ts';
import { nameOfId, type SchemaSource } from './schema-source.ts';
import { shippedSchemas } from './shipped.ts';

export interface LearningParts {
  readonly source: SchemaSource;
  readonly logger: Logger;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

/** `log`, learning; it is closed as before. */
export function learningLog(log: Log, parts: LearningParts): Log {
  const learn = createLearner(parts);
  return {
    ...learningMethods(log, learn),
    ensureTopics: (specs) => log.ensureTopics(specs),
    append: (records, options) => log.append(records, options),
    async subscribe(options: SubscribeOptions): Promise<Subscription> {
      const subscription = await log.subscribe(options);
      return {
        async next(signal): Promise<Batch | null> {
          const batch = await subscription.next(signal);
          if (batch === null) return null;
          try {
            await learn(batch.records);
          } catch (error) {
            await batch.release();
            throw error;
          }
          return batch;
        },
        close: () => subscription.close(),
      };
    },
  };
}

export function learningReader(log: LogReader, parts: LearningParts): LogReader {
  return learningMethods(log, createLearner(parts));
}

type Learner = (records: readonly ReceivedRecord[]) => Promise<void>;

function learningMethods(log: LogReader, learn: Learner): LogReader {
  return {
    topics: () => log.topics(),
    committed: (groups) => log.committed(groups),
    async read(topic, partition, offset, limits) {
      const result = await log.read(topic, partition, offset, limits);
      await learn(result.records);
      return result;
    },
    checkpoint: (key) => log.checkpoint(key),
    close: () => log.close(),
  };
}

/** What nobody knew is asked for again after so long: records put back later may be of a schema known by then. */
const askAgainMs = 60_000;
/** Ids that nobody knew, remembered so that each is not asked for with every record. */
const mostMissing = 10_000;

function createLearner({ source, logger, clock }: LearningParts): Learner {
  const known = new Set(shippedSchemas().map(({ id }) => id));
  const missing = new Map<number, number>();
  let nextSweep = 0;

  const unknownIn = (records: readonly ReceivedRecord[]): ReadonlySet<number> => {
    const ids = new Set<number>();
    for (const { value } of records) {
      if (value === null || value.length < 5 || value[0] !== 0) continue;
      const id = ((value[1]! << 24) | (value[2]! << 16) | (value[3]! << 8) | value[4]!) >>> 0;
      if (!known.has(id) && !missing.has(id)) ids.add(id);
    }
    return ids;
  };

  return async (records) => {
    if (missing.size > 0 && (clock() >= nextSweep || missing.size > mostMissing)) {
      for (const [id, until] of missing) {
        if (until <= clock() || missing.size > mostMissing) missing.delete(id);
      }
    }
    const ids = unknownIn(records);
    if (ids.size === 0) return;
    const found = await source.find([...ids]);
    nextSweep = clock() + askAgainMs;
    for (const id of ids) {
      const text = found.get(id);
      if (text !== undefined && learned(id, text, logger)) known.add(id);
      else missing.set(id, nextSweep);
    }
  };
}

function learned(id: number, text: string, logger: Logger): boolean {
  try {
    learnSchema(id, text);
    logger.info({ schema: nameOfId(id) }, 'Learned a schema of another release');
    return true;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    logger.warn({ schema: nameOfId(id) }, `A schema of another release cannot be used: ${why}`);
    return false;
  }
}
