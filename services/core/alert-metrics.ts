// What alerts are known by: how far counts are evaluated, what stands, what came too late.
import { Counter, Gauge, type Registry } from 'prom-client';

export interface AlertMetrics {
  readonly late: (source: string, count: number) => void;
  /** Moments in milliseconds since the epoch; null before the first evaluation. */
  readonly evaluated: (until: number | null, now: number) => void;
  readonly watched: (series: number, silentSources: number) => void;
  /** Incidents that are not over, by state. */
  readonly standing: (byState: Readonly<Record<string, number>>) => void;
  /** Buckets were evaluated without all that was accepted before, since it did not come. */
  readonly impatient: () => void;
}

/** Names of sources must not fill memory: further ones are counted together. */
const mostSources = 200;

/** Of several copies or threads only one evaluates at a time: take the maximum over them. */
export function createAlertMetrics(registry: Registry): AlertMetrics {
  const registers = [registry];
  const aggregator = 'max' as const;
  const late = new Counter({
    name: 'signpost_alert_late_sightings_total',
    help: 'Things said that came too late to be counted for alerts, by source',
    labelNames: ['source'],
    registers,
  });
  const until = new Gauge({
    name: 'signpost_alert_evaluated_until_seconds',
    help: 'End of the last 3 minutes evaluated for alerts, seconds since the epoch; 0 before the first',
    registers,
    aggregator,
  });
  const behind = new Gauge({
    name: 'signpost_alert_behind_seconds',
    help: 'Time since the end of the last 3 minutes evaluated for alerts',
    registers,
    aggregator,
  });
  const series = new Gauge({
    name: 'signpost_alert_series',
    help: 'Series that are tested',
    registers,
    aggregator,
  });
  const silent = new Gauge({
    name: 'signpost_alert_silent_sources',
    help: 'Sources that say so much less than usual that they count as dead',
    registers,
    aggregator,
  });
  const incidents = new Gauge({
    name: 'signpost_alert_incidents',
    help: 'Incidents that are not over, by state',
    labelNames: ['state'],
    registers,
    aggregator,
  });
  const impatient = new Counter({
    name: 'signpost_alert_incomplete_evaluations_total',
    help: 'Times counts were evaluated before all that was accepted was counted, since it did not come on',
    registers,
  });
  const sources = new Set<string>();
  return {
    late(source, count) {
      if (sources.size < mostSources) sources.add(source);
      late.inc({ source: sources.has(source) ? source : 'other' }, count);
    },
    evaluated(moment, now) {
      until.set((moment ?? 0) / 1000);
      behind.set(moment === null ? 0 : Math.max(0, now - moment) / 1000);
    },
    watched(count, silentSources) {
      series.set(count);
      silent.set(silentSources);
    },
    standing(byState) {
      for (const [state, count] of Object.entries(byState)) incidents.set({ state }, count);
    },
    impatient: () => impatient.inc(),
  };
}
