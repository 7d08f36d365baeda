// Schema ids on a real cluster: a registry's on the wire and the repository's inside; the release before and the one
// after read each other, with a registry and without.
import { randomBytes } from 'node:crypto';
import avsc from 'avsc';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openKafkaLog } from '#core/log/kafka/open.ts';
import { kafkaSettings, type KafkaSettings } from '#core/log/kafka/settings.ts';
import type { Log } from '#core/log/port.ts';
import { shippedSchemas } from '#core/registry/shipped.ts';
import { droppedRecordCodec, type DroppedRecord } from '#schemas/dropped-record.ts';
import { noClaims } from '../../services/cli/open-log.ts';
import { applyToCluster } from '../../services/cli/topics/apply.ts';
import { connectSchemas } from '../../services/cli/topics/log-schemas.ts';
import { recordsDropped, schemasAnnounced } from '../../services/topology.ts';
import { startFakeRegistry, type FakeRegistry } from '../support/fake-registry.ts';
import { kafkaServer } from '../support/servers.ts';

const logger = pino({ level: 'silent' });
const note: DroppedRecord = {
  source: 'helpdesk',
  reason: 'duplicate',
  stage: 'normalize',
  topic: 'tickets.reported.v1',
  partition: 0,
  offset: 7,
  eventId: null,
  droppedAt: 1,
};
const dropped = shippedSchemas().find(({ record }) => record === 'dropped-record')!;
let settings: KafkaSettings;
let registry: FakeRegistry;
let open: Log[];
const ending = new AbortController();

beforeAll(async () => {
  const { brokers } = await kafkaServer();
  const topicPrefix = `schemas-${randomBytes(4).toString('hex')}.`;
  settings = kafkaSettings.parse({ brokers, topicPrefix, replicationFactor: 1 });
  await applyToCluster(settings, [], {}, logger);
}, 120_000);
beforeEach(async () => {
  registry = await startFakeRegistry();
  open = [];
});
afterEach(async () => {
  await Promise.all(open.map((log) => log.close()));
  await registry.close();
});
afterAll(() => ending.abort());

async function logOf(url: string | undefined): Promise<Log> {
  const { topicPrefix } = settings;
  const schemas = await connectSchemas({
    registry: url === undefined ? undefined : { url },
    departments: [],
    topicPrefix,
    logger,
    signal: ending.signal,
  });
  const { schemaIds } = schemas;
  const kafka = await openKafkaLog({ settings, claims: noClaims, logger, schemaIds });
  open.push(kafka);
  return schemas.writing(kafka);
}

/** Bytes of the next release: a field more, framed with `id`. */
function ofNextRelease(id: number): { text: string; value: Buffer } {
  const schema = JSON.parse(dropped.text) as { fields: object[] };
  schema.fields.unshift({ name: 'weight', type: 'double', default: 1, doc: 'New.' });
  const head = Buffer.alloc(5);
  head.writeUInt32BE(id, 1);
  const type = avsc.Type.forSchema(schema as avsc.Schema, { wrapUnions: 'never' });
  const body = type.toBuffer({ ...note, weight: 0.5 });
  return { text: JSON.stringify(schema), value: Buffer.concat([head, body]) };
}

const record = (topic: string, key: string, value: Uint8Array) => ({
  topic,
  key,
  value,
  headers: {},
  timestamp: Date.now(),
});
const readAt = async (log: Log, { partition, offset }: { partition: number; offset: number }) =>
  (await log.read(recordsDropped.name, partition, offset, { maxRecords: 1 })).records[0]!.value!;

describe('with a registry', () => {
  test('ids are its own on the wire and the repository’s inside', async () => {
    const log = await logOf(registry.url);
    const plain = await openKafkaLog({ settings, claims: noClaims, logger });
    open.push(plain);
    const [at] = await log.append([
      record(recordsDropped.name, 'k', droppedRecordCodec.encode(note)),
    ]);
    const wire = Buffer.from(await readAt(plain, at!)).readUInt32BE(1);
    expect(registry.schemas.get(wire)).toBe(dropped.text);
    expect(wire).not.toBe(dropped.id);
    expect(droppedRecordCodec.decode(await readAt(log, at!))).toStrictEqual(note);
  });

  test('a record of the next release decodes, though it was registered later', async () => {
    const log = await logOf(registry.url);
    const plain = await openKafkaLog({ settings, claims: noClaims, logger });
    open.push(plain);
    const subject = `${settings.topicPrefix}${recordsDropped.name}-value`;
    const id = registry.add(subject, ofNextRelease(0).text);
    const [at] = await plain.append([record(recordsDropped.name, 'k', ofNextRelease(id).value)]);
    expect(droppedRecordCodec.decode(await readAt(log, at!))).toStrictEqual(note);
  });

  test('an id that is ours by accident alone is not taken for ours', async () => {
    const log = await logOf(registry.url);
    const plain = await openKafkaLog({ settings, claims: noClaims, logger });
    open.push(plain);
    const [at] = await plain.append([
      record(recordsDropped.name, 'k', droppedRecordCodec.encode(note)),
    ]);
    const value = await readAt(log, at!);
    expect(() => droppedRecordCodec.decode(value)).toThrow(
      `schema id ${dropped.id} of the registry is none of this record's`,
    );
  }, 30_000);
});

describe('without one', () => {
  test('a record of the next release decodes, though it was announced later', async () => {
    const log = await logOf(undefined);
    const { text, value } = ofNextRelease(6001);
    await log.append([record(schemasAnnounced.name, '6001', Buffer.from(text))]);
    const [at] = await log.append([record(recordsDropped.name, 'k', value)]);
    expect(droppedRecordCodec.decode(await readAt(log, at!))).toStrictEqual(note);
  });

  test('the next release finds the schemas announced and adds its own alone', async () => {
    await logOf(undefined);
    const log = await logOf(undefined);
    const { records } = await log.read(schemasAnnounced.name, 0, 0);
    const keys = records.map(({ key }) => key);
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys).toContain(String(dropped.id));
  });
});
