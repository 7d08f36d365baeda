// Who leads which partition and coordinates which group, and a connection to each: found when asked for, remembered
// until an answer says otherwise, found anew by itself after a broker was away.
import type { Kafka } from 'kafkajs';
import { SignpostError } from '../../errors.ts';
import { isConnectionLoss, protocolType, unknownTopic } from './kafka-error.ts';
import { brokerMakerOf, discard, type Broker } from './kafkajs-internals.ts';
import { errorAbout, metadataOf, type ClusterMetadata } from './requests.ts';

export interface Brokers {
  /** How many partitions a topic has. @throws SignpostError `unknown-topic`. */
  partitionsOf(topic: string): Promise<number>;
  leaderOf(topic: string, partition: number): Promise<Broker>;
  coordinatorOf(kind: CoordinatorKind, id: string): Promise<Broker>;
  node(nodeId: number): Promise<Broker>;
  /** Of the topics named, of all when null. */
  metadata(topics: readonly string[] | null): Promise<ClusterMetadata>;
  /** Tells that a request failed, so that what was remembered is asked again. */
  failed(error: unknown): void;
  close(): Promise<void>;
}

export type CoordinatorKind = 'group' | 'transaction';

const coordinatorType = { group: 0, transaction: 1 } as const;
const UNKNOWN_TOPIC = 3;
/** Seeds tried before giving up, where they refuse at once; one that stays silent takes its time alone. */
const SEED_TRIES = 4;
const SEED_MS = 1_000;

