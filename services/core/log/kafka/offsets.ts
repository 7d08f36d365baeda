// Where partitions begin and end, and where groups stand: asked of leaders and coordinators, in as few requests as can be.
import type { PartitionStatus } from '../port.ts';
import type { Brokers } from './brokers.ts';
import type { Broker } from './kafkajs-internals.ts';
import { logSizes } from './requests.ts';

export interface At {
  readonly topic: string;
  readonly partition: number;
}

/** `start`: the first record held; `stable`: where committed records end; `end`: where all records end. */
export type Bound = 'start' | 'stable' | 'end';

const requestOf = {
  start: { isolationLevel: 1, timestamp: -2 },
  stable: { isolationLevel: 1, timestamp: -1 },
  end: { isolationLevel: 0, timestamp: -1 },
} as const;

export function keyOf({ topic, partition }: At): string {
  return `${topic}/${partition}`;
}

/** Offsets by `keyOf`. Topics are named as on the cluster. */
export async function boundsOf(
  brokers: Brokers,
  partitions: readonly At[],
  bound: Bound,
): Promise<ReadonlyMap<string, number>> {
  const { isolationLevel, timestamp } = requestOf[bound];
  const found = new Map<string, number>();
  await onLeaders(brokers, partitions, async (broker, each) => {
    const topics = [...Map.groupBy(each, ({ topic }) => topic)].map(([topic, its]) => ({
      topic,
      partitions: its.map(({ partition }) => ({ partition, timestamp })),
    }));
    const { responses } = await broker.listOffsets({ replicaId: -1, isolationLevel, topics });
    for (const { topic, partitions: its } of responses) {
      for (const { partition, offset } of its) {
        found.set(keyOf({ topic, partition }), Number(offset));
      }
    }
  });
  return found;
}

/**
 * Offsets that a group committed, by `keyOf`; partitions without one are absent.
 * @throws the protocol's error of the group, or of the first partition that has one.
 */
export async function committedOf(
  brokers: Brokers,
  group: string,
  partitions: readonly At[],
): Promise<ReadonlyMap<string, number>> {
  const coordinator = await brokers.coordinatorOf('group', group);
  const topics = [...Map.groupBy(partitions, ({ topic }) => topic)].map(([topic, its]) => ({
    topic,
    partitions: its.map(({ partition }) => ({ partition })),
  }));
  const found = new Map<string, number>();
  const { responses } = await coordinator.offsetFetch({ groupId: group, topics });
  for (const { topic, partitions: its } of responses) {
    for (const { partition, offset } of its) {
      if (Number(offset) >= 0) found.set(keyOf({ topic, partition }), Number(offset));
    }
  }
  return found;
}

/** Groups whose name begins so. Brokers leave out those that this client may not describe. */
export async function groupsNamed(brokers: Brokers, prefix: string): Promise<readonly string[]> {
  const nodes = (await brokers.metadata([])).brokers;
  const groups = new Set<string>();
  for (const { nodeId } of nodes) {
    const broker = await brokers.node(nodeId);
    for (const { groupId } of (await broker.listGroups()).groups) {
      if (groupId.startsWith(prefix)) groups.add(groupId);
    }
  }
  return [...groups].toSorted();
}

/** By `keyOf`: where committed records end, and where all that was written ended a moment before. */
export interface Ends {
  readonly stable: ReadonlyMap<string, number>;
  readonly written: ReadonlyMap<string, number>;
}

/** Start, end of committed records, what is hidden behind it, and bytes on the leader's disk; 0 bytes where this client may not ask for them. */
export async function statusOf(
  brokers: Brokers,
  partitions: readonly At[],
  { stable, written }: Ends,
): Promise<ReadonlyMap<string, PartitionStatus>> {
  const starts = await boundsOf(brokers, partitions, 'start');
  const sizes = new Map<string, number>();
  await onLeaders(brokers, partitions, async (broker, each) => {
    for (const at of await logSizes(broker, each)) sizes.set(keyOf(at), at.bytes);
  });
  const status = new Map<string, PartitionStatus>();
  for (const at of partitions) {
    const key = keyOf(at);
    const end = stable.get(key) ?? 0;
    const start = starts.get(key) ?? 0;
    const hiddenTo = written.get(key) ?? 0;
    status.set(key, {
      partition: at.partition,
      start,
      end,
      bytes: sizes.get(key) ?? 0,
      ...(hiddenTo > end && { hiddenTo }),
    });
  }
  return status;
}

async function onLeaders(
  brokers: Brokers,
  partitions: readonly At[],
  ask: (broker: Broker, each: At[]) => Promise<void>,
): Promise<void> {
  const byLeader = new Map<Broker, At[]>();
  for (const at of partitions) {
    const leader = await brokers.leaderOf(at.topic, at.partition);
    const each = byLeader.get(leader);
    if (each === undefined) byLeader.set(leader, [at]);
    else each.push(at);
  }
  await Promise.all([...byLeader].map(([broker, each]) => ask(broker, each)));
}
