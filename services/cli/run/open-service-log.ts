// Opens the log that services run on, in whatever order its servers come up.
import { openEmbeddedLog } from '#core/log/embedded/open.ts';
import type { ClaimStore } from '#core/log/kafka/claim-store.ts';
import type { KafkaSettings } from '#core/log/kafka/settings.ts';
import { SignpostError } from '#core/errors.ts';
import type { Log } from '#core/log/port.ts';
import type { Logger } from '#core/logger.ts';
import type { LogMetrics } from '#core/telemetry.ts';
import { topicsFor } from '../../topology.ts';
import type { Config } from '../config.ts';
import { idsOf, noClaims, type LogAt } from '../open-log.ts';
import { openWireSchemas } from '../wire-schemas.ts';
import { topicsOf, type ServiceName } from './services.ts';

export interface ServiceLog {
  readonly log: Log;
  /** Rejects when the log failed for good; never resolves. */
  readonly failed: Promise<never>;
}

export interface ServiceLogParts {
  readonly services: readonly ServiceName[];
  readonly departments: readonly string[];
  readonly config: Config;
  readonly logger: Logger;
  readonly metrics: LogMetrics;
  /** Create topics that are missing on the cluster. */
  readonly createTopics: boolean;
  readonly signal: AbortSignal;
}

const never = new Promise<never>(() => {});

/**
 * One attempt. On a cluster the topics are checked: they are made by `signpost topics apply`, whose principal may.
 * @throws SignpostError; one that `isPassing` when trying again may help.
 */
export async function openServiceLog(at: LogAt, parts: ServiceLogParts): Promise<ServiceLog> {
  if (at.kind === 'kafka') return { log: await openOnKafka(at.settings, parts), failed: never };
  const log = await openEmbeddedLog({ directory: at.directory });
  try {
    await log.ensureTopics(topicsFor(parts.departments));
  } catch (error) {
    await log.close();
    throw error;
  }
  return { log, failed: log.failed };
}

async function openOnKafka(settings: KafkaSettings, parts: ServiceLogParts): Promise<Log> {
  const { services, departments, config, logger, metrics, createTopics, signal } = parts;
  const { openKafkaLog } = await import('#core/log/kafka/open.ts');
  const schemas = await openWireSchemas(config, settings.topicPrefix, logger, signal);
  const claims = services.includes('normalize') ? await openClaims(config, logger) : noClaims;
  let log: Log;
  try {
    log = await openKafkaLog({ settings, claims, logger, events: metrics, ...idsOf(schemas) });
  } catch (error) {
    await claims.close();
    throw error;
  }
  try {
    if (createTopics) await log.ensureTopics(topicsFor(departments));
    const there = new Set((await log.topics()).map(({ name }) => name));
    const missing = topicsOf(services, departments).filter((name) => !there.has(name));
    if (missing.length > 0) throw topicsMissing(missing);
    await schemas.announce(log);
    return schemas.learning(log);
  } catch (error) {
    await log.close();
    throw error;
  }
}

/** The claims' store, its tables up to date, and its connections closed with it. */
async function openClaims({ database }: Config, logger: Logger): Promise<ClaimStore> {
  const { connectPostgres } = await import('#core/store/postgres.ts');
  const { createClaimStore } = await import('#core/store/claim-store.ts');
  const { migrate } = await import('#core/store/migrate.ts');
  const db = connectPostgres({ url: databaseUrl(database), logger });
  try {
    await migrate(db);
  } catch (error) {
    await db.close();
    throw error;
  }
  const claims = createClaimStore(db, { logger });
  return {
    claim: (position, asked) => claims.claim(position, asked),
    async close() {
      await claims.close();
      await db.close();
    },
  };
}

/** @throws SignpostError `config-invalid` when there is none. */
export function databaseUrl(database: Config['database']): string {
  if (database !== undefined) return database.url;
  throw new SignpostError('config-invalid', 'normalize needs a Postgres database on a cluster', {
    hint: 'Name it by DATABASE_URL or database.url: it remembers which ids senders have used, for all copies.',
  });
}

function topicsMissing(missing: readonly string[]): SignpostError {
  return new SignpostError(
    'topics-missing',
    `Topics are missing, or may not be seen: ${missing.join(', ')}`,
    {
      hint: '`signpost topics apply` creates them; so does --create-topics, where this principal may.',
    },
  );
}
