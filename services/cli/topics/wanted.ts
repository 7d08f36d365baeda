// Topics as Kafka should have them: names, partitions and copies, from services/topology.ts. Pure.
import type { NewTopic } from '#core/log/kafka/create-topics.ts';
import { topicConfig, type Copies, type KeptTopic } from '#core/log/kafka/topic-config.ts';
import { internalTopics, topicsFor, type Retention } from '../../topology.ts';

export type WantedTopic = NewTopic;

export interface WantedOptions extends Copies {
  readonly departments: readonly string[];
  readonly retention?: Retention | undefined;
  readonly topicPrefix: string;
}

/** Every topic of a deployment, in flow order, those of Signpost's own bookkeeping last. */
export function wantedTopics(options: WantedOptions): readonly WantedTopic[] {
  const { departments, retention, topicPrefix, replicationFactor } = options;
  const specs: readonly KeptTopic[] = [...topicsFor(departments, retention), ...internalTopics];
  return specs.map((spec) => ({
    name: topicPrefix + spec.name,
    partitions: spec.partitions,
    replicationFactor,
    config: topicConfig(spec, options),
  }));
}
