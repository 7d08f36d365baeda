// How one process knows the schemas on its log: by the registry that the configuration names, else by the log itself.
// Whoever opens a log wraps it here, so that records of the release before or after this one decode too.
import { setTimeout as pause } from 'node:timers/promises';
import type { Log, LogReader } from '#core/log/port.ts';
import type { Logger } from '#core/logger.ts';
import { announcedSchemas, announceSchemas } from '#core/registry/announced.ts';
import { learningLog, learningReader } from '#core/registry/learning-log.ts';
import { registerSchemas, type RegisteredTopic, type WireIds } from '#core/registry/register.ts';
import { createRegistryClient, type RegistrySettings } from '#core/registry/registry-client.ts';
import type { SchemaSource } from '#core/registry/schema-source.ts';
import { schemasAnnounced, topicsFor } from '../../topology.ts';

export interface LogSchemasOptions {
  /** As `readRegistrySettings` gives it. */
  readonly registry: RegistrySettings | undefined;
  readonly departments: readonly string[];
  readonly topicPrefix: string;
  readonly logger: Logger;
  /** Ends the waiting for a registry that is away. */
  readonly signal: AbortSignal;
}

export interface LogSchemas {
  /** For `openKafkaLog` and `openKafkaReader`; absent without a registry, when ids are those of the repository. */
  readonly schemaIds?: WireIds;
  /** The log, for a process that reads. */
  reading(log: LogReader): LogReader;
  /**
   * The log, for a process that writes: its schemas are known to all before its first record.
   * @throws SignpostError `schema-id-taken`, `schemas-not-announced`; see `announceSchemas`.
   */
  writing(log: Log): Promise<Log>;
  /** What the gateway's own registry answers from; none beside another registry, whose ids are on the wire. */
  served(log: LogReader): { topics: readonly RegisteredTopic[]; source: SchemaSource } | undefined;
}

/** @throws SignpostError when the registry refuses; see `registerSchemas`. Waits while it is away. */
export async function connectSchemas(options: LogSchemasOptions): Promise<LogSchemas> {
  const { registry, logger, signal } = options;
  const topics = registeredTopics(options.departments, options.topicPrefix);
  const parts = (source: SchemaSource) => ({ source, logger, clock: Date.now });
  if (registry === undefined) {
    const sourceOf = (log: LogReader) => announcedSchemas(log, schemasAnnounced.name);
    return {
      reading: (log) => learningReader(log, parts(sourceOf(log))),
      async writing(log) {
        const written = await announceSchemas(log, schemasAnnounced.name, Date.now);
        if (written.length > 0) logger.info({ schemas: written }, 'Announced schemas on the log');
        return learningLog(log, parts(sourceOf(log)));
      },
      served: (log) => ({ topics, source: sourceOf(log) }),
    };
  }
  const client = createRegistryClient({
    settings: registry,
    fetch: globalThis.fetch,
    sleep: (ms, ending) => pause(ms, undefined, { signal: ending }).catch(() => {}),
    logger,
    signal,
  });
  const { ids, source } = await registerSchemas(client, topics);
  return {
    schemaIds: ids,
    reading: (log) => learningReader(log, parts(source)),
    writing: async (log) => learningLog(log, parts(source)),
    served: () => undefined,
  };
}

/** Topics whose values are records of the schemas, as the cluster names them. */
export function registeredTopics(
  departments: readonly string[],
  topicPrefix: string,
): readonly RegisteredTopic[] {
  return topicsFor(departments).map(({ name, codec }) => ({
    name: topicPrefix + name,
    recordName: codec.recordName,
  }));
}
