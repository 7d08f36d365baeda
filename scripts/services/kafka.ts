// A real Apache Kafka from Maven Central's jars under the system's Java: one node or three, KRaft combined mode.
// A folder that holds a cluster is opened again with the same ports and data.
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { freePorts } from './free-ports.ts';
import { explainJava, javaEnvironment, javaProgram, jarsOnce, runJava } from './java.ts';
import jars from './kafka-jars.json' with { type: 'json' };
import { kafkaProperties, log4jProperties, type KafkaLayout } from './kafka-properties.ts';
import { ServerError } from './server-error.ts';
import { serverProcess, type Lifetime, type ServerProcess } from './server-process.ts';

export interface KafkaOptions {
  /** Holds the settings, logs and data; made when it does not exist. */
  readonly dir: string;
  /** One by default; a folder that already holds a cluster keeps its own number. */
  readonly brokers?: 1 | 3;
  /** `with-us` by default. */
  readonly lifetime?: Lifetime;
  /** Of each broker; 384 by default. */
  readonly heapMb?: number;
}

export interface KafkaNode extends ServerProcess {
  readonly id: number;
  /** `host:port` */
  readonly address: string;
}

export interface Kafka {
  /** `host:port` of every broker. */
  readonly bootstrap: readonly string[];
  readonly nodes: readonly KafkaNode[];
  /** Starts the nodes that do not run; resolves when all serve. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

export const kafkaVersion = jars.version;
const layoutFile = 'kafka.json';

/** Fetches Kafka when the cache does not have it, and starts it. Rejects with a ServerError that says what is missing. */
export async function startKafka(options: KafkaOptions): Promise<Kafka> {
  const kafka = await openKafka(options);
  try {
    await kafka.start();
    return kafka;
  } catch (error) {
    await kafka.stop();
    throw error;
  }
}

/** The cluster in the folder, running or not; lays it out when there is none. */
export async function openKafka(options: KafkaOptions): Promise<Kafka> {
  const dir = resolve(options.dir);
  mkdirSync(dir, { recursive: true });
  const layout = await layoutIn(dir, options.brokers);
  const env = javaEnvironment(jars.jars);
  const fetchJars = jarsOnce(jars.jars);
  const logging = join(dir, 'log4j2.properties');

  const nodes = layout.nodes.map((node): KafkaNode => {
    const data = join(dir, `kafka-${node.id}`);
    const settings = join(dir, `kafka-${node.id}.properties`);
    const server = serverProcess(
      {
        name: `kafka-${node.id}`,
        command: javaProgram('java'),
        args: [
          `-Xmx${options.heapMb ?? 384}m`,
          '-XX:+UseG1GC',
          '-XX:+ExitOnOutOfMemoryError',
          `-Dlog4j2.configurationFile=${logging}`,
          'kafka.Kafka',
          settings,
        ],
        env,
        mark: settings,
        pidFile: join(dir, `kafka-${node.id}.pid`),
        logFile: join(dir, `kafka-${node.id}.log`),
        stopSignal: 'SIGTERM',
        abortSignal: 'SIGKILL',
        prepare: async () => {
          await fetchJars();
          writeFileSync(logging, log4jProperties);
          writeFileSync(settings, kafkaProperties(layout, node, data));
          if (existsSync(join(data, 'meta.properties'))) return;
          const format = ['kafka.tools.StorageTool', 'format', '-t', layout.clusterId];
          await runJava('java', ['-XX:TieredStopAtLevel=1', ...format, '-c', settings], env);
        },
        isReady: (log) => log.includes('Kafka Server started'),
        readyWithinMs: 60_000,
        explain: explainJava,
      },
      options.lifetime ?? 'with-us',
    );
    return Object.assign(server, { id: node.id, address: `127.0.0.1:${node.client}` });
  });

  return {
    bootstrap: nodes.map(({ address }) => address),
    nodes,
    // Together: a node serves only once a majority of controllers is there.
    start: async () => {
      await Promise.all(nodes.filter(({ pid }) => pid === undefined).map((node) => node.start()));
    },
    // Together as well: the last node of three could not hand over its partitions to anybody.
    stop: async () => {
      await Promise.all(nodes.map((node) => node.stop()));
    },
  };
}

async function layoutIn(dir: string, brokers: 1 | 3 | undefined): Promise<KafkaLayout> {
  const path = join(dir, layoutFile);
  if (existsSync(path)) {
    const layout = JSON.parse(readFileSync(path, 'utf8')) as KafkaLayout;
    if (brokers !== undefined && layout.nodes.length !== brokers) {
      throw new ServerError(
        'wrong-folder',
        `${dir} holds a Kafka of ${layout.nodes.length} broker(s), not of ${brokers}. Name another folder.`,
      );
    }
    return layout;
  }
  const count = brokers ?? 1;
  const ports = await freePorts(2 * count);
  const layout: KafkaLayout = {
    clusterId: clusterId(),
    nodes: Array.from({ length: count }, (_, index) => ({
      id: index + 1,
      client: ports[2 * index]!,
      controller: ports[2 * index + 1]!,
    })),
  };
  writeFileSync(path, `${JSON.stringify(layout, null, 2)}\n`);
  return layout;
}

/** Kafka's own form of a UUID. A first byte below 0x80 keeps it from starting with a dash, which would read as an option. */
function clusterId(): string {
  const bytes = randomBytes(16);
  bytes[0]! &= 0x7f;
  return bytes.toString('base64url');
}
