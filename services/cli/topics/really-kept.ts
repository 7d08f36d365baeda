// For how long the topics of a log really keep records: brokers and files say it, and that may differ from the topology.
import { existsSync } from 'node:fs';
import { logFile } from '#core/log/embedded/log-file.ts';
import { topicRetentions } from '#core/log/embedded/topic-retentions.ts';
import { createLogger } from '#core/logger.ts';
import type { Config } from '../config.ts';
import type { LogAt } from '../open-log.ts';

/**
 * In milliseconds, Infinity for good: of those of these topics that are there; in a data directory of all.
 * @throws SignpostError those of the log
 */
export async function reallyKept(
  at: LogAt,
  { logLevel }: Pick<Config, 'logLevel'>,
  names: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  if (at.kind === 'embedded')
    return existsSync(logFile(at.directory)) ? topicRetentions(at.directory) : new Map();
  const { openClusterTopics } = await import('./cluster-topics.ts');
  const { topicPrefix } = at.settings;
  const cluster = await openClusterTopics(at.settings, createLogger('signpost', logLevel));
  try {
    const { actual } = await cluster.describe(new Set(names.map((name) => topicPrefix + name)));
    return new Map(
      actual.map(({ name, config }) => [name.slice(topicPrefix.length), retentionOf(config)]),
    );
  } finally {
    await cluster.close();
  }
}

/** Kafka's -1, and a compacted topic: for ever. */
function retentionOf(config: Readonly<Record<string, string>>): number {
  const ms = Number(config['retention.ms'] ?? -1);
  const isDeleted = (config['cleanup.policy'] ?? 'delete').split(',').includes('delete');
  return isDeleted && ms >= 0 ? ms : Infinity;
}
