// The metrics of a process that runs services: what its stages count, how far their groups are behind, and its memory.
import { setTimeout as pause } from 'node:timers/promises';
import { collectDefaultMetrics, Registry, type MetricObject } from 'prom-client';
import { lagMetrics, type GroupReads } from '#core/lag.ts';
import type { Log } from '#core/log/port.ts';
import { metricsText, type Telemetry } from '#core/telemetry.ts';

export interface ProcessMetricsParts {
  readonly telemetry: Pick<Telemetry, 'snapshot'>;
  /** Undefined until it is open. */
  readonly log: () => Log | undefined;
  readonly groups: readonly GroupReads[];
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** A log that does not answer must not keep the other metrics from being told. */
const lagTimeoutMs = 2000;

/** A function that prints all metrics in the Prometheus text format. */
export function metricsWithLag(parts: ProcessMetricsParts): () => Promise<string> {
  const { telemetry, log: current, groups, now } = parts;
  const own = new Registry();
  collectDefaultMetrics({ register: own });
  let asking: Promise<readonly MetricObject[]> | undefined;

  /** However many ask, the log is asked once at a time. */
  async function lag(): Promise<readonly MetricObject[]> {
    const log = current();
    if (log === undefined || groups.length === 0) return [];
    asking ??= lagMetrics(log, groups, now())
      .catch((): readonly MetricObject[] => [])
      .finally(() => (asking = undefined));
    const timeout = new AbortController();
    const late = pause(lagTimeoutMs, [], { signal: timeout.signal, ref: false }).catch(() => []);
    try {
      return await Promise.race([asking, late]);
    } finally {
      timeout.abort();
    }
  }

  return async () => {
    const snapshots = await Promise.all([telemetry.snapshot(), own.getMetricsAsJSON(), lag()]);
    return metricsText(snapshots);
  };
}
