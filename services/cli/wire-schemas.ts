// Schemas on a cluster's wire: the registry's ids where one is configured, and how records of other releases are read.
import { setTimeout as pause } from 'node:timers/promises';
import type { Log, LogReader } from '#core/log/port.ts';
import type { Logger } from '#core/logger.ts';
import { announcedSchemas, announceSchemas } from '#core/registry/announced.ts';
import { learningLog, learningReader } from '#core/registry/learning-log.ts';
import { registerSchemas, type Registration } from '#core/registry/register.ts';
import { createRegistryClient, readRegistrySettings } from '#core/registry/registry-client.ts';
import { schemasAnnounced, topicsFor } from '../topology.ts';
import type { Config } from './config.ts';
import { departmentsOf } from './judgement.ts';

export interface WireSchemas {
  /** The registry's ids; absent without one. */
  readonly ids?: Registration['ids'];
  /** `log`, reading records of other releases too. */
  readonly learning: (log: Log) => Log;
  readonly learningReader: (log: LogReader) => LogReader;
  /** Makes this release's schemas known to readers of `log`; to be called before the first record is written. */
  readonly announce: (log: Log) => Promise<void>;
}

/**
 * Registers this release's schemas where a registry is configured, waiting while it is away.
 * @throws SignpostError `config-invalid`, `schema-incompatible`, `registry-refused`; `registry-away` after `signal`.
 */
export async function openWireSchemas(
  config: Config,
  topicPrefix: string,
  logger: Logger,
  signal: AbortSignal,
): Promise<WireSchemas> {
  const settings = readRegistrySettings(config.schemaRegistry?.url, process.env);
  const registration =
    settings === undefined
      ? undefined
      : await registerSchemas(
          createRegistryClient({ settings, fetch: globalThis.fetch, sleep, logger, signal }),
          topicsFor(departmentsOf(config.classify).map(({ name }) => name)).map((topic) => ({
            name: `${topicPrefix}${topic.name}`,
            recordName: topic.codec.recordName,
          })),
        );
  const parts = (log: LogReader) => ({
    source: registration?.source ?? announcedSchemas(log, schemasAnnounced.name),
    logger,
    clock: Date.now,
  });
  return {
    ...(registration === undefined ? {} : { ids: registration.ids }),
    learning: (log) => learningLog(log, parts(log)),
    learningReader: (log) => learningReader(log, parts(log)),
    async announce(log) {
      // With a registry its readers find them there, under its ids.
      if (registration !== undefined) return;
      const written = await announceSchemas(log, schemasAnnounced.name, Date.now);
      if (written.length > 0) logger.info({ schemas: written }, 'Schemas are announced');
    },
  };
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await pause(ms, undefined, { signal }).catch(() => {});
}
