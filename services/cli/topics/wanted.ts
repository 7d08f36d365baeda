// Topics as Kafka should have them: names, partitions and copies, from services/topology.ts. Pure.
import { topicConfig, type Copies, type KeptTopic } from '#core/log/kafka/topic-config.ts';
import { internalTopics, topicsFor } from '../../topology.ts';

export interface WantedTopic {
  /** On the cluster: with the prefix. */
  readonly name: string;
  readonly partitions: number;
  readonly replicationFactor: number;
  /** By Kafka's own names of topic settings. */
  readonly config: Readonly<Record<string, string>>;
}

export interface WantedOptions extends Copies {
  readonly departments: readonly string[];
  readonly topicPrefix: string;
}

/** Every topic of a deployment, in flow order, those of Signpost's own bookkeeping last. */
export function wantedTopics(options: WantedOptions): readonly WantedTopic[] {
  const { departments, topicPrefix, replicationFactor } = options;
  const specs: readonly KeptTopic[] = [...topicsFor(departments), ...internalTopics];
  return specs.map((spec) => ({
    name: topicPrefix + spec.name,
    partitions: spec.partitions,
    replicationFactor,
    config: topicConfig(spec, options),
  }));
}
