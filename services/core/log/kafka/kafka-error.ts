// What errors of brokers and connections mean to the engine: fenced, away, refused, or a bug.
import { SignpostError } from '../../errors.ts';

/** Somebody else writes under this transactional id by now. 90 (PRODUCER_FENCED) is newer than kafkajs. */
const fencing: ReadonlySet<string> = new Set([
  'INVALID_PRODUCER_EPOCH',
  'PRODUCER_FENCED',
  'INVALID_PRODUCER_ID_MAPPING',
  'UNKNOWN_PRODUCER_ID',
]);
/** Rights that are missing, by what they are missing on. */
const unauthorized = {
  TOPIC_AUTHORIZATION_FAILED: 'topic',
  GROUP_AUTHORIZATION_FAILED: 'group',
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: 'transactionalId',
  CLUSTER_AUTHORIZATION_FAILED: 'cluster',
} as const;
/** What is wrong between this client's settings and the brokers', and does not pass by itself. */
const unfit: Readonly<Record<string, { code: string; why: string; hint: string }>> = {
  SASL_AUTHENTICATION_FAILED: {
    code: 'log-refused',
    why: 'Kafka does not accept the credentials',
    hint: 'Check mechanism, username and password of kafka.sasl: a user must be known for that very mechanism.',
  },
  UNSUPPORTED_SASL_MECHANISM: {
    code: 'log-refused',
    why: 'the listener does not offer this SASL mechanism',
    hint: 'Set kafka.sasl.mechanism (KAFKA_SASL_MECHANISM) to one of sasl.enabled.mechanisms of the brokers.',
  },
  ILLEGAL_SASL_STATE: {
    code: 'log-refused',
    why: 'the listener asks for no password',
    hint: 'Leave kafka.sasl out, or name the address of a listener with SASL.',
  },
  INVALID_REPLICATION_FACTOR: {
    code: 'too-few-brokers',
    why: 'fewer brokers answer than topics are to have copies',
    hint: 'Start the brokers that are away, or set kafka.replicationFactor (KAFKA_REPLICATION_FACTOR) to their number.',
  },
};
/** Node's codes of certificates that are not trusted. */
const untrusted: ReadonlySet<unknown> = new Set([
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);
const tooLarge: ReadonlySet<string> = new Set([
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'OFFSET_METADATA_TOO_LARGE',
]);

/** By the names that Kafka's rights have for them. */
export type Operation = 'Alter' | 'AlterConfigs' | 'Create' | 'Describe' | 'Read' | 'Write';

/** What was asked for: names the right that is missing where Kafka refuses it. */
export interface Asked {
  readonly operation?: Operation;
  /** Where the error itself does not say which: kafkajs drops it from most. */
  readonly topic?: string;
  readonly group?: string;
  readonly transactionalId?: string;
}

/** The protocol's name of an error, found through kafkajs's wrappings; undefined when it is none of the protocol's. */
export function protocolType(error: unknown): string | undefined {
  for (const each of chainOf(error)) {
    if (each.message === 'Unknown error code 90') return 'PRODUCER_FENCED';
    const { type } = each as { type?: unknown };
    if (typeof type === 'string') return type;
  }
  return undefined;
}

export function isFencing(error: unknown): boolean {
  if (error instanceof SignpostError) return error.code === 'fenced';
  const type = protocolType(error);
  return type !== undefined && fencing.has(type);
}

/** A connection that broke or could not be made, or an answer that did not come: nobody knows what was done. */
export function isConnectionLoss(error: unknown): boolean {
  return chainOf(error).some(({ name }) =>
    /^KafkaJS(Connection|ConnectionClosed|RequestTimeout|BrokerNotFound|LockTimeout)/.test(name),
  );
}

/**
 * The error to hand to the engine: what, where, and what to do. Errors that nobody foresaw are handed on as they are,
 * being bugs. Codes are `fenced`, `log-refused`, `too-few-brokers`, `record-too-large`, `unknown-topic`, and
 * `log-unavailable` for what may pass.
 */
export function toSignpostError(error: unknown, doing: string, asked: Asked = {}): unknown {
  const chain = chainOf(error);
  const told = chain.find((each) => each instanceof SignpostError);
  if (told !== undefined) return told;
  const make = (code: string, why: string, hint?: string): SignpostError =>
    new SignpostError(code, `${doing}: ${why}`, { cause: error, ...(hint && { hint }) });

  const type = protocolType(error);
  const topic =
    chain.map((each) => (each as { topic?: unknown }).topic).find(isName) ?? asked.topic;
  if (type !== undefined && fencing.has(type)) {
    return make('fenced', 'somebody else has the partition by now');
  }
  if (type !== undefined && type in unauthorized) {
    return make(
      'log-refused',
      `this client has no right to ${rightOf(type as keyof typeof unauthorized, topic, asked)}`,
      'Its principal needs that ACL: `signpost topics acls` prints those of every service.',
    );
  }
  const isLogin = chain.some(({ name }) => name === 'KafkaJSSASLAuthenticationError');
  const misfit = unfit[type ?? (isLogin ? 'SASL_AUTHENTICATION_FAILED' : '')];
  if (misfit !== undefined) return make(misfit.code, misfit.why, misfit.hint);
  if (type !== undefined && tooLarge.has(type)) {
    return make(
      'record-too-large',
      `a record is larger than ${topic ?? 'its topic'} allows`,
      '`signpost topics apply` tells whether max.message.bytes of the topic is as it should be.',
    );
  }
  if (type === 'UNKNOWN_TOPIC_OR_PARTITION' || type === 'INVALID_TOPIC_EXCEPTION') {
    return unknownTopic(`${doing}: there is no topic ${topic ?? 'of that name'}`, error);
  }
  if (type !== undefined) {
    const said = chain.find((each) => 'type' in each)?.message;
    return make('log-unavailable', `Kafka says: ${said} (${type})`);
  }
  const refusal = certificateRefusal(chain);
  if (refusal !== undefined) return make('log-refused', ...refusal);
  if (chain.some(({ name }) => name.startsWith('KafkaJS'))) {
    return make('log-unavailable', ...connectionTrouble(chain));
  }
  return error;
}

export function unknownTopic(message: string, cause?: unknown): SignpostError {
  return new SignpostError('unknown-topic', message, {
    ...(cause === undefined ? {} : { cause }),
    hint: 'Was it deleted, or never made? `signpost topics apply` creates what is missing.',
  });
}

function rightOf(
  type: keyof typeof unauthorized,
  topic: string | undefined,
  { operation, group, transactionalId }: Asked,
): string {
  switch (unauthorized[type]) {
    case 'topic':
      return `${operation ?? 'use'} topic ${topic ?? '(Kafka does not say which)'}`;
    case 'group':
      return `${operation === 'Describe' ? operation : 'Read'} group ${group ?? '(Kafka does not say which)'}`;
    case 'transactionalId':
      return `Write transactional id ${transactionalId ?? '(Kafka does not say which)'}`;
    case 'cluster':
      return `${operation ?? 'do so'} on the cluster`;
  }
}

/** Why, and what to do about it. */
type Trouble = readonly [why: string, hint: string];

function certificateRefusal(chain: readonly Error[]): Trouble | undefined {
  const at = placeOf(chain);
  const codes = chain.map((each) => (each as { code?: unknown }).code).filter(isName);
  const code = codes.find((each) => untrusted.has(each));
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return [
      `the certificate of ${at} is for another name`,
      'Connect by a name that is in the certificate: that of the address and those that brokers advertise.',
    ];
  }
  if (code !== undefined) {
    return [
      `the certificate of ${at} is not trusted (${code})`,
      'kafka.tls.ca (KAFKA_TLS_CA) names the file with the authority that the brokers’ certificates come from.',
    ];
  }
  if (codes.some((each) => /^ERR_SSL_\w*ALERT_\w*(?:CERTIFICATE|UNKNOWN_CA)/.test(each))) {
    return [
      `${at} does not accept this client’s certificate`,
      'kafka.tls.cert and kafka.tls.key (KAFKA_TLS_CERT, KAFKA_TLS_KEY) must be of an authority that the brokers trust.',
    ];
  }
  return undefined;
}

