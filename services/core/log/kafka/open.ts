// The log on a Kafka cluster: the port of the engine spoken to brokers, exactly once.
import type { Logger } from '../../logger.ts';
import type { Log, LogReader } from '../port.ts';
import type { ClaimStore } from './claim-store.ts';
import type { SchemaIds } from './schema-ids.ts';
import type { KafkaSettings } from './settings.ts';

export interface KafkaReaderOptions {
  readonly settings: KafkaSettings;
  readonly logger: Logger;
  /** Ids on the wire when a registry gave others than the repository's; absent means the same. */
  readonly schemaIds?: SchemaIds;
}

export interface KafkaLogOptions extends KafkaReaderOptions {
  /** Closed with the log. */
  readonly claims: ClaimStore;
}

/** @throws SignpostError `log-unavailable` when no broker answers, `log-refused` when they refuse this client. */
export async function openKafkaLog(options: KafkaLogOptions): Promise<Log> {
  const reader = await openKafkaReader(options);
  return reader as Log;
}

/** What commands that only read need; joins no group and writes nothing. */
export async function openKafkaReader(options: KafkaReaderOptions): Promise<LogReader> {
  throw new Error(`Not open: ${options.settings.brokers.join()}`);
}
