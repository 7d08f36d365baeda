// Settings of a Kafka cluster: the `kafka:` section of the configuration, over which the environment wins. A wrong
// value is refused with its name; secrets are best given by the environment.
import { z } from 'zod';
import { checkConfig } from '../../config.ts';

export const compressions = ['zstd', 'gzip', 'none'] as const;

const broker = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,253}:\d{1,5}$/, {
    error: 'must be host:port, the host a name or an IPv4 address',
    abort: true,
  })
  .refine(
    (at) => Number(at.slice(at.lastIndexOf(':') + 1)) <= 65_535,
    'must have a port of at most 65535',
  );

const mechanisms = 'must be one of plain, scram-sha-256, scram-sha-512, oauthbearer';
const copies = 'must be a whole number from 1 to 9';

const password = z.strictObject({
  mechanism: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']),
  username: z.string().min(1),
  password: z.string().min(1),
});

const oauth = z.strictObject({
  mechanism: z.literal('oauthbearer'),
  /** Where a client-credentials grant (RFC 6749, 4.4) gets its token; https unless on this machine. */
  tokenEndpoint: z
    .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
    .refine(isSafeEndpoint, 'must be https, since the secret is sent there'),
  clientId: z.string().min(1),
  clientSecret: z.string().min(1),
  scope: z.string().min(1).optional(),
});

const tls = z.strictObject({
  enabled: z.boolean().default(true),
  /** File with the authorities to trust, PEM; absent means those of Node. */
  ca: z.string().min(1).optional(),
  /** Files with this client's certificate and key, PEM: mutual TLS. */
  cert: z.string().min(1).optional(),
  key: z.string().min(1).optional(),
});

export const kafkaSettings = z
  .strictObject({
    /** Where to find the cluster first, as host:port. */
    brokers: z.array(broker).min(1),
    clientId: z.string().min(1).max(200).default('signpost'),
    tls: tls.optional(),
    sasl: z
      .discriminatedUnion('mechanism', [password, oauth], {
        error: ({ code }) => (code === 'invalid_union' ? mechanisms : undefined),
      })
      .optional(),
    /** Stands before every topic, group and transactional id: several deployments on one cluster. */
    topicPrefix: z
      .string()
      .regex(/^[A-Za-z0-9._-]{0,100}$/, 'must be letters, digits, dots, dashes and underscores')
      .default(''),
    /** Copies of each partition of topics that Signpost creates; 1 for one broker. */
    replicationFactor: z.number(copies).int(copies).min(1, copies).max(9, copies).default(3),
    /** Copies that must have a record before it counts as written; at most `replicationFactor`. */
    minInsyncReplicas: z.number(copies).int(copies).min(1, copies).max(9, copies).optional(),
    compression: z.enum(compressions).default('zstd'),
    /** A member not heard of for so long loses its partitions. */
    sessionTimeoutMs: z.number().int().min(1_000).max(300_000).default(10_000),
    heartbeatIntervalMs: z.number().int().min(100).max(60_000).default(1_000),
    /** How long a rebalance waits for members that are busy. */
    rebalanceTimeoutMs: z.number().int().min(1_000).max(600_000).default(30_000),
    /** A transaction left open for so long is aborted; readers of committed records wait for it until then. */
    transactionTimeoutMs: z.number().int().min(1_000).max(900_000).default(15_000),
    /** A request unanswered for so long failed. */
    requestTimeoutMs: z.number().int().min(500).max(120_000).default(10_000),
    connectionTimeoutMs: z.number().int().min(100).max(60_000).default(3_000),
    /** An append that is not durable by then is refused with `log-unavailable`. */
    appendTimeoutMs: z.number().int().min(500).max(120_000).default(10_000),
    /** Appends that come within so many milliseconds of each other share a transaction. */
    lingerMs: z.number().min(0).max(1_000).default(3),
    /** How long a broker may wait for records before it answers a fetch with none. */
    fetchWaitMs: z.number().int().min(1).max(10_000).default(100),
    /** Bytes asked of one partition at once, and held in memory of it: about twice that. */
    fetchBytesPerPartition: z.number().int().min(65_536).max(67_108_864).default(1_048_576),
  })
  .superRefine((settings, context) => {
    const refuse = (path: string, message: string): void => {
      context.addIssue({ code: 'custom', path: [path], message });
    };
    if (settings.heartbeatIntervalMs * 2 > settings.sessionTimeoutMs) {
      refuse('heartbeatIntervalMs', 'must be at most half of sessionTimeoutMs');
    }
    if ((settings.minInsyncReplicas ?? 1) > settings.replicationFactor) {
      refuse('minInsyncReplicas', 'must be at most replicationFactor');
    }
    if ((settings.tls?.cert === undefined) !== (settings.tls?.key === undefined)) {
      refuse('tls', 'cert and key are given both or neither');
    }
  });

