// Metrics in Prometheus form. Stages in several threads each keep their own registry; snapshots are added up.
import { AggregatorRegistry, Counter, Histogram, Registry, type MetricObject } from 'prom-client';
import { createArchiveMetrics, type ArchiveMetrics } from './archive-metrics.ts';
import { createAlertMetrics, type AlertMetrics } from './alert-metrics.ts';
import { createDriftMetrics, type DriftMetrics } from './drift.ts';

/** Verdicts of a batch, by kind and reason. */
export interface Tally {
  emitted: number;
  outputs: number;
  readonly dropped: Record<string, number>;
  readonly rejected: Record<string, number>;
}

/** What the engine counts for one stage. */
export interface StageMetrics {
  /** The verdicts of a batch, once they stand; `stage` where another one's, which follows this one in a chain. */
  judged(tally: Tally, stage?: string): void;
  failed(code: string): void;
  /** Call when a batch is about to be committed; the result, once it is. */
  committing(records: number): () => void;
}

/** What the intake counts. Names and codes only, never what somebody said. */
export interface IntakeMetrics {
  /** A request was judged record by record. */
  readonly taken: (event: {
    readonly kind: string;
    readonly source: string;
    readonly accepted: number;
    readonly rejected: Readonly<Record<string, number>>;
  }) => void;
  /** A request was answered with an error. */
  readonly refused: (code: string) => void;
}

/** What a log that runs over a network tells. */
export interface LogMetrics {
  /** Partitions were handed out anew. */
  rebalanced(group: string): void;
  /** A consumer that had stopped was started anew. */
  restarted(group: string, why: string): void;
}

export interface Telemetry {
  stage(name: string): StageMetrics;
  readonly intake: IntakeMetrics;
  readonly log: LogMetrics;
  readonly drift: DriftMetrics;
  /** Those of the process that evaluates alerts, made when first asked for. */
  readonly alerts: () => AlertMetrics;
  /** Those of the process that archives, made when first asked for. */
  readonly archive: () => ArchiveMetrics;
  /** Plain data that survives `postMessage`. */
  readonly snapshot: () => Promise<readonly MetricObject[]>;
}

/** While anybody may name a source, names must not fill memory: further ones are counted together. */
const mostSources = 200;

/**
 * @param seconds a monotonic clock in seconds
 * @param now milliseconds since the epoch
 */
export function createTelemetry(seconds: () => number, now: () => number = Date.now): Telemetry {
  const registry = new Registry();
  const registers = [registry];
  const verdicts = new Counter({
    name: 'signpost_verdicts_total',
    help: 'Records judged, by stage, verdict and reason',
    labelNames: ['stage', 'verdict', 'reason'],
    registers,
  });
  const outputs = new Counter({
    name: 'signpost_outputs_total',
    help: 'Records written, by stage',
    labelNames: ['stage'],
    registers,
  });
  const failures = new Counter({
    name: 'signpost_batch_failures_total',
    help: 'Batches that were not committed and came again, by stage and code',
    labelNames: ['stage', 'code'],
    registers,
  });
  const batchRecords = new Histogram({
    name: 'signpost_batch_records',
    help: 'Records in a committed batch, by stage',
    labelNames: ['stage'],
    buckets: [1, 10, 50, 100, 250, 500, 1000, 2000],
    registers,
  });
  const commitSeconds = new Histogram({
    name: 'signpost_commit_seconds',
    help: 'Time to commit a batch with its offset, by stage',
    labelNames: ['stage'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
    registers,
  });
  const intakeRecords = new Counter({
    name: 'signpost_intake_records_total',
    help: 'Records judged by the intake, by kind, source, verdict and reason',
    labelNames: ['kind', 'source', 'verdict', 'reason'],
    registers,
  });
  const intakeRefusals = new Counter({
    name: 'signpost_intake_refused_requests_total',
    help: 'Requests the intake answered with an error, by code',
    labelNames: ['code'],
    registers,
  });
  const rebalances = new Counter({
    name: 'signpost_rebalances_total',
    help: 'Times partitions were handed out anew, by consumer group',
    labelNames: ['group'],
    registers,
  });
  const restarts = new Counter({
    name: 'signpost_consumer_restarts_total',
    help: 'Consumers that had stopped and were started anew, by consumer group and cause',
    labelNames: ['group', 'why'],
    registers,
  });
  let alerts: AlertMetrics | undefined;
  let archive: ArchiveMetrics | undefined;
  const sources = new Set<string>();
  const sourceLabel = (source: string): string => {
    if (sources.size < mostSources) sources.add(source);
    return sources.has(source) ? source : 'other';
  };
  return {
    intake: {
      taken({ kind, source: name, accepted, rejected }) {
        const source = sourceLabel(name);
        if (accepted > 0)
          intakeRecords.inc({ kind, source, verdict: 'accept', reason: '' }, accepted);
        for (const [reason, count] of Object.entries(rejected))
          intakeRecords.inc({ kind, source, verdict: 'refuse', reason }, count);
      },
      refused: (code) => intakeRefusals.inc({ code }),
    },
    log: {
      rebalanced: (group) => rebalances.inc({ group }),
      restarted: (group, why) => restarts.inc({ group, why }),
    },
    stage(stage) {
      return {
        judged({ emitted, outputs: written, dropped, rejected }, by = stage) {
          verdicts.inc({ stage: by, verdict: 'emit', reason: '' }, emitted);
          outputs.inc({ stage: by }, written);
          for (const [reason, count] of Object.entries(dropped))
            verdicts.inc({ stage: by, verdict: 'drop', reason }, count);
          for (const [reason, count] of Object.entries(rejected))
            verdicts.inc({ stage: by, verdict: 'reject', reason }, count);
        },
        failed: (code) => failures.inc({ stage, code }),
        committing(records) {
          const startedAt = seconds();
          return () => {
            commitSeconds.observe({ stage }, seconds() - startedAt);
            batchRecords.observe({ stage }, records);
          };
        },
      };
    },
    drift: createDriftMetrics(registry, now),
    alerts: () => (alerts ??= createAlertMetrics(registry)),
    archive: () => (archive ??= createArchiveMetrics(registry, now)),
    snapshot: () => registry.getMetricsAsJSON(),
  };
}

/** Adds snapshots of several threads up and prints them in the Prometheus text format. */
export async function metricsText(
  snapshots: readonly (readonly MetricObject[])[],
): Promise<string> {
  return AggregatorRegistry.aggregate(snapshots as MetricObject[][]).metrics();
}
