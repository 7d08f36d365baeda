// For how long the topics of a log really keep records: brokers and files say it, and that may be less than the topology.
import { existsSync } from 'node:fs';
import { logFile } from '#core/log/embedded/log-file.ts';
import { topicRetentions } from '#core/log/embedded/topic-retentions.ts';
import { createLogger } from '#core/logger.ts';
import { topicsFor } from '../../../topology.ts';
import type { Config } from '../../config.ts';
import { departmentNames } from '../../departments.ts';
import type { LogAt } from '../../open-log.ts';

/**
 * In milliseconds, by topic. Of topics that are not there yet, what they will be made with.
 * @throws SignpostError those of the log
 */
export async function keptFor(at: LogAt, config: Config): Promise<(topic: string) => number> {
  const wanted = topicsFor(departmentNames(config.classify), config.retention);
  const kept = new Map(wanted.map(({ name, retentionMs }) => [name, retentionMs]));
  for (const [name, ms] of await actual(at, config, [...kept.keys()])) kept.set(name, ms);
  return (topic) => kept.get(topic) ?? 0;
}

async function actual(
  at: LogAt,
  { logLevel }: Pick<Config, 'logLevel'>,
  names: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  if (at.kind === 'embedded')
    return existsSync(logFile(at.directory)) ? topicRetentions(at.directory) : new Map();
  const { openClusterTopics } = await import('../../topics/cluster-topics.ts');
  const { topicPrefix } = at.settings;
  const cluster = await openClusterTopics(at.settings, createLogger('signpost', logLevel));
  try {
    const { actual: found } = await cluster.describe(
      new Set(names.map((name) => topicPrefix + name)),
    );
    return new Map(
      found.map(({ name, config }) => [name.slice(topicPrefix.length), retentionOf(config)]),
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
