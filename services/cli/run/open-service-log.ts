// Opens the log that services run on, in whatever order its servers come up.
import { openEmbeddedLog } from '#core/log/embedded/open.ts';
import type { ClaimStore } from '#core/log/kafka/claim-store.ts';
import type { KafkaSettings } from '#core/log/kafka/settings.ts';
import { SignpostError } from '#core/errors.ts';
import type { Log } from '#core/log/port.ts';
import type { Logger } from '#core/logger.ts';
import type { LogMetrics } from '#core/telemetry.ts';
import { schemasAnnounced, topicsFor } from '../../topology.ts';
import type { RegistryParts } from '../../gateway/http/registry-routes.ts';
import type { Config } from '../config.ts';
import { idsOf, noClaims, schemasOf, type LogAt } from '../open-log.ts';
import { applyToCluster } from '../topics/apply.ts';
import { connectSchemas } from '../topics/log-schemas.ts';
import { topicsOf, type ServiceName } from './services.ts';

export interface ServiceLog {
  readonly log: Log;
  /** Asks the database something small, where the services need one. */
  readonly askDatabase?: () => Promise<unknown>;
  /** What the gateway's schema registry answers from; undefined beside another registry. */
  readonly served: RegistryParts | undefined;
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
  if (at.kind === 'kafka') return openOnKafka(at.settings, parts);
  const { departments, logger, signal } = parts;
  const log = await openEmbeddedLog({ directory: at.directory });
  try {
    await log.ensureTopics([...topicsFor(departments, parts.config.retention), schemasAnnounced]);
    // Nobody else writes to a data directory: a registry's ids are for topics that others read.
    const own = { registry: undefined, topicPrefix: '' };
    const schemas = await connectSchemas({ ...own, departments, logger, signal });
    return { log: await schemas.writing(log), served: schemas.served(log), failed: log.failed };
  } catch (error) {
    await log.close();
    throw error;
  }
}

async function openOnKafka(settings: KafkaSettings, parts: ServiceLogParts): Promise<ServiceLog> {
  const { services, departments, config, logger, metrics, createTopics, signal } = parts;
  const { openKafkaLog } = await import('#core/log/kafka/open.ts');
  const schemas = await schemasOf(config, settings, logger, signal);
  const database = services.includes('normalize') ? await openClaims(config, logger) : undefined;
  const claims = database?.claims ?? noClaims;
  let log: Log;
  try {
    log = await openKafkaLog({ settings, claims, logger, events: metrics, ...idsOf(schemas) });
  } catch (error) {
    await claims.close();
    throw error;
  }
  try {
    if (createTopics)
      await applyToCluster(settings, departments, { retention: config.retention }, logger);
    const there = new Set((await log.topics()).map(({ name }) => name));
    const missing = topicsOf(services, departments).filter((name) => !there.has(name));
    if (missing.length > 0) throw topicsMissing(missing);
    return {
      log: await schemas.writing(log),
      ...(database && { askDatabase: database.ask }),
      served: schemas.served(log),
      failed: never,
    };
  } catch (error) {
    await log.close();
    throw error;
  }
}

/** The claims' store, its tables up to date, and its connections closed with it. */
async function openClaims(
  { database }: Config,
  logger: Logger,
): Promise<{ readonly claims: ClaimStore; readonly ask: () => Promise<unknown> }> {
  const { sql } = await import('kysely');
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
    claims: {
      claim: (position, asked) => claims.claim(position, asked),
      async close() {
        await claims.close();
        await db.close();
      },
    },
    ask: () => sql`SELECT 1`.execute(db.query),
  };
}

/** @throws SignpostError `config-invalid` when there is none. */
export function databaseUrl(database: Config['database']): string {
  if (database !== undefined) return database.url;
  throw new SignpostError(
    'config-invalid',
    'normalize, aggregate and portal need a Postgres database on a cluster',
    {
      hint: 'Name it by DATABASE_URL or database.url: it remembers which ids senders have used, and holds what planners ask for.',
    },
  );
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
