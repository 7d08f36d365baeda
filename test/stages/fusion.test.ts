// Hop fusion on the real embedded log: chained or not, changed from one to the other, killed at any step: the streams
// are the same.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openEmbeddedLog, type EmbeddedLog } from '#core/log/embedded/open.ts';
import type { Log, OutgoingRecord } from '#core/log/port.ts';
import { observeBatches } from '#core/observed-log.ts';
import { groupOf, runStage, type Engine } from '#core/run-stage.ts';
import { createTelemetry, metricsText, type StageMetrics } from '#core/telemetry.ts';
import { header, toOutgoing } from '#core/topic.ts';
import { insightCodec } from '#schemas/insight.ts';
import { readConfig, type Config } from '../../services/cli/config.ts';
import { readDepartments } from '../../services/cli/departments.ts';
import { stageNames, type StageName } from '../../services/cli/stage-names.ts';
import { buildStages } from '../../services/cli/stages.ts';
import { generate } from '../../services/gateway/synthetic/generate.ts';
import { takeIn } from '../../services/gateway/sources/intake.ts';
import {
  flows,
  insightsShared,
  recordsDropped,
  recordsRejected,
  signalsNormalized,
  topicsFor,
} from '../../services/topology.ts';
import { readAll } from '../contracts/log.contract.ts';
import { crashEverywhere, createAdversary, seeded } from '../support/adversary.ts';

const keys = `k:${Buffer.alloc(32, 1).toString('base64')}`;
const base = readConfig(undefined);
const listed = readDepartments(base.classify);
const departments = ['operations', 'marketing', 'planning', 'customer-service', 'billing', 'it'];
const topics = topicsFor(departments);
const separate: Config['fusion'] = { enabled: false, write: [] };
const chained: Config['fusion'] = { enabled: true, write: [signalsNormalized.name] };
const lean: Config['fusion'] = { enabled: true, write: [] };

/** What made-up customers say, with every fifth said again: a sender's duplicate. */
const said = [...sayings(300)];
function* sayings(count: number): Generator<OutgoingRecord> {
  const from = Date.UTC(2026, 0, 5);
  let made = 0;
  for (const { kind, source, input } of generate({
    seed: 3,
    from,
    to: Infinity,
    ratePerHour: 500,
  })) {
    const taken = takeIn(kind, input, { source, receivedAt: from + 30 * 86_400_000 });
    if (!taken.ok) throw new Error(taken.detail);
    yield taken.outgoing;
    if (made % 5 === 0) yield taken.outgoing;
    made += 1;
    if (made === count) return;
  }
}

