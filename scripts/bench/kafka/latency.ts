// How long a record takes from its acceptance to a consumer of a department stream that reads committed records, at a
// steady rate far below the most.
import { loadavg } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { createKafka } from '#core/log/kafka/connect.ts';
import { openKafkaLog } from '#core/log/kafka/open.ts';
import type { KafkaSettings } from '#core/log/kafka/settings.ts';
import type { OutgoingRecord } from '#core/log/port.ts';
import { noClaims } from '../../../services/cli/open-log.ts';
import { insightsOf } from '../../../services/topology.ts';
import { departments, logger, type Cluster } from './cluster.ts';
import { madeUpTexts, postOf } from './posts.ts';
import { microsecondsFor, timesOf, type ProcessorFigures } from './process-figures.ts';
import type { Way } from './throughput.ts';

export interface LatencyFigures extends ProcessorFigures {
  readonly way: string;
  readonly perSecond: number;
  readonly signals: number;
  /** Milliseconds from the answer to the append, when a record counts as accepted. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly mostMs: number;
  /** The same from before the append. */
  readonly sentP50Ms: number;
  readonly sentP99Ms: number;
  readonly load: number;
}

export interface LatencyOptions {
  readonly perSecond: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

const tickMs = 10;
const lastWaitMs = 20_000;

/** The first seconds go through and are not measured. */
export async function measureLatency(
  cluster: Cluster,
  way: Way,
  { perSecond, warmUpSeconds, seconds }: LatencyOptions,
): Promise<LatencyFigures> {
  const deployment = await cluster.deploy();
  const { settings } = deployment;
  const workers = await way.start(deployment);
  const log = await openKafkaLog({ settings, claims: noClaims, logger });
  const seen = await watchStreams(settings);
  try {
    const load = loadavg()[0]!;
    const sentAt = new Map<string, number>();
    const acceptedAt = new Map<string, number>();
    const appends: Promise<void>[] = [];
    const append = async (records: readonly OutgoingRecord[]): Promise<void> => {
      await log.append(records);
      const done = performance.now();
      for (const { key } of records) acceptedAt.set(key!, done);
    };
    const texts = madeUpTexts();
    const startedAt = performance.now();
    const pids = { own: workers.map(({ pid }) => pid), ...cluster.pids };
    const total = perSecond * (warmUpSeconds + seconds);
    const warm = perSecond * warmUpSeconds;
    let before = timesOf(pids);
    for (let sent = 0; sent < total;) {
      if (sent <= warm) before = timesOf(pids);
      const due = Math.min(total, ((performance.now() - startedAt) / 1000) * perSecond);
      const records: OutgoingRecord[] = [];
      for (; sent < due; sent += 1) {
        records.push(postOf(sent, texts.next().value, Date.now()));
      }
      const now = performance.now();
      if (records.length > 0) {
        for (const { key } of records) sentAt.set(key!, now);
        appends.push(append(records));
      }
      await pause(tickMs);
    }
    await Promise.all(appends);
    await seen.quiet();
    // Only now: what is not through yet has not cost anything yet.
    const times = timesOf(pids);
    const isMeasured = (key: string): boolean =>
      Number(key.slice(key.lastIndexOf('p') + 1)) >= warm;
    const measured = seen.arrivals.filter(({ key }) => isMeasured(key));
    const since = (start: ReadonlyMap<string, number>): number[] =>
      measured.map(({ key, at }) => at - start.get(key)!).toSorted((a, b) => a - b);
    const accepted = since(acceptedAt);
    const sent = since(sentAt);
    return {
      way: way.name,
      perSecond,
      signals: perSecond * seconds,
      p50Ms: quantile(accepted, 0.5),
      p99Ms: quantile(accepted, 0.99),
      mostMs: quantile(accepted, 1),
      sentP50Ms: quantile(sent, 0.5),
      sentP99Ms: quantile(sent, 0.99),
      ...microsecondsFor(perSecond * seconds, before, times),
      load: Math.round(load * 10) / 10,
    };
  } finally {
    await seen.close();
    await log.close();
    await Promise.all(workers.map((worker) => worker.stop()));
    await deployment.remove();
  }
}

interface Arrival {
  readonly key: string;
  readonly at: number;
}

/** A plain kafkajs consumer of all department streams, as a data team would have one. */
async function watchStreams(settings: KafkaSettings) {
  const consumer = createKafka(settings, logger).consumer({
    groupId: `${settings.topicPrefix}reader`,
  });
  const arrivals: Arrival[] = [];
  let lastAt = performance.now();
  await consumer.connect();
  await consumer.subscribe({
    topics: departments.map((name) => settings.topicPrefix + insightsOf(name).name),
    fromBeginning: true,
  });
  const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve));
  await consumer.run({
    async eachBatch({ batch }) {
      const at = performance.now();
      lastAt = at;
      for (const { key } of batch.messages) arrivals.push({ key: String(key), at });
    },
  });
  await joined;
  return {
    arrivals,
    /** Resolves when nothing has come for two seconds. */
    async quiet(): Promise<void> {
      const until = performance.now() + lastWaitMs;
      while (performance.now() - lastAt < 2_000 && performance.now() < until) await pause(100);
    },
    close: () => consumer.disconnect(),
  };
}

function quantile(sorted: readonly number[], q: number): number {
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))];
  if (value === undefined) throw new Error('Nothing arrived');
  return Math.round(value);
}
