// Two copies of `signpost run archive` on a real Kafka and a real S3, killed at random, over a way to S3 that loses
// requests and answers and is away for a while: afterwards every record of the topics is in the archive, once.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { lagOf } from '#core/lag.ts';
import type { KafkaSettings } from '#core/log/kafka/settings.ts';
import type { Log, OutgoingRecord } from '#core/log/port.ts';
import { openS3Store, type S3Options } from '#core/objects/s3.ts';
import { toOutgoing } from '#core/topic.ts';
import { readIntent } from '../../services/archive/chunk-intent.ts';
import { offsetOfChunkKey } from '../../services/archive/layout.ts';
import { noClaims } from '../../services/cli/open-log.ts';
import { groupsOf } from '../../services/cli/run/services.ts';
import { insightsShared, signalsNormalized } from '../../services/topology.ts';
import { readAll } from '../contracts/log.contract.ts';
import { seeded } from '../support/adversary.ts';
import { readArchive } from '../support/archive-read.ts';
import { someDayMs } from '../support/archive-rows.ts';
import { endAll, run, start, type Running } from '../support/command.ts';
import { openFaultyWay, type Fault, type FaultyWay } from '../support/faulty-way.ts';
import { openTestLog, testSettings } from '../support/kafka-log.ts';
import { insightOf, signalOf } from '../support/planner-records.ts';
import { newBucket } from '../support/s3-bucket.ts';
import { kafkaServer, s3Server } from '../support/servers.ts';

const kills = Number(process.env['SIGNPOST_KILLS'] ?? 3);
const random = seeded(Number(process.env['SIGNPOST_SEED'] ?? 2026));
const dayMs = 86_400_000;

let directory: string;
let config: string;
let settings: KafkaSettings;
let bucket: S3Options;
let way: FaultyWay;
let log: Log;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'signpost-archive-kill-'));
  config = join(directory, 'signpost.yaml');
  const [{ brokers }, s3] = await Promise.all([kafkaServer(), s3Server()]);
  settings = testSettings(brokers);
  bucket = await newBucket(s3);
  way = await openFaultyWay(bucket.endpoint!);
  writeFileSync(
    config,
    `kafka:
  topicPrefix: ${settings.topicPrefix}
  replicationFactor: 1
  sessionTimeoutMs: 6000
archive:
  url: s3://${bucket.bucket}/${bucket.prefix}
  flushMs: 1000
  chunkRecords: 100
  s3:
    endpoint: ${way.endpoint}
    region: ${s3.region}
`,
  );
  env = {
    ...process.env,
    KAFKA_BROKERS: brokers.join(','),
    AWS_ACCESS_KEY_ID: s3.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
  };
  const applied = await run(['topics', 'apply', '--config', config], { env });
  if (applied.code !== 0) throw new Error(applied.stderr);
  log = await openTestLog(settings, noClaims);
}, 120_000);
afterAll(async () => {
  await endAll();
  await log?.close();
  await way?.close();
  rmSync(directory, { recursive: true, force: true });
});

/** Of three days, to two topics. */
function records(from: number, count: number): OutgoingRecord[] {
  return Array.from({ length: count }, (_, i) => {
    const n = from + i;
    const occurredAt = someDayMs - (n % 3) * dayMs;
    const signal = signalOf({ sourceId: `T-${n}`, text: `words of ${n}`, occurredAt });
    const at = { timestamp: Date.now() };
    return n % 4 === 0
      ? toOutgoing(signalsNormalized, signal, at)
      : toOutgoing(insightsShared, insightOf(signal), at);
  });
}

const faults: readonly Fault[] = [
  { status: 503, code: 'SlowDown' },
  'lost-request',
  'lost-answer',
  'half-answer',
];

async function copy(): Promise<Running> {
  const args = ['run', 'archive', '--config', config, '--probe-port', '0'];
  const running = start(args, { env });
  await running.says(/Running archive/);
  return running;
}

it('has every record once, whatever was killed and lost', { timeout: 120_000 }, async () => {
  way.choose(() => (random() < 0.1 ? faults[Math.floor(random() * faults.length)] : undefined));
  let written = 0;
  const produce = async (count: number): Promise<void> => {
    for (let left = count; left > 0; left -= 50) {
      await log.append(records(written, 50));
      written += 50;
      await pause(50);
    }
  };
  const copies = await Promise.all([copy(), copy()]);
  for (let killed = 0; killed < kills; killed += 1) {
    await produce(300);
    await pause(500 + random() * 1_500);
    const victim = copies[killed % 2]!;
    victim.child.kill('SIGKILL');
    await victim.ended;
    copies[killed % 2] = await copy();
  }
  // Away: every request is lost, for longer than a batch waits.
  way.choose(() => 'lost-request');
  await produce(300);
  await pause(2_500);
  way.choose(() => undefined);

  const groups = groupsOf(['archive']);
  const deadline = performance.now() + 40_000;
  while ((await lagOf(log, groups)).some(({ records: left }) => left > 0)) {
    if (performance.now() > deadline) throw new Error('The archive does not come to the end');
    await pause(200);
  }
  for (const { child, ended } of copies) {
    child.kill('SIGTERM');
    expect((await ended).code).toBe(0);
  }

  const store = await openS3Store({ ...bucket, access: 'read' });
  try {
    const read = await readArchive(store);
    const ids = read.rows.map(({ dataset, row }) => {
      const { id } = row.record as { readonly id: string };
      return `${dataset} ${id} ${row.partition}/${row.offset}`;
    });
    const expected: string[] = [];
    for (const [topic, dataset] of [
      [signalsNormalized, 'signals'],
      [insightsShared, 'insights'],
    ] as const)
      for (const { headers, partition, offset } of await readAll(log, topic.name))
        expected.push(`${dataset} ${headers['ce_id']} ${partition}/${offset}`);
    expect(expected).toHaveLength(written);
    expect(ids.toSorted()).toEqual(expected.toSorted());
    // Whoever goes on with a chunk writes what it says: nothing of one that a killed process wrote stays unnamed. What
    // stays is what a keeper was about to name that was killed at it.
    expect(read.unnamed.filter((key) => !key.includes('/made-'))).toEqual([]);
    let chunks = 0;
    for await (const { key } of store.list('_chunks/')) {
      const [, topic = '', partition = ''] = key.split('/');
      const from = offsetOfChunkKey(key)!;
      const intent = await readIntent(store, { topic, partition: Number(partition), from });
      expect(intent!.to).toBeGreaterThan(from);
      chunks += 1;
    }
    expect(chunks).toBeGreaterThan(8);
  } finally {
    await store.close();
  }
});