/** Connections of their own: requests on one connection are answered one after the other. */
export function createBrokers(kafka: Kafka): Brokers {
  const { connectionPoolBuilder, brokerPool } = brokerMakerOf(kafka);
  const nodes = new Map<number, Broker>();
  const layouts = new Map<string, Promise<readonly number[]>>();
  const coordinators = new Map<string, Promise<number>>();
  const ready = new WeakSet<Broker>();
  let seed: Broker | undefined;
  let seeding: Promise<Broker> | undefined;
  let closed = false;
  let refreshing: Promise<unknown> | undefined;

  const make = async (at?: { nodeId: number; host: string; port: number }): Promise<Broker> =>
    brokerPool.createBroker({
      connectionPool: await connectionPoolBuilder.build(at),
      logger: brokerPool.rootLogger,
      ...(at && { nodeId: at.nodeId }),
    });

  const drop = (broker: Broker): void => {
    if (broker.nodeId !== null && nodes.get(broker.nodeId) === broker) nodes.delete(broker.nodeId);
    if (seed === broker) seed = undefined;
    void discard(broker);
  };

  const connected = async (broker: Broker): Promise<Broker> => {
    // Connected is not yet ready: it must have said first which requests it understands.
    if (ready.has(broker) && broker.isConnected()) return broker;
    try {
      if (!closed) await broker.connect();
      // One that nobody knows of any more would keep the process alive.
      if (closed) throw new SignpostError('log-closed', 'The log is closed');
      ready.add(broker);
      return broker;
    } catch (error) {
      drop(broker);
      throw error;
    }
  };

  async function anyBroker(): Promise<Broker> {
    for (const broker of [...nodes.values(), ...(seed ? [seed] : [])]) {
      if (broker.isConnected()) return connected(broker);
    }
    // Whoever asks meanwhile waits for the same one: a second would be forgotten and stay open.
    seeding ??= connectSeed().finally(() => {
      seeding = undefined;
    });
    return seeding;
  }

  async function connectSeed(): Promise<Broker> {
    let last: unknown;
    const since = performance.now();
    for (let tries = 0; tries < SEED_TRIES; tries += 1) {
      try {
        if (seed !== undefined) drop(seed);
        seed = await make();
        return await connected(seed);
      } catch (error) {
        last = error;
        if (protocolType(error) !== undefined || !isConnectionLoss(error)) break;
        if (performance.now() - since > SEED_MS) break;
      }
    }
    throw last;
  }

  async function metadata(topics: readonly string[] | null): Promise<ClusterMetadata> {
    const broker = await anyBroker();
    let answer: ClusterMetadata;
    try {
      answer = await metadataOf(broker, topics);
    } catch (error) {
      drop(broker);
      throw error;
    }
    for (const at of answer.brokers) {
      const isKnown = (): boolean => {
        const known = nodes.get(at.nodeId)?.connectionPool;
        return known?.host === at.host && known.port === at.port;
      };
      if (isKnown()) continue;
      const made = await make(at);
      // Somebody else may have asked at the same time.
      if (isKnown()) continue;
      const replaced = nodes.get(at.nodeId);
      nodes.set(at.nodeId, made);
      if (replaced !== undefined) void discard(replaced);
    }
    return answer;
  }

  async function node(nodeId: number): Promise<Broker> {
    if (!nodes.has(nodeId)) {
      refreshing ??= metadata([]).finally(() => {
        refreshing = undefined;
      });
      await refreshing;
    }
    const broker = nodes.get(nodeId);
    if (broker === undefined) throw away(`There is no broker ${nodeId} at the moment`);
    return connected(broker);
  }

  async function askLayout(topic: string): Promise<readonly number[]> {
    const found = (await metadata([topic])).topics.find(({ name }) => name === topic);
    if (found === undefined || found.errorCode === UNKNOWN_TOPIC) {
      throw unknownTopic(`There is no topic ${topic}`);
    }
    // A topic with leaders is usable, whatever else is said of it.
    if (found.errorCode !== 0 && found.partitions.length === 0)
      throw errorAbout(found.errorCode, topic);
    const leaders: number[] = [];
    for (const { partition, leader } of found.partitions) leaders[partition] = leader;
    if (leaders.length === 0) throw away(`Topic ${topic} cannot be looked up at the moment`);
    return leaders;
  }

  const layoutOf = (topic: string): Promise<readonly number[]> =>
    remember(layouts, topic, () => askLayout(topic));

  async function askCoordinator(kind: CoordinatorKind, id: string): Promise<number> {
    const broker = await anyBroker();
    const { coordinator } = await broker.findGroupCoordinator({
      groupId: id,
      coordinatorType: coordinatorType[kind],
    });
    return coordinator.nodeId;
  }

  return {
    metadata,
    node,
    async partitionsOf(topic) {
      return (await layoutOf(topic)).length;
    },
    async leaderOf(topic, partition) {
      const leader = (await layoutOf(topic))[partition];
      if (leader === undefined) {
        throw unknownTopic(`Topic ${topic} has no partition ${partition}`);
      }
      if (leader < 0) {
        layouts.delete(topic);
        throw away(`${topic}/${partition} has no leader at the moment`);
      }
      return node(leader);
    },
    async coordinatorOf(kind, id) {
      return node(await remember(coordinators, `${kind} ${id}`, () => askCoordinator(kind, id)));
    },
    failed(error) {
      layouts.clear();
      coordinators.clear();
      // A connection that stays silent would be asked again and again; one that broke is known to be broken.
      if (isConnectionLoss(error)) nodes.forEach(drop);
    },
    async close() {
      closed = true;
      const all = [...nodes.values(), ...(seed ? [seed] : [])];
      nodes.clear();
      seed = undefined;
      await Promise.all(all.map(discard));
    },
  };
}

/** Asks once for those that ask together; what failed is not remembered. */
function remember<T>(
  known: Map<string, Promise<T>>,
  key: string,
  ask: () => Promise<T>,
): Promise<T> {
  const before = known.get(key);
  if (before !== undefined) return before;
  const asked = ask();
  known.set(key, asked);
  asked.catch(() => {
    if (known.get(key) === asked) known.delete(key);
  });
  return asked;
}

function away(message: string): SignpostError {
  return new SignpostError('log-unavailable', message, { hint: 'It is tried again.' });
}
