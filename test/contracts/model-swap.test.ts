// A model that is changed under load, on both logs, chained and separate: every batch is judged by one model, every
// partition by the old one and then the new one, and nothing is lost or doubled.
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openEmbeddedLog } from '#core/log/embedded/open.ts';
import type { Log, OutgoingRecord } from '#core/log/port.ts';
import { runStage } from '#core/run-stage.ts';
import { createTelemetry } from '#core/telemetry.ts';
import { insightCodec } from '#schemas/insight.ts';
import { readConfig, type Config } from '../../services/cli/config.ts';
import { readDepartments } from '../../services/cli/departments.ts';
import { openLiveJudging } from '../../services/cli/live-judging.ts';
import { reconcile } from '../../services/cli/reconcile/reconcile.ts';
import { stageNames } from '../../services/cli/stage-names.ts';
import { buildStages, judgingParts } from '../../services/cli/stages.ts';
import { generate } from '../../services/gateway/synthetic/generate.ts';
import { takeIn } from '../../services/gateway/sources/intake.ts';
import {
  insightsShared,
  recordsDropped,
  recordsRejected,
  signalsNormalized,
  topicsFor,
} from '../../services/topology.ts';
import { openTestLog, testLogger, testSettings } from '../support/kafka-log.ts';
import { otherModel, shippedBytes, shippedVersion } from '../support/other-model.ts';
import { kafkaServer } from '../support/servers.ts';
import { createClaimModel } from './claim-store.model.ts';
import { readAll } from './log.contract.ts';

const other = otherModel();
const base = readConfig(undefined);
const pseudonymKeys = `k:${Buffer.alloc(32, 1).toString('base64')}`;
const perRound = 60;

let folder: string;
let model: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'signpost-swap-'));
  model = join(folder, 'model.bin');
  writeFileSync(model, shippedBytes);
});
afterEach(() => rmSync(folder, { recursive: true }));

const opens: Readonly<Record<string, () => Promise<Log>>> = {
  embedded: () => openEmbeddedLog({ directory: join(folder, 'data') }),
  Kafka: async () => openTestLog(testSettings((await kafkaServer()).brokers), createClaimModel()),
};
const fusions: Readonly<Record<string, Config['fusion']>> = {
  chained: { enabled: true, write: [signalsNormalized.name] },
  separate: { enabled: false, write: [] },
};

describe.each(Object.keys(opens))('on the %s log', (kind) => {
  test.each(Object.keys(fusions))(
    '%s stages change over between batches',
    { timeout: 120_000 },
    async (way) => {
      const log = await opens[kind]!();
      const config: Config = {
        ...base,
        fusion: fusions[way]!,
        classify: { ...base.classify, model },
      };
      const departments = readDepartments(config.classify);
      const parts = { config, departments, pseudonymKeys };
      const stop = new AbortController();
      const sleep = (): Promise<void> => pause(10);
      const judging = openLiveJudging({
        ...judgingParts(stageNames, parts),
        logger: testLogger,
        sleep,
      });
      const { watched, mixed } = watchCommits(log);
      try {
        await log.ensureTopics(topicsFor(departments.departments.map(({ name }) => name)));
        const telemetry = createTelemetry(() => 0);
        const running = Promise.all([
          judging.watch(stop.signal),
          ...buildStages(stageNames, parts, judging).map((stage) =>
            runStage(
              stage,
              {
                log: watched,
                logger: testLogger,
                metrics: telemetry.stage(stage.name),
                rejected: recordsRejected,
                dropped: recordsDropped,
                sleep,
                maxRecords: 20,
              },
              stop.signal,
            ),
          ),
        ]).finally(() => stop.abort());
        running.catch(() => {});

        let sent = 0;
        const records = sayings();
        const send = async (): Promise<void> => {
          await log.append(Array.from({ length: perRound }, () => records.next().value));
          sent += perRound;
        };
        const judgedBy = async (version: string): Promise<boolean> =>
          (await models(log)).some(([, by]) => by === version);
        await send();
        while (!stop.signal.aborted && !(await judgedBy(shippedVersion))) await pause(20);
        writeFileSync(`${model}.new`, other.bytes);
        renameSync(`${model}.new`, model);
        // Under load: records keep coming in while the file changes.
        while (!stop.signal.aborted && !(await judgedBy(other.version))) {
          await send();
          await pause(30);
        }
        await send();
        let books = await reconcile(log);
        while (!stop.signal.aborted && books.pending > 0) {
          await pause(50);
          books = await reconcile(log);
        }
        stop.abort();
        await running;

        expect(books).toMatchObject({ balanced: true, missing: 0, doubled: 0, duplicates: 0 });
        expect(Object.values(books.sources).reduce((sum, one) => sum + one.accepted, 0)).toBe(sent);
        expect(mixed()).toEqual([]);
        const found = await models(log);
        expect(new Set(found.map(([, by]) => by))).toEqual(
          new Set([shippedVersion, other.version]),
        );
        expect(stepsBack(found)).toEqual([]);
      } finally {
        stop.abort();
        await log.close();
      }
    },
  );
});