function connectionTrouble(chain: readonly Error[]): Trouble {
  const at = placeOf(chain);
  const messages = chain.map(({ message }) => message).join('\n');
  const isClosed = chain.some(({ name }) => name === 'KafkaJSConnectionClosedError');
  if (messages.includes('ECONNREFUSED')) {
    return [
      `nothing listens at ${at}`,
      'Is the broker running, and is that its address (kafka.brokers, KAFKA_BROKERS)?',
    ];
  }
  if (/ENOTFOUND|EAI_AGAIN/.test(messages)) {
    return [
      `the host of ${at} is not found`,
      'It is named by kafka.brokers (KAFKA_BROKERS), or by the brokers themselves in advertised.listeners.',
    ];
  }
  if (/before secure TLS|wrong version number|packet length too long/.test(messages)) {
    return [
      `${at} ends the connection before TLS is agreed on`,
      'Does that listener speak TLS? If not, take another address or turn kafka.tls off (KAFKA_TLS=false).',
    ];
  }
  if (isClosed || /ECONNRESET|EPIPE|closed by the server/.test(messages)) {
    return [
      `${at} closes the connection`,
      'If it stays so: does that listener want TLS (kafka.tls) or a password (kafka.sasl)? The broker’s log says.',
    ];
  }
  if (/time[d]? ?out|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH/i.test(messages)) {
    return [
      `${at} does not answer`,
      'Is the broker running, can it be reached from here, and is that a port of Kafka?',
    ];
  }
  return [
    `${at}: ${chain.at(-1)?.message ?? 'no reason given'}`,
    'If it stays so, the log of the broker may say more.',
  ];
}

function placeOf(chain: readonly Error[]): string {
  return chain.map((each) => (each as { broker?: unknown }).broker).find(isName) ?? 'Kafka';
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function chainOf(error: unknown): Error[] {
  const chain: Error[] = [];
  for (let each = error; each instanceof Error && chain.length < 8;) {
    chain.push(each);
    const { originalError, cause } = each as { originalError?: unknown; cause?: unknown };
    each = originalError ?? cause;
  }
  return chain;
}
