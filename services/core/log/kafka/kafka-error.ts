// What errors of brokers and connections mean to the engine: fenced, away, refused, or a bug.
import { SignpostError } from '../../errors.ts';

/** Somebody else writes under this transactional id by now. 90 (PRODUCER_FENCED) is newer than kafkajs. */
const fencing: ReadonlySet<string> = new Set([
  'INVALID_PRODUCER_EPOCH',
  'PRODUCER_FENCED',
  'INVALID_PRODUCER_ID_MAPPING',
  'UNKNOWN_PRODUCER_ID',
]);
const refusing: ReadonlySet<string> = new Set([
  'TOPIC_AUTHORIZATION_FAILED',
  'GROUP_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
  'SASL_AUTHENTICATION_FAILED',
  'UNSUPPORTED_SASL_MECHANISM',
]);
/** Node's codes of certificates that are not trusted. */
const untrusted: ReadonlySet<unknown> = new Set([
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);
const tooLarge: ReadonlySet<string> = new Set([
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'OFFSET_METADATA_TOO_LARGE',
]);

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

/** The error to hand to the engine; errors that nobody foresaw are handed on as they are, being bugs. */
export function toSignpostError(error: unknown, doing: string): unknown {
  if (error instanceof SignpostError) return error;
  const type = protocolType(error);
  if (type !== undefined && fencing.has(type)) {
    return new SignpostError('fenced', `${doing}: somebody else has the partition by now`, {
      cause: error,
    });
  }
  if (type !== undefined && refusing.has(type)) {
    return new SignpostError('log-refused', `${doing}: Kafka refuses this client (${type})`, {
      cause: error,
      hint: 'Its principal lacks a right, or its credentials are wrong: see kafka.sasl and the ACLs.',
    });
  }
  const chain = chainOf(error);
  if (chain.some(({ name }) => name === 'KafkaJSSASLAuthenticationError')) {
    return new SignpostError('log-refused', `${doing}: Kafka does not accept the credentials`, {
      cause: error,
      hint: 'Check the mechanism, name and secret of kafka.sasl.',
    });
  }
  const certificate = chain.find((each) => untrusted.has((each as { code?: unknown }).code));
  if (certificate !== undefined) {
    return new SignpostError('log-refused', `${doing}: ${certificate.message}`, {
      cause: error,
      hint: 'kafka.tls.ca names the authorities that the brokers’ certificates come from.',
    });
  }
  if (type !== undefined && tooLarge.has(type)) {
    return new SignpostError(
      'record-too-large',
      `${doing}: a record is larger than its topic allows`,
      {
        cause: error,
        hint: 'max.message.bytes of the topic says how large a record may be.',
      },
    );
  }
  if (type === 'UNKNOWN_TOPIC_OR_PARTITION' || type === 'INVALID_TOPIC_EXCEPTION') {
    return new SignpostError('unknown-topic', `${doing}: there is no such topic`, { cause: error });
  }
  if (type !== undefined || chain.some(({ name }) => name.startsWith('KafkaJS'))) {
    return new SignpostError('log-unavailable', `${doing}: Kafka does not answer as it should`, {
      cause: error,
      hint: 'It is tried again; see the cause for what the broker said.',
    });
  }
  return error;
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
