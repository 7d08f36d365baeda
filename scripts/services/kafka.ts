// A real Apache Kafka from Maven Central's jars under the system's Java: one node or three, KRaft combined mode.
// A folder that holds a cluster is opened again with the same ports and data.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { freePorts } from './free-ports.ts';
import jars from './kafka-jars.json' with { type: 'json' };
import { kafkaProperties, log4jProperties, type KafkaLayout } from './kafka-properties.ts';
import { fetchPinnedFiles } from './pinned-files.ts';
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
  const classPath = (await fetchPinnedFiles(jars.jars)).join(delimiter);
  const layout = await layoutIn(dir, options.brokers);
  const java = javaCommand();
  const env = { ...process.env, CLASSPATH: classPath };
  writeFileSync(join(dir, 'log4j2.properties'), log4jProperties);

  const nodes = layout.nodes.map((node): KafkaNode => {
    const data = join(dir, `kafka-${node.id}`);
    const settings = join(dir, `kafka-${node.id}.properties`);
    writeFileSync(settings, kafkaProperties(layout, node, data));
    const server = serverProcess(
      {
        name: `kafka-${node.id}`,
        command: java,
        args: [
          `-Xmx${options.heapMb ?? 384}m`,
          '-XX:+UseG1GC',
          '-XX:+ExitOnOutOfMemoryError',
          `-Dlog4j2.configurationFile=${join(dir, 'log4j2.properties')}`,
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
          if (existsSync(join(data, 'meta.properties'))) return;
          await format(java, env, layout.clusterId, settings);
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

async function format(
  java: string,
  env: NodeJS.ProcessEnv,
  id: string,
  settings: string,
): Promise<void> {
  const tool = ['-XX:TieredStopAtLevel=1', 'kafka.tools.StorageTool', 'format'];
  try {
    await promisify(execFile)(java, [...tool, '-t', id, '-c', settings], { env });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      throw new ServerError('program-missing', explainJava('')!, error);
    }
    const log = String((error as { stderr?: string }).stderr);
    throw new ServerError('did-not-start', explainJava(log) ?? `Kafka's format failed:\n${log}`);
  }
}

function javaCommand(): string {
  const home = process.env['JAVA_HOME'];
  return home === undefined ? 'java' : join(home, 'bin/java');
}

function explainJava(log: string): string | undefined {
  if (log !== '' && !log.includes('UnsupportedClassVersionError')) return undefined;
  return 'Kafka needs Java 17 or newer: install a JRE (Debian: openjdk-17-jre-headless; macOS: brew install openjdk@17) or set JAVA_HOME.';
}
