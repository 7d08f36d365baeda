// A client of the cluster that settings name: TLS and SASL made ready, codecs registered, logs handed to pino.
// What kafkajs logs is cut down to names and messages, so that no secret and nobody's words can be among it.
import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import kafkajs from 'kafkajs';
import type { Kafka, KafkaConfig, LogEntry } from 'kafkajs';
import { SignpostError } from '../../errors.ts';
import type { Logger } from '../../logger.ts';
import { registerCodecs } from './compression.ts';
import { mendKafkajs } from './kafkajs-internals.ts';
import { mendReadCommitted } from './kafkajs-read-committed.ts';
import { createTokenSource } from './oauth-token.ts';
import type { KafkaSettings } from './settings.ts';

/**
 * A kafkajs client; connects to nothing yet.
 * @throws SignpostError `config-invalid` when a file of certificates cannot be read.
 */
export function createKafka(settings: KafkaSettings, logger: Logger): Kafka {
  registerCodecs();
  mendKafkajs();
  mendReadCommitted();
  const ssl = tlsOf(settings);
  const sasl = saslOf(settings);
  return new kafkajs.Kafka({
    brokers: settings.brokers,
    clientId: settings.clientId,
    ...(ssl === undefined ? {} : { ssl }),
    ...(sasl === undefined ? {} : { sasl }),
    connectionTimeout: settings.connectionTimeoutMs,
    requestTimeout: settings.requestTimeoutMs,
    retry: { initialRetryTime: 50, maxRetryTime: 1_000, retries: 5 },
    logLevel: kafkajs.logLevel.INFO,
    logCreator: () => (entry) => write(logger, entry),
  });
}

/** Retries are kafkajs's own business: what it calls an error is one only when it reaches us. */
function write(logger: Logger, { level, namespace, log }: LogEntry): void {
  const { message, groupId, broker, error } = log;
  const fields = { from: `kafkajs ${namespace}`, groupId, broker, error: String(error ?? '') };
  if (level <= kafkajs.logLevel.WARN) logger.info(fields, message);
  else logger.debug(fields, message);
}

function tlsOf({ tls }: KafkaSettings): ConnectionOptions | undefined {
  if (tls === undefined || !tls.enabled) return undefined;
  const read = (name: 'ca' | 'cert' | 'key'): Partial<ConnectionOptions> => {
    const file = tls[name];
    if (file === undefined) return {};
    try {
      return { [name]: readFileSync(file, 'utf8') };
    } catch (cause) {
      throw new SignpostError('config-invalid', `Cannot read ${file}, named by kafka.tls.${name}`, {
        cause,
        hint: 'It must be a readable PEM file.',
      });
    }
  };
  return { ...read('ca'), ...read('cert'), ...read('key') };
}

function saslOf({ sasl }: KafkaSettings): KafkaConfig['sasl'] {
  if (sasl === undefined) return undefined;
  const { mechanism } = sasl;
  switch (mechanism) {
    case 'oauthbearer': {
      const token = createTokenSource(sasl, { fetch: globalThis.fetch, now: Date.now });
      return { mechanism, oauthBearerProvider: async () => ({ value: await token() }) };
    }
    case 'plain':
      return { mechanism, username: sasl.username, password: sasl.password };
    case 'scram-sha-256':
      return { mechanism, username: sasl.username, password: sasl.password };
    case 'scram-sha-512':
      return { mechanism, username: sasl.username, password: sasl.password };
  }
}