const folders: string[] = [];
let log: EmbeddedLog;
const open = async (): Promise<EmbeddedLog> => {
  const directory = mkdtempSync(join(tmpdir(), 'signpost-fusion-'));
  folders.push(directory);
  const opened = await openEmbeddedLog({ directory });
  await opened.ensureTopics(topics);
  return opened;
};
beforeEach(async () => {
  log = await open();
});
afterEach(async () => {
  await log.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** Runs the stages side by side until all have read to the end of what they read. */
async function run(
  fusion: Config['fusion'],
  on: Log = log,
  names: readonly StageName[] = stageNames,
): Promise<string> {
  const stop = new AbortController();
  const telemetry = createTelemetry(() => 0);
  const running = Promise.all(
    buildStages(names, {
      config: { ...base, fusion },
      departments: listed,
      pseudonymKeys: keys,
    }).map((stage) => runStage(stage, engineFor(on, telemetry.stage(stage.name)), stop.signal)),
  ).finally(() => stop.abort());
  running.catch(() => {});
  const deadline = performance.now() + 25_000;
  while (!stop.signal.aborted && (await backlog(on, names)) > 0) {
    if (performance.now() > deadline) throw new Error('The stages did not come to their end');
    await pause(3);
  }
  stop.abort();
  await running;
  return metricsText([await telemetry.snapshot()]);
}

function engineFor(on: Log, metrics: StageMetrics): Engine {
  return {
    log: on,
    logger: pino({ level: 'silent' }),
    metrics,
    rejected: recordsRejected,
    dropped: recordsDropped,
    sleep: () => pause(1),
    maxRecords: 20,
  };
}

async function backlog(on: Log, names: readonly StageName[]): Promise<number> {
  const committed = await on.committed();
  const ends = new Map((await on.topics()).map(({ name, partitions }) => [name, partitions]));
  let left = 0;
  for (const { name, reads } of flows.filter((flow) => names.some((each) => each === flow.name))) {
    for (const topic of reads) {
      for (const { partition, start, end } of ends.get(topic) ?? []) {
        const at = committed.find(
          (one) =>
            one.group === groupOf(name) && one.topic === topic && one.partition === partition,
        );
        left += end - (at?.offset ?? start);
      }
    }
  }
  return left;
}

/** Every record of a topic by key, in order, without what tells how it was made. */
async function stream(topic: string, on: Log = log): Promise<Record<string, unknown[]>> {
  const byKey: Record<string, unknown[]> = {};
  for (const { key, value, headers, timestamp } of await readAll(on, topic)) {
    const { [header.carried]: _carried, ...told } = headers;
    const shown = { value: Buffer.from(value!).toString('base64'), told, timestamp };
    (byKey[key!] ??= []).push(shown);
  }
  return byKey;
}

async function streams(on: Log = log): Promise<Record<string, unknown>> {
  const all: Record<string, unknown> = {};
  for (const { name } of topics) all[name] = await stream(name, on);
  return all;
}

/** The streams of `records` when every stage reads its own topic. */
async function expected(records: readonly OutgoingRecord[]): Promise<Record<string, unknown>> {
  const plain = await open();
  await plain.append(records);
  await run(separate, plain);
  const all = await streams(plain);
  await plain.close();
  return all;
}

test('chained stages write, byte for byte, what separate ones write', async () => {
  await log.append(said);
  await run(chained);
  expect(await streams()).toEqual(await expected(said));
  expect(Object.keys(await stream('insights.operations.v1')).length).toBeGreaterThan(20);
});

test('a topic between chained stages is not written where nobody is said to subscribe to it', async () => {
  await log.append(said);
  await run(lean);
  const { [signalsNormalized.name]: _signals, ...all } = await expected(said);
  expect(await streams()).toEqual({ ...all, [signalsNormalized.name]: {} });
});

test('going over to chained stages, and back, loses nothing and doubles nothing', async () => {
  const third = Math.ceil(said.length / 3);
  const parts = [said.slice(0, third), said.slice(third, 2 * third), said.slice(2 * third)];
  await log.append(parts[0]!);
  // Stopped in the middle of the way: signals nobody has classified, insights nobody has published.
  await run(separate, log, ['normalize']);
  await log.append(parts[1]!);
  await run(chained, log, ['normalize', 'classify']);
  await run(chained);
  await log.append(parts[2]!);
  await run(separate);
  expect(await streams()).toEqual(await expected(said));
});

test('a chain waits for what separate stages left between them, so that keys keep their order', async () => {
  const half = Math.ceil(said.length / 2);
  await log.append(said.slice(0, half));
  await run(separate, log, ['normalize']);
  await log.append(said.slice(half));
  const [chain] = buildStages(stageNames, {
    config: { ...base, fusion: chained },
    departments: listed,
    pseudonymKeys: keys,
  });
  const stop = new AbortController();
  const engine = engineFor(log, createTelemetry(() => 0).stage('normalize'));
  const running = runStage(chain!, engine, stop.signal);
  await pause(150);
  expect(Object.values(await stream(insightsShared.name))).toEqual([]);
  // Somebody else, an older copy for instance, reads what was left; then the chain goes on with the rest.
  await run(separate, log, ['classify']);
  await run(separate, log, ['publish']);
  while ((await backlog(log, stageNames)) > 0) await pause(3);
  stop.abort();
  await running;
  expect(await streams()).toEqual(await expected(said));
});

test('a record that a chain carried is passed over by a reader that comes to it later', async () => {
  await log.append(said);
  await run(chained);
  const signals = await readAll(log, signalsNormalized.name);
  // Written again as they are, behind where classify stands: as after a restore, or on a log that moves no offsets.
  await log.append(
    signals.map(({ topic, key, value, headers, timestamp }) => ({
      topic,
      key,
      value,
      headers,
      timestamp,
    })),
  );
  const before = await stream(insightsShared.name);
  await run(separate);
  expect(await stream(insightsShared.name)).toEqual(before);
});

test('a chain whose batches are watched moves those that follow past what it carried', async () => {
  await log.append(said);
  const [chain] = buildStages(stageNames, {
    config: { ...base, fusion: chained },
    departments: listed,
    pseudonymKeys: keys,
  });
  const stop = new AbortController();
  const watched = observeBatches(log, [{ began: () => ({ stepped() {}, ended() {} }) }]);
  const engine = engineFor(watched, createTelemetry(() => 0).stage('normalize'));
  const running = runStage(chain!, engine, stop.signal);
  while ((await backlog(log, ['normalize'])) > 0) await pause(3);
  stop.abort();
  await running;
  expect(await backlog(log, ['classify', 'publish'])).toBe(0);
});

test('a chain holds under redelivery, rebalances and delays', async () => {
  await log.append(said);
  const { log: wicked } = createAdversary(log, {
    random: seeded(5),
    redeliver: 0.15,
    rebalance: 0.1,
    conflict: 0.1,
    delayMs: 2,
  });
  await run(chained, wicked);
  expect(await streams()).toEqual(await expected(said));
});

test('a chain killed at any step and started again writes everything once', async () => {
  const few = said.slice(0, 12);
  await log.close();
  const directory = folders[0]!;
  const crashes = await crashEverywhere(
    () => openEmbeddedLog({ directory }),
    { random: seeded(3) },
    async (on) => {
      await on.ensureTopics(topics);
      if ((await on.checkpoint('sent')) === null)
        await on.append(few, { checkpoints: { sent: 'yes' } });
      await run(chained, on);
    },
  );
  expect(crashes).toBeGreaterThan(7);
  log = await openEmbeddedLog({ directory });
  expect(await streams()).toEqual(await expected(few));
});

test('every stage of a chain is counted by its own name', async () => {
  await log.append(said);
  const text = await run(chained);
  const insights = (await readAll(log, insightsShared.name)).length;
  const letters = (
    await Promise.all([...departments, 'unsure'].map((name) => readAll(log, `insights.${name}.v1`)))
  ).flat().length;
  for (const stage of stageNames)
    expect(text).toContain(
      `signpost_verdicts_total{stage="${stage}",verdict="emit",reason=""} ${insights}`,
    );
  expect(text).toContain(`signpost_outputs_total{stage="classify"} ${insights}`);
  expect(text).toContain(`signpost_outputs_total{stage="publish"} ${letters}`);
});

test('an insight that already says who received it is routed anew, readable for all', async () => {
  await log.append(said);
  await run(chained);
  const [routed] = await readAll(log, 'insights.operations.v1');
  const insight = insightCodec.decode(routed!.value!);
  expect(insight.sharedWith).not.toBeNull();
  const before = Object.values(await stream('insights.operations.v1')).flat().length;
  await log.append([toOutgoing(insightsShared, insight, { timestamp: routed!.timestamp })]);
  await run(separate, log, ['publish']);
  const copies = await readAll(log, 'insights.operations.v1');
  expect(copies.length).toBe(before + 1);
  for (const { value } of copies) expect(() => insightCodec.decode(value!)).not.toThrow();
});
