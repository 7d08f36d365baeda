// The settings of a Kafka broker for one machine: combined broker and controller, small topics of its own, quick groups.
import type { KafkaUsers } from './kafka-security.ts';

export interface KafkaNodePorts {
  readonly id: number;
  readonly client: number;
  readonly controller: number;
  /** SASL without TLS, and with; of a cluster that has users. */
  readonly sasl?: number;
  readonly saslTls?: number;
}

export interface KafkaLayout {
  readonly clusterId: string;
  readonly nodes: readonly KafkaNodePorts[];
  readonly users?: KafkaUsers;
  readonly keystorePassword?: string;
}

/** What every broker of a cluster of so many brokers has, wherever it runs. */
export function brokerSettings(brokers: number): Readonly<Record<string, string>> {
  const replicas = Math.min(3, brokers);
  const copies = String(replicas);
  const inSync = String(Math.max(1, replicas - 1));
  return {
    'process.roles': 'broker,controller',
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'listener.security.protocol.map':
      'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL',
    'auto.create.topics.enable': 'false',
    'default.replication.factor': copies,
    'min.insync.replicas': inSync,
    'offsets.topic.replication.factor': copies,
    'transaction.state.log.replication.factor': copies,
    'transaction.state.log.min.isr': inSync,
    'share.coordinator.state.topic.replication.factor': copies,
    'share.coordinator.state.topic.min.isr': inSync,
    // Fifty each by default: creating them is most of the wait of the first consumer and the first transaction.
    'offsets.topic.num.partitions': '5',
    'transaction.state.log.num.partitions': '5',
    'share.coordinator.state.topic.num.partitions': '1',
    // The first member of a group need not wait three seconds for others to join.
    'group.initial.rebalance.delay.ms': '0',
    // A killed broker may come back only when its old self is given up: after nine seconds by default.
    'broker.session.timeout.ms': '4000',
    'broker.heartbeat.interval.ms': '500',
    // What a killed process left open hides all behind it, and is looked for every ten seconds by default.
    'transaction.abort.timed.out.transaction.cleanup.interval.ms': '1000',
    'group.min.session.timeout.ms': '1000',
    'group.max.session.timeout.ms': '300000',
    'num.network.threads': '2',
    'num.io.threads': '4',
    'log.cleaner.dedupe.buffer.size': '16777216',
  };
}

/** server.properties of one node; `data` is where its log stands, `further` what it has besides, users' security with it. */
export function kafkaProperties(
  layout: KafkaLayout,
  node: KafkaNodePorts,
  data: string,
  further: Readonly<Record<string, string>>,
): string {
  const clients = [
    `PLAINTEXT://127.0.0.1:${node.client}`,
    ...(node.sasl === undefined ? [] : [`SASL_PLAINTEXT://127.0.0.1:${node.sasl}`]),
    ...(node.saslTls === undefined ? [] : [`SASL_SSL://127.0.0.1:${node.saslTls}`]),
  ].join(',');
  const settings: Readonly<Record<string, string>> = {
    ...brokerSettings(layout.nodes.length),
    'node.id': String(node.id),
    'controller.quorum.voters': layout.nodes
      .map(({ id, controller }) => `${id}@127.0.0.1:${controller}`)
      .join(','),
    listeners: `${clients},CONTROLLER://127.0.0.1:${node.controller}`,
    'advertised.listeners': clients,
    'log.dirs': data,
    ...further,
  };
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

export const log4jProperties = `status=error
appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=%d{ISO8601} %p %c{1} %m%n
rootLogger.level=info
rootLogger.appenderRef.out.ref=out
`;
