// What separates topics as they are from topics as they should be. Pure: it is given both and names each difference.
import type { WantedTopic } from './wanted.ts';

/** A topic as a cluster describes it. */
export interface ActualTopic {
  readonly name: string;
  readonly partitions: number;
  /** Copies of the partition that has the fewest. */
  readonly replicationFactor: number;
  readonly config: Readonly<Record<string, string>>;
}

export interface Drift {
  readonly topic: string;
  /** `partitions`, `replication.factor`, or Kafka's name of a topic setting. */
  readonly setting: string;
  readonly is: string;
  readonly shouldBe: string;
  /**
   * How it can be put right: `mend` changes a setting, `grow` adds partitions and moves keys to others, `by-hand` is
   * what no command does: fewer partitions, other copies.
   */
  readonly remedy: 'mend' | 'grow' | 'by-hand';
}

export interface Comparison {
  readonly missing: readonly WantedTopic[];
  readonly drift: readonly Drift[];
  /** Streams of departments that the configuration does not name any more; they are left alone. */
  readonly leftOver: readonly string[];
}

/** @param others names of all other topics of the cluster */
export function compareTopics(
  wanted: readonly WantedTopic[],
  actual: readonly ActualTopic[],
  others: readonly string[],
  topicPrefix: string,
): Comparison {
  const found = new Map(actual.map((topic) => [topic.name, topic]));
  return {
    missing: wanted.filter(({ name }) => !found.has(name)),
    drift: wanted.flatMap((topic) => {
      const is = found.get(topic.name);
      return is === undefined ? [] : driftOf(topic, is);
    }),
    leftOver: others.filter((name) => name.startsWith(`${topicPrefix}insights.`)).toSorted(),
  };
}

function driftOf(wanted: WantedTopic, actual: ActualTopic): Drift[] {
  const drift: Drift[] = [];
  const differs = (setting: string, is: string, shouldBe: string, remedy: Drift['remedy']) => {
    if (is !== shouldBe) drift.push({ topic: wanted.name, setting, is, shouldBe, remedy });
  };
  differs(
    'partitions',
    String(actual.partitions),
    String(wanted.partitions),
    actual.partitions < wanted.partitions ? 'grow' : 'by-hand',
  );
  // More copies than asked for do no harm.
  if (actual.replicationFactor < wanted.replicationFactor) {
    differs(
      'replication.factor',
      String(actual.replicationFactor),
      String(wanted.replicationFactor),
      'by-hand',
    );
  }
  for (const [setting, value] of Object.entries(wanted.config)) {
    differs(setting, actual.config[setting] ?? '', value, 'mend');
  }
  return drift;
}
