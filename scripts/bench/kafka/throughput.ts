// How fast records that lie on the intake topic come through to the department streams, and what it costs each process.
import { setTimeout as pause } from 'node:timers/promises';
import { loadavg } from 'node:os';
import type { OutgoingRecord } from '#core/log/port.ts';
import type { Cluster, Deployment } from './cluster.ts';
import { fill } from './intake.ts';
import { countOutputs, watchOutputs, type Outputs } from './outputs.ts';
import type { Worker } from './processes.ts';
import {
  microsecondsFor,
  residentMb,
  timesOf,
  type Pids,
  type ProcessorFigures,
  type Times,
} from './process-figures.ts';

export interface ThroughputFigures extends ProcessorFigures {
  readonly way: string;
  readonly signals: number;
  readonly signalsPerSecond: number;
  readonly seconds: number;
  /** Records on department streams for each signal. */
  readonly routed: number;
  /** Largest resident memory of one of our processes, in MB (10^6 bytes), seen while it was measured. */
  readonly peakMb: number;
  /** Insights that came twice. */
  readonly twice: number;
  /** Load average of the last minute when it began: on a machine with other work it is of little worth. */
  readonly load: number;
}

export interface Way {
  readonly name: string;
  /** Starts the processes; resolves once all are ready. */
  start(deployment: Deployment): Promise<readonly Worker[]>;
}

const lookEveryMs = 50;
/** No output for so long means that all is through; checked by counting. */
const quietMs = 1_500;
/** Longer without any, and it is taken to be stuck. */
const stuckMs = 60_000;

/**
 * First `warmUp` of the posts go through and are not measured: start, connections, compilation. The clock then starts as
 * the others become visible, all at once, and stops with the last output.
 */
export async function measureThroughput(
  cluster: Cluster,
  way: Way,
  posts: readonly OutgoingRecord[],
  warmUp: number,
): Promise<ThroughputFigures> {
  const deployment = await cluster.deploy();
  const { settings } = deployment;
  const outputs = watchOutputs(settings);
  let workers: readonly Worker[] = [];
  try {
    workers = await way.start(deployment);
    await (
      await fill(settings, posts.slice(0, warmUp))
    )();
    await through(outputs, deployment, warmUp);

    const release = await fill(settings, posts.slice(warmUp));
    const pids = { own: workers.map(({ pid }) => pid), ...cluster.pids };
    const load = loadavg()[0]!;
    const before = timesOf(pids);
    const startedAt = performance.now();
    await release();
    const { at, times, peakMb } = await through(outputs, deployment, posts.length, pids);
    const count = await countOutputs(settings);
    const signals = posts.length - warmUp;
    const seconds = (at - startedAt) / 1000;
    return {
      way: way.name,
      signals,
      signalsPerSecond: Math.round(signals / seconds),
      seconds: Math.round(seconds * 100) / 100,
      routed: Math.round((count.routed / count.insights) * 100) / 100,
      ...microsecondsFor(signals, before, times),
      peakMb: Math.round(peakMb),
      twice: count.insights - count.distinct,
      load: Math.round(load * 10) / 10,
    };
  } finally {
    await Promise.all(workers.map((worker) => worker.stop()));
    await outputs.close();
    await deployment.remove();
  }
}

const nobody: Times = { own: 0, broker: 0, postgres: 0 };

/** Waits until `signals` insights in all are there. @returns when the last output came, and the times spent until then */
async function through(
  outputs: Outputs,
  { settings }: Deployment,
  signals: number,
  pids?: Pids,
): Promise<{ at: number; times: Times; peakMb: number }> {
  let size = await outputs.size();
  let at = performance.now();
  let times = pids === undefined ? nobody : timesOf(pids);
  let countedAt = -1;
  let peakMb = 0;
  for (;;) {
    await pause(lookEveryMs);
    const now = performance.now();
    const grown = await outputs.size();
    if (grown > size) {
      size = grown;
      at = now;
      if (pids !== undefined) times = timesOf(pids);
      peakMb = Math.max(peakMb, ...(pids?.own.map(residentMb) ?? []));
    } else if (now - at > quietMs && countedAt !== size) {
      countedAt = size;
      if ((await countOutputs(settings)).distinct >= signals) return { at, times, peakMb };
    } else if (now - at > stuckMs) {
      const { distinct } = await countOutputs(settings);
      throw new Error(`${distinct} of ${signals} insights came, and no more`);
    }
  }
}
