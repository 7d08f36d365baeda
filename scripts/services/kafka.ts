// A real Apache Kafka from Maven Central's jars under the system's Java: one node or three, KRaft combined mode.
// A folder that holds a cluster is opened again with the same ports and data.
import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { classArchive, type ClassArchive } from './class-archive.ts';
import { freePorts } from './free-ports.ts';
import { explainJava, javaEnvironment, javaProgram, quickStartFlags, runJava } from './java.ts';
import jars from './kafka-jars.json' with { type: 'json' };
import { kafkaProperties, log4jProperties, type KafkaLayout } from './kafka-properties.ts';
import {
  certificatePath,
  checkUsers,
  makeKeystore,
  newPassword,
  scramArguments,
  securityProperties,
  type KafkaUsers,
} from './kafka-security.ts';
import { fetchPinnedFiles } from './pinned-files.ts';
import { ServerError } from './server-error.ts';
import { allOf, serverProcess, type Lifetime, type ServerProcess } from './server-process.ts';

export interface KafkaOptions {
  /** Holds the settings, logs and data; made when it does not exist. */
  readonly dir: string;
  /** One by default; a folder that already holds a cluster keeps its own number. */
  readonly brokers?: 1 | 3;
  /** `with-us` by default. */
  readonly lifetime?: Lifetime;
  /** Of each broker; 384 by default. */
  readonly heapMb?: number;
  /**
   * Compiles less and loads classes from an archive, which the first start of all makes: the broker starts in half the
   * processor time, and serves more slowly under load. For tests, not for measurements; false by default.
   */
  readonly quickStart?: boolean;
  /** Further flags for the JVM of each broker. */
  readonly javaFlags?: readonly string[];
  /**
   * Gives a new cluster SASL listeners (PLAIN, SCRAM-SHA-256 and -512, OAUTHBEARER with unsigned tokens), with TLS and
   * without, for these users, and ACLs that deny what they do not allow. A folder that holds a cluster keeps its own.
   */
  readonly users?: KafkaUsers;
  /** Over the settings that every broker here has, by Kafka's names. */
  readonly settings?: Readonly<Record<string, string>>;
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
  /** Of a cluster with users. */
  readonly secured?: SecuredListeners;
  /** Starts the nodes that do not run; resolves when all serve. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface SecuredListeners {
  readonly users: KafkaUsers;
  /** `host:port` of every broker: SASL without TLS. */
  readonly sasl: readonly string[];
  /** `host:port` of every broker: SASL with TLS. */
  readonly saslTls: readonly string[];
  /** The file with the certificate to trust, PEM. */
  readonly caFile: string;
}

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
  const layout = await layoutIn(dir, options);
  const env = javaEnvironment(jars.jars);
  const logging = join(dir, 'log4j2.properties');
  const { users } = layout;
  const keystore = { path: join(dir, 'kafka.p12'), password: layout.keystorePassword ?? '' };
  const security = users === undefined ? {} : securityProperties(users, keystore);
  const further = { ...options.settings, ...security };

  const { quickStart = false, javaFlags = [] } = options;
  let archive: ClassArchive | undefined;
  const startFlags = (): readonly string[] =>
    quickStart ? [...quickStartFlags, ...(archive?.flags() ?? [])] : ['-XX:+UseG1GC'];

  // Once, though the nodes start together.
  let shared: Promise<void> | undefined;
  const prepareShared = async (): Promise<void> => {
    await fetchPinnedFiles(jars.jars);
    writeFileSync(logging, log4jProperties);
    if (users !== undefined) await makeKeystore(dir, keystore);
    if (!quickStart) return;
    archive = classArchive('kafka', jars.jars);
    await archive.make(trainBroker);
  };

  const nodes = layout.nodes.map((node): KafkaNode => {
    const data = join(dir, `kafka-${node.id}`);
    const settings = join(dir, `kafka-${node.id}.properties`);
    const server = serverProcess(
      {
        name: `kafka-${node.id}`,
        command: javaProgram('java'),
        args: () => [
          `-Xmx${options.heapMb ?? 384}m`,
          ...startFlags(),
          ...javaFlags,
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
          await (shared ??= prepareShared());
          writeSettings(settings, kafkaProperties(layout, node, data, further));
          if (existsSync(data)) return;
          // Beside its place, then renamed: what a killed command left half made is not taken for a broker's data.
          const draft = `${data}.unfinished`;
          rmSync(draft, { recursive: true, force: true });
          writeSettings(`${draft}.properties`, kafkaProperties(layout, node, draft, further));
          const format = ['kafka.tools.StorageTool', 'format', '-t', layout.clusterId];
          const from = ['-c', `${draft}.properties`, ...scramArguments(users ?? {})];
          const flags = [...quickStartFlags, ...(archive?.flags() ?? [])];
          await runJava('java', [...flags, ...format, ...from], env);
          rmSync(`${draft}.properties`);
          renameSync(draft, data);
        },
        isReady: (log) => log.includes('Kafka Server started'),
        readyWithinMs: 120_000,
        explain: explainJava,
      },
      options.lifetime ?? 'with-us',
    );
    return Object.assign(server, { id: node.id, address: `127.0.0.1:${node.client}` });
  });

  return {
    bootstrap: nodes.map(({ address }) => address),
    nodes,
    ...(users === undefined ? {} : { secured: securedListeners(dir, layout, users) }),
    // Together: a node serves only once a majority of controllers is there.
    start: async () => {
      await allOf(nodes.filter(({ pid }) => pid === undefined).map((node) => node.start()));
    },
    // Of three, the last two have lost the quorum that a clean stop asks for, and would wait for it in vain.
    stop: async () => {
      const withinMs = nodes.length === 1 ? 30_000 : 2_000;
      await allOf(nodes.map((node) => node.stop(withinMs)));
    },
  };
}

