// Servers in containers, of the images and settings that docker-compose.yml uses. They go with the run: the reaper of
// testcontainers removes them when the run was killed.
import { randomBytes } from 'node:crypto';
import type { StartedTestContainer } from 'testcontainers';
import { freePorts } from '../../../scripts/services/free-ports.ts';
import { brokerSettings } from '../../../scripts/services/kafka-properties.ts';
import type { Running, ServerName } from './sources.ts';

const startWithinMs = 120_000;
// Loaded when a run first asks for a server: it takes half a second.
const library = () => import('testcontainers');

/** The name under which containers' ports are reached; undefined when no engine answers. */
export async function containerHost(): Promise<string | undefined> {
  const { getContainerRuntimeClient } = await library();
  try {
    return (await getContainerRuntimeClient()).info.containerRuntime.host;
  } catch {
    return undefined;
  }
}

/** Starts one, pulling its image when the engine does not have it. */
export const startContainer: Readonly<Record<ServerName, (host: string) => Promise<Running>>> = {
  kafka: async (host) => {
    const { GenericContainer, Wait } = await library();
    // The broker must know before it starts where its clients will find it, so the port is not left to the engine.
    const [port] = await freePorts(1);
    const settings: Readonly<Record<string, string>> = {
      ...brokerSettings(1),
      'node.id': '1',
      'controller.quorum.voters': '1@localhost:9093',
      listeners: 'PLAINTEXT://:9092,CONTROLLER://:9093',
      'advertised.listeners': `PLAINTEXT://${host}:${port}`,
      'log.dirs': '/tmp/kafka-data',
    };
    const environment = Object.entries(settings).map(([name, value]): [string, string] => [
      `KAFKA_${name.replaceAll('.', '_').toUpperCase()}`,
      value,
    ]);
    const container = await new GenericContainer('apache/kafka:4.2.1')
      .withEnvironment({ ...Object.fromEntries(environment), KAFKA_HEAP_OPTS: '-Xmx384m' })
      .withExposedPorts({ container: 9092, host: port! })
      .withWaitStrategy(Wait.forLogMessage(/Kafka Server started/))
      .withStartupTimeout(startWithinMs)
      .start();
    return running({ brokers: [`${host}:${port}`] }, container);
  },
  postgres: async (host) => {
    const { GenericContainer, Wait } = await library();
    const password = randomBytes(16).toString('hex');
    const container = await new GenericContainer('postgres:18-alpine')
      .withEnvironment({
        POSTGRES_USER: 'signpost',
        POSTGRES_PASSWORD: password,
        POSTGRES_DB: 'postgres',
      })
      .withCommand(['postgres', '-c', 'fsync=off', '-c', 'max_connections=200'])
      .withExposedPorts(5432)
      // Twice: the first time it only makes the database and listens to nobody else.
      .withWaitStrategy(Wait.forLogMessage(/database system is ready to accept connections/, 2))
      .withStartupTimeout(startWithinMs)
      .start();
    const address = `${host}:${container.getMappedPort(5432)}`;
    return running({ url: `postgres://signpost:${password}@${address}/postgres` }, container);
  },
  s3: async (host) => {
    const { GenericContainer, Wait } = await library();
    const key = { accessKeyId: 'signpost', secretAccessKey: randomBytes(16).toString('hex') };
    const container = await new GenericContainer('versity/versitygw:v1.8.0')
      .withEnvironment({
        ROOT_ACCESS_KEY_ID: key.accessKeyId,
        ROOT_SECRET_ACCESS_KEY: key.secretAccessKey,
        VGW_PORT: ':7070',
        VGW_HEALTH: '/health',
      })
      .withCommand(['posix', '/tmp'])
      .withExposedPorts(7070)
      .withWaitStrategy(Wait.forHttp('/health', 7070))
      .withStartupTimeout(startWithinMs)
      .start();
    const endpoint = `http://${host}:${container.getMappedPort(7070)}`;
    return running({ endpoint, region: 'us-east-1', ...key }, container);
  },
};

function running(server: unknown, container: StartedTestContainer): Running {
  return {
    server,
    stop: async () => {
      await container.stop();
    },
  };
}
