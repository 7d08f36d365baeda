// Releases side by side on one log: each reads what the other wrote, because schemas lie on the log before records do.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import avsc from 'avsc';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SignpostError } from '#core/errors.ts';
import { openEmbeddedLog, type EmbeddedLog } from '#core/log/embedded/open.ts';
import { announcedSchemas, announceSchemas } from '#core/registry/announced.ts';
import { learningLog, learningReader } from '#core/registry/learning-log.ts';
import type { SchemaSource } from '#core/registry/schema-source.ts';
import { shippedSchemas } from '#core/registry/shipped.ts';
import { droppedRecordCodec, type DroppedRecord } from '#schemas/dropped-record.ts';
import { announceOnceThere } from '../../services/cli/topics/announce-on-cluster.ts';
import { recordsDropped, schemasAnnounced } from '../../services/topology.ts';

const topic = schemasAnnounced.name;
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

let directory: string;
let log: EmbeddedLog;
let now: number;
const clock = () => now;

beforeEach(async () => {
  now = 1000;
  directory = await mkdtemp(join(tmpdir(), 'signpost-learning-'));
  log = await openEmbeddedLog({ directory });
  await log.ensureTopics([recordsDropped, schemasAnnounced]);
});
afterEach(async () => {
  await log.close();
  await rm(directory, { recursive: true, force: true });
});

/** What the next release would write: a field more, by another id. Ids differ, since what is learnt stays for a thread. */
function nextRelease(id: number) {
  const { text } = shippedSchemas().find(({ record }) => record === 'dropped-record')!;
  const schema = JSON.parse(text) as { fields: object[] };
  schema.fields.unshift({ name: 'weight', type: 'double', default: 1, doc: 'New.' });
  const type = avsc.Type.forSchema(schema as avsc.Schema, { wrapUnions: 'never' });
  const head = Buffer.alloc(5);
  head.writeUInt32BE(id, 1);
  return {
    text: JSON.stringify(schema),
    value: Buffer.concat([head, type.toBuffer({ ...note, weight: 0.5 })]),
  };
}

const record = (name: string, key: string, value: Uint8Array | string) => ({
  topic: name,
  key,
  value: Buffer.from(value),
  headers: {},
  timestamp: now,
});

async function firstBatch(source: SchemaSource) {
  const learning = learningLog(log, { source, logger, clock });
  const subscription = await learning.subscribe({ group: 'g', topics: [recordsDropped.name] });
  return { subscription, next: () => subscription.next(AbortSignal.timeout(5000)) };
}

describe('announcing', () => {
  test('writes every schema once, whoever announces again', async () => {
    expect((await announceSchemas(log, topic, clock)).length).toBe(shippedSchemas().length);
    expect(await announceSchemas(log, topic, clock)).toEqual([]);
    const found = await announcedSchemas(log, topic).find(shippedSchemas().map(({ id }) => id));
    expect([...found.values()]).toEqual(shippedSchemas().map(({ text }) => text));
  });

  test('refuses to write with an id that stands for another schema', async () => {
    const { text } = shippedSchemas().find(({ record: name }) => name === 'alert')!;
    await log.append([record(topic, '1', text)]);
    await expect(announceSchemas(log, topic, clock)).rejects.toMatchObject({
      code: 'schema-id-taken',
      message: expect.stringContaining('Schema id 1 is trouble-ticket version 1'),
    });
  });

  test('takes better docs for the same schema', async () => {
    const { id, text } = shippedSchemas()[0]!;
    await log.append([record(topic, String(id), text.replace('"doc":"', '"doc":"Really: '))]);
    expect((await announceSchemas(log, topic, clock)).length).toBe(shippedSchemas().length - 1);
  });

  test('by one who may not write says who should', async () => {
    const reading = {
      topics: () => log.topics(),
      read: log.read.bind(log),
      append: () => Promise.reject(new SignpostError('log-refused', 'no')),
    };
    await expect(announceSchemas(reading, topic, clock)).rejects.toMatchObject({
      code: 'schemas-not-announced',
      hint: expect.stringContaining('signpost topics apply'),
    });
  });
});

describe('announcing on a cluster', () => {
  /** A log whose brokers hear of a topic one after the other, and find its leader later still. */
  const slowLog = (refusals: SignpostError[]) => ({
    topics: async () => (refusals.length > 1 ? [] : log.topics()),
    read: log.read.bind(log),
    append: (...records: Parameters<typeof log.append>) => {
      const refusal = refusals.shift();
      return refusal === undefined ? log.append(...records) : Promise.reject(refusal);
    },
  });
  const sleep = async (ms: number) => {
    now += ms;
  };

  test('waits for a topic that was made a moment ago', async () => {
    const refusals = ['unknown-topic', 'log-unavailable', 'unknown-topic'];
    const slow = slowLog(refusals.map((code) => new SignpostError(code, 'not yet')));
    const written = await announceOnceThere(slow, { now: clock, sleep });
    expect(written.length).toBe(shippedSchemas().length);
  });

  test('gives up in the end, and at once where a right is missing', async () => {
    const never = slowLog(
      Array.from({ length: 500 }, () => new SignpostError('unknown-topic', '')),
    );
    const failed = { code: 'schemas-not-announced' };
    await expect(announceOnceThere(never, { now: clock, sleep })).rejects.toMatchObject(failed);
    expect(now).toBeLessThan(20_000);
    now = 0;
    const refused = slowLog([new SignpostError('log-refused', 'no')]);
    await expect(announceOnceThere(refused, { now: clock, sleep })).rejects.toMatchObject(failed);
    expect(now).toBe(0);
  });
});