/** A broker of its own that comes up and goes, for the archive of the classes it needs. */
async function trainBroker(flags: readonly string[]): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'signpost-classes-'));
  try {
    const kafka = await startKafka({ dir, javaFlags: flags });
    await kafka.stop();
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** They may hold passwords. */
function writeSettings(path: string, text: string): void {
  writeFileSync(path, text, { mode: 0o600 });
}

async function layoutIn(
  dir: string,
  { brokers, users }: Pick<KafkaOptions, 'brokers' | 'users'>,
): Promise<KafkaLayout> {
  const path = join(dir, 'kafka.json');
  if (existsSync(path)) {
    const layout = JSON.parse(readFileSync(path, 'utf8')) as KafkaLayout;
    const refuse = (what: string): never => {
      throw new ServerError('wrong-folder', `${dir} holds a Kafka ${what}. Name another folder.`);
    };
    const count = layout.nodes.length;
    if (brokers !== undefined && count !== brokers) refuse(`of ${count} broker(s), not ${brokers}`);
    if (users !== undefined && layout.users === undefined) refuse('without users');
    return layout;
  }
  const count = brokers ?? 1;
  const perNode = users === undefined ? 2 : 4;
  const ports = await freePorts(perNode * count);
  const layout: KafkaLayout = {
    clusterId: clusterId(),
    nodes: Array.from({ length: count }, (_, index) => {
      const [client, controller, sasl, saslTls] = ports.slice(perNode * index);
      const plain = { id: index + 1, client: client!, controller: controller! };
      return users === undefined ? plain : { ...plain, sasl: sasl!, saslTls: saslTls! };
    }),
    ...(users === undefined ? {} : { users: checkUsers(users), keystorePassword: newPassword() }),
  };
  writeFileSync(path, `${JSON.stringify(layout, null, 2)}\n`, { mode: 0o600 });
  return layout;
}

function securedListeners(dir: string, layout: KafkaLayout, users: KafkaUsers): SecuredListeners {
  const at = (port: 'sasl' | 'saslTls'): readonly string[] =>
    layout.nodes.map((node) => `127.0.0.1:${node[port]}`);
  return { users, sasl: at('sasl'), saslTls: at('saslTls'), caFile: certificatePath(dir) };
}

/** Kafka's own form of a UUID. A first byte below 0x80 keeps it from starting with a dash, which would read as an option. */
function clusterId(): string {
  const bytes = randomBytes(16);
  bytes[0]! &= 0x7f;
  return bytes.toString('base64url');
}
