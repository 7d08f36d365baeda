// For how long the topics of a log really keep records: brokers and files say it, and that may be less than the topology.
import { topicsFor } from '../../../topology.ts';
import type { Config } from '../../config.ts';
import { departmentNames } from '../../departments.ts';
import type { LogAt } from '../../open-log.ts';
import { reallyKept } from '../../topics/really-kept.ts';

/**
 * In milliseconds, by topic. Of topics that are not there yet, what they will be made with.
 * @throws SignpostError those of the log
 */
export async function keptFor(at: LogAt, config: Config): Promise<(topic: string) => number> {
  const wanted = topicsFor(departmentNames(config.classify), config.retention);
  const kept = new Map(wanted.map(({ name, retentionMs }) => [name, retentionMs]));
  for (const [name, ms] of await reallyKept(at, config, [...kept.keys()])) kept.set(name, ms);
  return (topic) => kept.get(topic) ?? 0;
}
