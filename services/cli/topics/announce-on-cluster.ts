// Makes the schemas of this release known to a cluster's readers: in the registry that the configuration names, else on
// the log. Done by the operator before a new release starts, so that its services need no right to do it.
import type { Log } from '#core/log/port.ts';
import type { KafkaSettings } from '#core/log/kafka/settings.ts';
import { openKafkaLog } from '#core/log/kafka/open.ts';
import type { Logger } from '#core/logger.ts';
import { announceSchemas } from '#core/registry/announced.ts';
import { readRegistrySettings } from '#core/registry/registry-client.ts';
import { schemasAnnounced } from '../../topology.ts';
import { noClaims } from '../open-log.ts';
import { connectSchemas } from './log-schemas.ts';

export interface AnnounceOptions {
  readonly settings: KafkaSettings;
  /** Of the registry, as configured. */
  readonly url: string | undefined;
  readonly departments: readonly string[];
  readonly logger: Logger;
}

/** @returns what was announced; empty when all was known already, and with a registry. */
export async function announceOnCluster(options: AnnounceOptions): Promise<readonly string[]> {
  const { settings, logger, departments } = options;
  const registry = readRegistrySettings(options.url, process.env);
  if (registry !== undefined) {
    const { topicPrefix } = settings;
    const { signal } = new AbortController();
    await connectSchemas({ registry, departments, topicPrefix, logger, signal });
    return [];
  }
  const log: Log = await openKafkaLog({ settings, claims: noClaims, logger });
  try {
    return await announceSchemas(log, schemasAnnounced.name, Date.now);
  } finally {
    await log.close();
  }
}
