// Which log a command works on, a data directory's or a Kafka cluster's, and how it is opened.
import { SignpostError } from '#core/errors.ts';
import type { Log, LogReader } from '#core/log/port.ts';
import type { KafkaSettings } from '#core/log/kafka/settings.ts';
import type { SchemaIds } from '#core/log/kafka/schema-ids.ts';
import { createLogger, type Logger } from '#core/logger.ts';
import { readConfig, type Config } from './config.ts';
import type { LogPlace } from './options.ts';
import type { LogSchemas } from './topics/log-schemas.ts';

export type LogAt =
  | { readonly kind: 'embedded'; readonly directory: string }
  | { readonly kind: 'kafka'; readonly settings: KafkaSettings };

/**
 * `--data` names a directory, `--brokers` a cluster; without either it is the cluster that the configuration or
 * `KAFKA_BROKERS` names, else the usual data directory.
 * @throws SignpostError `config-invalid` when brokers or what is said about them cannot be.
 */
export function logAt(place: LogPlace, config: () => Config = () => configOf(place)): LogAt {
  const settings = place.isDataNamed ? undefined : config().kafka;
  return settings === undefined
    ? { kind: 'embedded', directory: place.data }
    : { kind: 'kafka', settings };
}

/** As `readConfig`; `--brokers` name the cluster that its `kafka:` section may say more about. */
export function configOf({ config, brokers }: LogPlace): Config {
  const env = brokers === undefined ? process.env : { ...process.env, KAFKA_BROKERS: brokers };
  return readConfig(config, env);
}

/** Opens the log for reading, whether or not others write to it. @throws SignpostError when there is none. */
export async function openReader(place: LogPlace): Promise<LogReader> {
  const at = logAt(place);
  if (at.kind === 'embedded') {
    const { openEmbeddedLogReader } = await import('#core/log/embedded/reader.ts');
    return openEmbeddedLogReader({ directory: at.directory });
  }
  const config = configOf(place);
  const { openKafkaReader } = await import('#core/log/kafka/open.ts');
  const { settings } = at;
  const logger = createLogger('signpost', config.logLevel);
  const schemas = await schemasOf(config, settings, logger);
  const log = await openKafkaReader({ settings, logger, ...idsOf(schemas) });
  return schemas.reading(log);
}

/** Opens the log of a cluster for commands that write to it but claim nothing. */
export async function openCluster(settings: KafkaSettings, config: Config): Promise<Log> {
  const { openKafkaLog } = await import('#core/log/kafka/open.ts');
  const logger = createLogger('signpost', config.logLevel);
  const schemas = await schemasOf(config, settings, logger);
  const log = await openKafkaLog({ settings, claims: noClaims, logger, ...idsOf(schemas) });
  try {
    await requireTopics(log, { kind: 'kafka', settings });
    return await schemas.writing(log);
  } catch (error) {
    await log.close();
    throw error;
  }
}

/**
 * A cluster without Signpost's topics, or whose topics this user may not see, is not one that nothing was said on yet.
 * @throws SignpostError `topics-missing`.
 */
export async function requireTopics(log: LogReader, at: LogAt): Promise<void> {
  if (at.kind === 'embedded' || (await log.topics()).length > 0) return;
  const { brokers, topicPrefix } = at.settings;
  const prefix = topicPrefix === '' ? '' : ` with the prefix ${topicPrefix}`;
  throw new SignpostError(
    'topics-missing',
    `There are no topics of Signpost${prefix} on ${brokers.join(', ')}, or this user may not see them`,
    {
      hint: '`signpost topics apply` creates them; `signpost topics acls` says who may see what.',
    },
  );
}

/** @param signal ends the waiting for a registry; a command is ended by Ctrl-C like any other */
export async function schemasOf(
  config: Config,
  { topicPrefix }: KafkaSettings,
  logger: Logger,
  signal: AbortSignal = new AbortController().signal,
): Promise<LogSchemas> {
  const { readRegistrySettings } = await import('#core/registry/registry-client.ts');
  const { connectSchemas } = await import('./topics/log-schemas.ts');
  const { departmentNames } = await import('./departments.ts');
  const registry = readRegistrySettings(config.schemaRegistry?.url, process.env);
  const departments = departmentNames(config.classify);
  return connectSchemas({ registry, departments, topicPrefix, logger, signal });
}

/** The option of `openKafkaLog` and `openKafkaReader`. */
export function idsOf({ schemaIds }: LogSchemas): { readonly schemaIds?: SchemaIds } {
  return schemaIds === undefined ? {} : { schemaIds };
}

/** For whoever runs no stage that claims. */
export const noClaims = {
  claim: () => Promise.reject(new Error('This process was started without a store of claims')),
  close: () => Promise.resolve(),
};
