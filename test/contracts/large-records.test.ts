// A record too large for the log stops no stage: what it came from is a dead letter, and the others go through. The same
// on both logs.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openEmbeddedLog } from '#core/log/embedded/open.ts';
import type { Log, OutgoingRecord } from '#core/log/port.ts';
import { isWithinSize, maxRecordBytes } from '#core/log/record-size.ts';
import { runStage } from '#core/run-stage.ts';
import { emit, to, type Transform } from '#core/stage.ts';
import { createTelemetry, metricsText } from '#core/telemetry.ts';
import type { Topic } from '#core/topic.ts';
import { recordsDropped, recordsRejected } from '../../services/topology.ts';
import { openTestLog, testSettings } from '../support/kafka-log.ts';
import { kafkaServer } from '../support/servers.ts';
import { createClaimModel } from './claim-store.model.ts';
import { readAll } from './log.contract.ts';

const AT = Date.UTC(2026, 0, 5);

/** Topics of plain bytes; what is written to them has `grows` times the bytes. */
const bytesTopic = (name: string, grows = 1): Topic<Uint8Array> => ({
  name,
  partitions: 1,
  retentionMs: 20 * 365 * 86_400_000,
  description: '',
  keyedBy: '',
  words: 'none',
  facts: (bytes) => ({ id: String(bytes.length), key: 'k', source: 'test', time: AT }),
  codec: {
    recordName: 'Bytes',
    schemaId: 0,
    encode: (bytes) => Buffer.concat(Array.from({ length: grows }, () => bytes)),
    withLast: () => undefined,
    decode: (bytes) => bytes,
  },
});
const [incoming, outgoing, grown] = [
  bytesTopic('large.in'),
  bytesTopic('large.out'),
  bytesTopic('large.grown', 4),
];

const copyAndGrow: Transform<Uint8Array> = {
  kind: 'transform',
  name: 'grow',
  inputs: [incoming],
  decide: ({ record }) => emit([to(outgoing, record), to(grown, record)]),
};

/** Of bytes that cannot be compressed. */
const recordOf = (bytes: number, headers: Record<string, string> = {}): OutgoingRecord => ({
  topic: incoming.name,
  key: 'k',
  value: randomBytes(bytes),
  headers,
  timestamp: AT,
});

/** As large as a record may be. */
function largest(headers: Record<string, string> = {}): OutgoingRecord {
  const texts = Object.entries(headers).map(([name, value]) => 10 + name.length + value.length);
  return recordOf(maxRecordBytes - 64 - 1 - texts.reduce((sum, each) => sum + each, 0), headers);
}

async function until(done: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!(await done())) {
    if (performance.now() > deadline) throw new Error('It did not come to that');
    await pause(50);
  }
}

const logs: Record<string, (directory: string) => Promise<Log>> = {
  'the embedded log': (directory) => openEmbeddedLog({ directory }),
  Kafka: async () => {
    const { brokers } = await kafkaServer();
    return openTestLog(testSettings(brokers, { compression: 'none' }), createClaimModel());
  },
};

describe.each(Object.entries(logs))('on %s', (_, open) => {
  let directory: string;
  let log: Log;
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'signpost-large-'));
    log = await open(directory);
    await log.ensureTopics([incoming, outgoing, grown, recordsRejected, recordsDropped]);
  }, 120_000);
  afterAll(async () => {
    await log?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  test('what grows too large becomes a dead letter, whole where it fits, and the rest goes on', async () => {
    const origin = { signpost_origin: 'intake/3/7' };
    const sent = [recordOf(10), recordOf(3_000_000), recordOf(20), largest(origin), recordOf(30)];
    await log.append(sent);
    const telemetry = createTelemetry(() => 0);
    const stop = new AbortController();
    const pauses: number[] = [];
    const running = runStage(
      copyAndGrow,
      {
        log,
        logger: pino({ level: 'silent' }),
        metrics: telemetry.stage('grow'),
        rejected: recordsRejected,
        dropped: recordsDropped,
        sleep: async (ms) => void pauses.push(ms),
      },
      stop.signal,
    );
    await until(async () => (await readAll(log, outgoing.name)).length === 3);
    stop.abort();
    await running;

    expect(pauses).toEqual([]);
    const sizes = async (topic: string) =>
      (await readAll(log, topic)).map(({ value }) => value!.length);
    expect(await sizes(outgoing.name)).toEqual([10, 20, 30]);
    expect(await sizes(grown.name)).toEqual([40, 80, 120]);

    const read = (await readAll(log, recordsRejected.name)).toSorted((a, b) =>
      a.key! < b.key! ? -1 : 1,
    );
    const letters = read.map(({ value }) => recordsRejected.codec.decode(value!));
    expect(letters).toMatchObject([
      { offset: 1, reason: 'output-too-large', stage: 'grow', payloadCut: false },
      { offset: 3, reason: 'output-too-large', stage: 'grow', payloadCut: true, headers: origin },
    ]);
    expect(letters[0]!.detail).toContain(`large.grown has 12000000 bytes`);
    expect(Buffer.compare(letters[0]!.payload, sent[1]!.value!)).toBe(0);
    const { payload } = letters[1]!;
    expect(Buffer.compare(payload, sent[3]!.value!.subarray(0, payload.length))).toBe(0);
    expect(read[1]!.headers).toMatchObject(origin);
    for (const letter of read) expect(isWithinSize(letter)).toBe(true);

    const counted = await metricsText([await telemetry.snapshot()]);
    expect(counted).toContain('signpost_outputs_total{stage="grow"} 6');
    expect(counted).toContain(
      'signpost_verdicts_total{stage="grow",verdict="reject",reason="output-too-large"} 2',
    );
  }, 60_000);
});

test('Kafka takes the largest record in every compression', async () => {
  const { brokers } = await kafkaServer();
  for (const compression of ['none', 'gzip', 'zstd'] as const) {
    const log = await openTestLog(testSettings(brokers, { compression }), createClaimModel());
    try {
      await log.ensureTopics([incoming]);
      const record = largest();
      expect(isWithinSize(record)).toBe(true);
      expect(isWithinSize({ ...record, headers: { a: 'b' } })).toBe(false);
      await log.append([record]);
    } finally {
      await log.close();
    }
  }
}, 60_000);
