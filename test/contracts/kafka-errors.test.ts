// What goes wrong with a cluster reaches people as one sentence: what, where, what to do.
import { setTimeout as pause } from 'node:timers/promises';
import kafkajs from 'kafkajs';
import { beforeAll, describe, expect, it, test } from 'vitest';
import { SignpostError } from '#core/errors.ts';
import { createKafka } from '#core/log/kafka/connect.ts';
import { toSignpostError, type Asked } from '#core/log/kafka/kafka-error.ts';
import { errorAbout } from '#core/log/kafka/requests.ts';
import type { Batch, Subscription } from '#core/log/port.ts';
import { openTestLog, testLogger, testSettings } from '../support/kafka-log.ts';
import { kafkaServer } from '../support/servers.ts';
import { createClaimModel } from './claim-store.model.ts';
import { record } from './log.contract.ts';

/** Longer ago than the times that the records bear: Kafka forgets by those. */
const RETENTION_MS = 20 * 365 * 24 * 60 * 60 * 1000;
const { KafkaJSConnectionError, KafkaJSNumberOfRetriesExceeded } = kafkajs;

const lost = (message: string, code = ''): Error =>
  new KafkaJSConnectionError(message, { broker: 'kafka-1:9092', code });
const codes = { unknownTopic: 3, tooLarge: 10, topic: 29, group: 30, replication: 38, id: 53 };

describe('an error of the cluster', () => {
  const asked: Asked = { operation: 'Write', topic: 'asked', group: 'g', transactionalId: 'g.t.0' };
  test.each<[string, Error, string, string]>([
    [
      'a right on a topic',
      errorAbout(codes.topic, 't'),
      'log-refused',
      'no right to Write topic t',
    ],
    [
      'a right on what kafkajs forgot',
      errorAbout(codes.topic, ''),
      'log-refused',
      'Write topic asked',
    ],
    ['a right on a group', errorAbout(codes.group, ''), 'log-refused', 'no right to Read group g'],
    ['a right on an id', errorAbout(codes.id, ''), 'log-refused', 'Write transactional id g.t.0'],
    ['the topic that is gone', errorAbout(codes.unknownTopic, 't'), 'unknown-topic', 'no topic t'],
    [
      'the topic that is small',
      errorAbout(codes.tooLarge, 't'),
      'record-too-large',
      'than t allows',
    ],
    ['missing brokers', errorAbout(codes.replication, 't'), 'too-few-brokers', 'fewer brokers'],
    [
      'credentials',
      Object.assign(new Error('No'), { name: 'KafkaJSSASLAuthenticationError' }),
      'log-refused',
      'does not accept the credentials',
    ],
    [
      'a wrong address',
      lost('connect ECONNREFUSED'),
      'log-unavailable',
      'nothing listens at kafka-1',
    ],
    [
      'a wrong name',
      lost('getaddrinfo ENOTFOUND'),
      'log-unavailable',
      'host of kafka-1:9092 is not',
    ],
    ['silence', lost('Connection timeout'), 'log-unavailable', 'kafka-1:9092 does not answer'],
    [
      'an unknown authority',
      lost('self-signed', 'DEPTH_ZERO_SELF_SIGNED_CERT'),
      'log-refused',
      'certificate of kafka-1:9092 is not trusted',
    ],
    [
      'a certificate for another name',
      lost('altnames', 'ERR_TLS_CERT_ALTNAME_INVALID'),
      'log-refused',
      'for another name',
    ],
    [
      'a certificate of ours that is refused',
      lost('alert', 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED'),
      'log-refused',
      'does not accept this client’s certificate',
    ],
  ])('names %s, however deep kafkajs wrapped it, and says what to do', (_, error, code, why) => {
    const wrapped = new KafkaJSNumberOfRetriesExceeded(error, { retryCount: 5, retryTime: 1 });
    for (const each of [error, wrapped]) {
      expect(toSignpostError(each, 'Doing it', asked)).toMatchObject({
        code,
        message: expect.stringMatching(/^Doing it: /),
        hint: expect.stringMatching(/\S/),
      });
      expect(toSignpostError(each, 'Doing it', asked)).toMatchObject({
        message: expect.stringContaining(why),
      });
    }
  });

  test('of our own is found within, and a bug stays a bug', () => {
    const own = new SignpostError('log-closed', 'closed');
    const bug = new TypeError('undefined is not a function');
    expect(toSignpostError(new Error('wrapped', { cause: own }), 'Doing it')).toBe(own);
    expect(toSignpostError(bug, 'Doing it')).toBe(bug);
  });
});

describe('on a real broker', () => {
  let brokers: readonly string[];
  beforeAll(async () => {
    ({ brokers } = await kafkaServer());
  }, 120_000);

  it('more copies than brokers are refused in words, and nothing is created', async () => {
    const log = await openTestLog(
      testSettings(brokers, { replicationFactor: 3 }),
      createClaimModel(),
    );
    const wanted = [{ name: 'many', partitions: 1, retentionMs: RETENTION_MS }];
    await expect(log.ensureTopics(wanted)).rejects.toMatchObject({
      code: 'too-few-brokers',
      hint: expect.stringContaining('kafka.replicationFactor'),
    });
    expect(await log.topics()).toEqual([]);
    await log.close();
  });

  it('a topic deleted while it is read is named, holds up no other, and is read once it is back', async () => {
    const settings = testSettings(brokers);
    const log = await openTestLog(settings, createClaimModel());
    const both = ['kept', 'deleted'].map((name) => ({
      name,
      partitions: 1,
      retentionMs: RETENTION_MS,
    }));
    await log.ensureTopics(both);
    const subscription = await log.subscribe({ group: 'signpost.g', topics: ['kept', 'deleted'] });
    const admin = createKafka(settings, testLogger).admin();
    await admin.connect();
    await admin.deleteTopics({ topics: [`${settings.topicPrefix}deleted`] });
    await admin.disconnect();

    expect(await nextError(subscription)).toMatchObject({
      code: 'unknown-topic',
      message: expect.stringContaining(`${settings.topicPrefix}deleted`),
      hint: expect.stringContaining('signpost topics apply'),
    });
    await log.append([record('kept', 'k', 'meanwhile')]);
    const kept = await nextOf(subscription);
    expect(kept.topic).toBe('kept');
    await kept.commit([]);
    await log.ensureTopics(both);
    await log.append([record('deleted', 'k', 'again')]);
    const back = await nextOf(subscription);
    expect(back.topic).toBe('deleted');
    await subscription.close();
    await log.close();
  }, 60_000);
});

async function nextError(subscription: Subscription): Promise<unknown> {
  const signal = AbortSignal.timeout(20_000);
  return subscription.next(signal).then(
    () => new Error('no error came'),
    (error: unknown) => error,
  );
}

/** As the engine does: what fails is asked again. */
async function nextOf(subscription: Subscription): Promise<Batch> {
  const signal = AbortSignal.timeout(20_000);
  for (;;) {
    try {
      const batch = await subscription.next(signal);
      if (batch === null) throw new Error('nothing came');
      return batch;
    } catch (error) {
      if (!(error instanceof SignpostError)) throw error;
      await pause(50);
    }
  }
}
