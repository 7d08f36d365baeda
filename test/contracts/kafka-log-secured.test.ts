// The log under a principal of few rights, over TLS, by every SASL mechanism; who is refused is told so at once.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import kafkajs, { type AclEntry } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKafka } from '#core/log/kafka/connect.ts';
import type { KafkaSettings } from '#core/log/kafka/settings.ts';
import type { Log } from '#core/log/port.ts';
import { startKafka, type Kafka } from '../../scripts/services/kafka.ts';
import { openClusterTopics } from '../../services/cli/topics/cluster-topics.ts';
import { openTestLog, testLogger, testSettings } from '../support/kafka-log.ts';
import { createClaimModel } from './claim-store.model.ts';
import { nextBatch, readAll, record, text } from './log.contract.ts';

/** Longer ago than the times that the records bear: Kafka forgets by those. */
const RETENTION_MS = 20 * 365 * 24 * 60 * 60 * 1000;
const password = 'alices-own-word';
const {
  AclOperationTypes: operation,
  AclPermissionTypes: permission,
  AclResourceTypes: resource,
  ResourcePatternTypes: pattern,
} = kafkajs;

describe('a secured cluster', () => {
  let directory: string;
  let kafka: Kafka;
  let issuer: Server;
  let settings: KafkaSettings;
  const opened: { close(): Promise<void> }[] = [];

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'signpost-kafka-'));
    kafka = await startKafka({ dir: directory, quickStart: true, users: { alice: password } });
    const { saslTls, caFile } = kafka.secured!;
    const plain = testSettings(kafka.bootstrap);
    settings = testSettings(saslTls, {
      topicPrefix: plain.topicPrefix,
      tls: { enabled: true, ca: caFile },
      sasl: { mechanism: 'scram-sha-512', username: 'alice', password },
    });
    const setup = await openTestLog(plain, createClaimModel());
    await setup.ensureTopics(
      ['in', 'out', 'hidden', 'seen', 'signpost.checkpoints.v1'].map((name) => ({
        name,
        partitions: 1,
        retentionMs: RETENTION_MS,
      })),
    );
    await setup.append(['hidden', 'seen'].map((name) => record(name, 'k', 'not for alice')));
    await setup.close();
    await allow(plain);
    issuer = await issueTokens();
  });
  afterAll(async () => {
    await Promise.allSettled(opened.map((each) => each.close()));
    issuer?.close();
    await kafka?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  const open = async (more: Partial<KafkaSettings> = {}): Promise<Log> => {
    const log = await openTestLog({ ...settings, ...more }, createClaimModel());
    opened.push(log);
    return log;
  };

  it('is worked on with the rights of one stage: reading, writing exactly once, checkpoints, lag', async () => {
    const log = await open();
    await log.append([record('in', 'k', 'v')], { checkpoints: { at: '1' } });
    const subscription = await log.subscribe({ group: 'signpost.stage', topics: ['in'] });
    const batch = await nextBatch(subscription);
    await batch.commit([record('out', 'k', 'done')]);
    expect((await readAll(log, 'out')).map(text)).toEqual(['done']);
    expect(await log.checkpoint('at')).toBe('1');
    expect((await log.topics()).map(({ name }) => name)).toEqual(['in', 'out', 'seen']);
    expect(await log.committed()).toMatchObject([{ group: 'signpost.stage', topic: 'in' }]);
    await subscription.close();
  });

  it('refuses what there is no right to, at once, and names the right', async () => {
    const log = await open();
    const { topicPrefix: prefix } = settings;
    const lacking = (right: string) => ({
      code: 'log-refused',
      message: expect.stringContaining(`this client has no right to ${right}`),
      hint: expect.stringContaining('signpost topics acls'),
    });
    const since = performance.now();
    for (const name of ['hidden', 'seen']) {
      const topic = `topic ${prefix}${name}`;
      await expect(log.read(name, 0, 0)).rejects.toMatchObject(lacking(`Read ${topic}`));
      const both = [record('out', 'k', 'v'), record(name, 'k', 'v')];
      await expect(log.append(both)).rejects.toMatchObject(lacking(`Write ${topic}`));
    }
    await expect(log.subscribe({ group: 'signpost.other', topics: ['in'] })).rejects.toMatchObject(
      lacking(`Read group ${prefix}signpost.other`),
    );
    await expect(
      log.ensureTopics([{ name: 'new', partitions: 1, retentionMs: RETENTION_MS }]),
    ).rejects.toMatchObject(lacking(`Describe topic ${prefix}new`));
    expect(performance.now() - since).toBeLessThan(5_000);
  });

  it('stops a stage where it may not read, and says so', async () => {
    const subscription = await (
      await open()
    ).subscribe({ group: 'signpost.stage', topics: ['seen'] });
    const stop = AbortSignal.timeout(20_000);
    await expect(subscription.next(stop)).rejects.toMatchObject({
      code: 'log-refused',
      message: expect.stringContaining(`Read topic ${settings.topicPrefix}seen`),
    });
    await subscription.close();
  });

  it('knows a client by PLAIN, SCRAM and OAUTHBEARER', async () => {
    const at = (issuer.address() as AddressInfo).port;
    const ways: KafkaSettings['sasl'][] = [
      { mechanism: 'plain', username: 'alice', password },
      { mechanism: 'scram-sha-256', username: 'alice', password },
      {
        mechanism: 'oauthbearer',
        tokenEndpoint: `http://127.0.0.1:${at}/token`,
        clientId: 'alice',
        clientSecret: password,
      },
    ];
    for (const sasl of ways) {
      const log = await open({ sasl });
      await log.append([record('out', 'k', sasl!.mechanism)]);
    }
    expect((await readAll(await open(), 'out')).map(text)).toEqual(
      expect.arrayContaining(['plain', 'scram-sha-256', 'oauthbearer']),
    );
  });

  it('refuses a wrong password and an unknown authority, without waiting', async () => {
    const since = performance.now();
    for (const mechanism of ['plain', 'scram-sha-256', 'scram-sha-512'] as const) {
      const sasl = { mechanism, username: 'alice', password: 'guessed' };
      const refused = {
        code: 'log-refused',
        message: expect.stringMatching(`as alice by ${mechanism}: Kafka does not accept`),
        hint: expect.stringContaining('Check mechanism, username and password'),
      };
      await expect(open({ sasl })).rejects.toMatchObject(refused);
      await expect(openClusterTopics({ ...settings, sasl }, testLogger)).rejects.toMatchObject(
        refused,
      );
    }
    await expect(open({ tls: { enabled: true } })).rejects.toMatchObject({
      code: 'log-refused',
      hint: expect.stringContaining('kafka.tls.ca'),
    });
    await expect(
      open({ tls: { enabled: true, ca: join(directory, 'none.pem') } }),
    ).rejects.toMatchObject({ code: 'config-invalid' });
    expect(performance.now() - since).toBeLessThan(10_000);
  });

  it('tells what kind of listener does not fit, at once', async () => {
    const { sasl, tls } = settings;
    const plainPort = { ...testSettings(kafka.bootstrap) };
    const tlsPort = { ...plainPort, brokers: settings.brokers };
    const misfits: [KafkaSettings, string, string, string][] = [
      [tlsPort, 'log-unavailable', 'closes the connection', 'kafka.tls'],
      [{ ...plainPort, tls }, 'log-unavailable', 'before TLS is agreed on', 'speak TLS'],
      [{ ...plainPort, sasl }, 'log-refused', 'asks for no password', 'kafka.sasl'],
      [{ ...plainPort, brokers: ['127.0.0.1:1'] }, 'log-unavailable', 'nothing listens', 'brokers'],
    ];
    for (const [wrong, code, what, todo] of misfits) {
      const refusal = expect.stringMatching(/^Connecting to 127\.0\.0\.1:\d+/);
      const failing = openTestLog(wrong, createClaimModel());
      await expect(failing).rejects.toMatchObject({ code, message: refusal });
      await expect(failing).rejects.toMatchObject({
        message: expect.stringContaining(what),
        hint: expect.stringContaining(todo),
      });
    }
  });
});