describe('a record of the next release', () => {
  test('decodes in a stage of this one, without what is new', async () => {
    const { text, value } = nextRelease(5001);
    await log.append([record(topic, '5001', text), record(recordsDropped.name, 'k', value)]);
    const { subscription, next } = await firstBatch(announcedSchemas(log, topic));
    const batch = await next();
    expect(droppedRecordCodec.decode(batch!.records[0]!.value!)).toStrictEqual(note);
    await subscription.close();
  });

  test('decodes though its release came after the reader started', async () => {
    const { text, value } = nextRelease(5002);
    const { subscription, next } = await firstBatch(announcedSchemas(log, topic));
    await log.append([record(recordsDropped.name, 'k', droppedRecordCodec.encode(note))]);
    const before = (await next())!;
    await before.commit([]);
    await log.append([record(topic, '5002', text)]);
    await log.append([record(recordsDropped.name, 'k', value)]);
    const batch = await next();
    expect(droppedRecordCodec.decode(batch!.records[0]!.value!)).toStrictEqual(note);
    await subscription.close();
  });

  test('decodes for a command that only reads', async () => {
    const { text, value } = nextRelease(5003);
    await log.append([record(topic, '5003', text)]);
    const [{ partition } = { partition: 0 }] = await log.append([
      record(recordsDropped.name, 'k', value),
    ]);
    const reader = learningReader(log, { source: announcedSchemas(log, topic), logger, clock });
    const { records } = await reader.read(recordsDropped.name, partition, 0);
    expect(droppedRecordCodec.decode(records[0]!.value!)).toStrictEqual(note);
  });

  test('waits while nobody can be asked, and is delivered again', async () => {
    const { text, value } = nextRelease(5004);
    await log.append([record(recordsDropped.name, 'k', value)]);
    let away = true;
    const { subscription, next } = await firstBatch({
      async find() {
        if (away) throw new SignpostError('registry-away', 'away');
        return new Map([[5004, text]]);
      },
    });
    await expect(next()).rejects.toMatchObject({ code: 'registry-away' });
    away = false;
    const batch = await next();
    expect(droppedRecordCodec.decode(batch!.records[0]!.value!)).toStrictEqual(note);
    await subscription.close();
  });
});

describe('an id that nobody knows', () => {
  test('leaves its record undecodable, and is asked for once a minute at most', async () => {
    const { text, value } = nextRelease(5005);
    const asked: number[] = [];
    let known = new Map<number, string>();
    const source = {
      async find(ids: readonly number[]) {
        asked.push(...ids);
        return known;
      },
    };
    const reader = learningReader(log, { source, logger, clock });
    const [{ partition } = { partition: 0 }] = await log.append([
      record(recordsDropped.name, 'k', value),
      record(recordsDropped.name, 'k', value),
    ]);
    const read = async () => (await reader.read(recordsDropped.name, partition, 0)).records;
    const [first] = await read();
    await read();
    expect(asked).toEqual([5005]);
    expect(() => droppedRecordCodec.decode(first!.value!)).toThrow('none of this record');
    known = new Map([[5005, text]]);
    now += 60_000;
    const [again] = await read();
    expect(asked).toEqual([5005, 5005]);
    expect(droppedRecordCodec.decode(again!.value!)).toStrictEqual(note);
  });

  test('by the thousand takes bounded memory and one question to a read', async () => {
    let questions = 0;
    const source = { find: async () => ((questions += 1), new Map<number, string>()) };
    const reader = learningReader(log, { source, logger, clock });
    const values = Array.from({ length: 2000 }, (_, i) => {
      const value = Buffer.alloc(6);
      value.writeUInt32BE(1_000_000 + i, 1);
      return record(recordsDropped.name, 'k', value);
    });
    const [{ partition } = { partition: 0 }] = await log.append(values);
    await reader.read(recordsDropped.name, partition, 0, { maxRecords: 2000 });
    await reader.read(recordsDropped.name, partition, 0, { maxRecords: 2000 });
    expect(questions).toBe(1);
  });

  test('with a schema that cannot be used is undecodable too', async () => {
    const { value } = nextRelease(5006);
    const reader = learningReader(log, {
      source: { find: async () => new Map([[5006, '{"type":"fixed"}']]) },
      logger,
      clock,
    });
    const [{ partition } = { partition: 0 }] = await log.append([
      record(recordsDropped.name, 'k', value),
    ]);
    const { records } = await reader.read(recordsDropped.name, partition, 0);
    expect(() => droppedRecordCodec.decode(records[0]!.value!)).toThrow('none of this record');
  });
});