function* sayings(): Generator<OutgoingRecord, never> {
  const from = Date.UTC(2026, 0, 5);
  for (const { kind, source, input } of generate({
    seed: 5,
    from,
    to: Infinity,
    ratePerHour: 500,
  })) {
    const taken = takeIn(kind, input, { source, receivedAt: Date.now() });
    if (!taken.ok) throw new Error(taken.detail);
    yield taken.outgoing;
  }
  throw new Error('The made-up customers fell silent');
}

/** Place of the intake record and model, of every insight. */
async function models(log: Log): Promise<(readonly [origin: string, model: string])[]> {
  return (await readAll(log, insightsShared.name)).map(
    ({ headers, value }) =>
      [headers['signpost_origin']!, insightCodec.decode(value!).model] as const,
  );
}

/** Places judged by the old model behind one of the same partition judged by the new one. */
function stepsBack(found: readonly (readonly [origin: string, model: string])[]): string[] {
  const firstNew = new Map<string, number>();
  const placed = found.map(([origin, by]) => {
    const slash = origin.lastIndexOf('/');
    return { lane: origin.slice(0, slash), offset: Number(origin.slice(slash + 1)), by };
  });
  for (const { lane, offset, by } of placed)
    if (by === other.version) firstNew.set(lane, Math.min(offset, firstNew.get(lane) ?? Infinity));
  return placed
    .filter(
      ({ lane, offset, by }) => by === shippedVersion && offset > (firstNew.get(lane) ?? Infinity),
    )
    .map(({ lane, offset }) => `${lane}/${offset}`);
}

/** Sees what each commit writes. @returns `mixed`: commits whose insights name more than one model */
function watchCommits(log: Log): {
  readonly watched: Log;
  readonly mixed: () => readonly string[];
} {
  const found: string[] = [];
  const watched: Log = {
    topics: () => log.topics(),
    committed: (groups) => log.committed(groups),
    read: (topic, partition, offset, limits) => log.read(topic, partition, offset, limits),
    checkpoint: (key) => log.checkpoint(key),
    close: () => log.close(),
    ensureTopics: (specs) => log.ensureTopics(specs),
    append: (records, options) => log.append(records, options),
    async subscribe(options) {
      const subscription = await log.subscribe(options);
      return {
        close: () => subscription.close(),
        async next(signal) {
          const batch = await subscription.next(signal);
          if (batch === null) return null;
          const commit = batch.commit.bind(batch);
          return Object.assign(Object.create(batch) as typeof batch, {
            async commit(outputs: Iterable<OutgoingRecord>, how?: Parameters<typeof commit>[1]) {
              const by = new Set<string>();
              await commit(seen(outputs, by), how);
              if (by.size > 1) found.push([...by].join(' and '));
            },
          });
        },
      };
    },
  };
  return { watched, mixed: () => found };
}

function* seen(outputs: Iterable<OutgoingRecord>, by: Set<string>): Generator<OutgoingRecord> {
  for (const output of outputs) {
    if (output.topic === insightsShared.name) by.add(insightCodec.decode(output.value!).model);
    yield output;
  }
}