export type KafkaSettings = z.output<typeof kafkaSettings>;

/** For messages: where the cluster is and who asks, nothing secret. */
export function clusterName({ brokers, sasl }: KafkaSettings): string {
  const at = brokers.join(', ');
  if (sasl === undefined) return at;
  return `${at} as ${'username' in sasl ? sasl.username : sasl.clientId} by ${sasl.mechanism}`;
}

/** Environment variables read by `readKafkaSettings`, and the setting each gives. */
export const kafkaEnvironment = {
  KAFKA_BROKERS: 'brokers',
  KAFKA_CLIENT_ID: 'clientId',
  KAFKA_TOPIC_PREFIX: 'topicPrefix',
  KAFKA_REPLICATION_FACTOR: 'replicationFactor',
  KAFKA_COMPRESSION: 'compression',
  KAFKA_TLS: 'tls.enabled',
  KAFKA_TLS_CA: 'tls.ca',
  KAFKA_TLS_CERT: 'tls.cert',
  KAFKA_TLS_KEY: 'tls.key',
  KAFKA_SASL_MECHANISM: 'sasl.mechanism',
  KAFKA_SASL_USERNAME: 'sasl.username',
  KAFKA_SASL_PASSWORD: 'sasl.password',
  KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT: 'sasl.tokenEndpoint',
  KAFKA_SASL_OAUTHBEARER_CLIENT_ID: 'sasl.clientId',
  KAFKA_SASL_OAUTHBEARER_CLIENT_SECRET: 'sasl.clientSecret',
  KAFKA_SASL_OAUTHBEARER_SCOPE: 'sasl.scope',
} as const;

/**
 * The settings of the cluster: `section` (of the YAML file) overlaid by `env`; undefined when neither names a cluster.
 * @throws SignpostError `config-invalid` naming each wrong setting.
 */
export function readKafkaSettings(
  section: unknown,
  env: Readonly<Record<string, string | undefined>>,
): KafkaSettings | undefined {
  const merged: Record<string, unknown> = isRecord(section) ? { ...section } : {};
  for (const [name, path] of Object.entries(kafkaEnvironment)) {
    const value = env[name];
    if (value !== undefined && value !== '') put(merged, path, value);
  }
  if (section === undefined && merged['brokers'] === undefined) return undefined;
  return checkConfig(kafkaSettings, merged, 'the kafka configuration', {
    variables: kafkaEnvironment,
  });
}

function put(target: Record<string, unknown>, path: string, text: string): void {
  const [first = '', second] = path.split('.');
  if (second === undefined) {
    target[first] = parsed(first, text);
  } else {
    const inner = target[first];
    target[first] = { ...(isRecord(inner) ? inner : {}), [second]: parsed(path, text) };
  }
}

function parsed(path: string, text: string): unknown {
  switch (path) {
    case 'brokers':
      return text.split(',').map((each) => each.trim());
    case 'replicationFactor':
      return /^\d{1,3}$/.test(text) ? Number(text) : text;
    case 'tls.enabled':
      return text === 'true' || text === '1'
        ? true
        : text === 'false' || text === '0'
          ? false
          : text;
    case 'sasl.mechanism':
      return text.toLowerCase();
    default:
      return text;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSafeEndpoint(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
}