/** Rights of a stage: on its topics, its group and its transactional ids. */
async function allow(settings: KafkaSettings): Promise<void> {
  const { topicPrefix: prefix } = settings;
  const rule = (
    resourceType: number,
    name: string,
    kind: number,
    ...operations: number[]
  ): AclEntry[] =>
    operations.map((each) => ({
      principal: 'User:alice',
      host: '*',
      operation: each,
      permissionType: permission.ALLOW,
      resourceType,
      resourceName: prefix + name,
      resourcePatternType: kind,
    }));
  const { READ, WRITE, DESCRIBE } = operation;
  const admin = createKafka(settings, testLogger).admin();
  await admin.connect();
  await admin.createAcls({
    acl: [
      ...rule(resource.TOPIC, 'in', pattern.LITERAL, READ, WRITE, DESCRIBE),
      ...rule(resource.TOPIC, 'seen', pattern.LITERAL, DESCRIBE),
      ...rule(resource.TOPIC, 'out', pattern.LITERAL, READ, WRITE, DESCRIBE),
      ...rule(resource.TOPIC, 'signpost.checkpoints.v1', pattern.LITERAL, READ, WRITE, DESCRIBE),
      ...rule(resource.GROUP, 'signpost.stage', pattern.LITERAL, READ, DESCRIBE),
      ...rule(resource.TRANSACTIONAL_ID, 'signpost.', pattern.PREFIXED, WRITE, DESCRIBE),
    ],
  });
  await admin.disconnect();
}

/** Unsigned tokens, which the test broker takes: whoever knows the word is alice. */
async function issueTokens(): Promise<Server> {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const expected = `Basic ${Buffer.from(`alice:${password}`).toString('base64')}`;
  const server = createServer((request, response) => {
    if (request.headers.authorization !== expected) return void response.writeHead(401).end();
    const now = Math.floor(Date.now() / 1_000);
    const claims = part({ sub: 'alice', iat: now, exp: now + 600 });
    const access_token = `${part({ alg: 'none' })}.${claims}.`;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ access_token, expires_in: 600 }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
