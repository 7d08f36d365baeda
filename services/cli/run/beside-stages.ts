// What goes on beside the stages that write to the planners' database, once it is reached.
import type { AlertMetrics } from '#core/alert-metrics.ts';
import type { Log } from '#core/log/port.ts';
import type { Logger } from '#core/logger.ts';
import type { Db } from '#core/store/postgres.ts';
import type { DeliveryMetrics } from '../../alert/deliver/delivery-metrics.ts';
import type { Targets } from '../../alert/deliver/targets.ts';
import type { Config } from '../config.ts';
import type { StoreStage } from './services.ts';

export interface BesideStages {
  readonly db: Db;
  readonly config: Config;
  readonly log: Log;
  readonly logger: Logger;
  /** Whether log and database are a data directory's, which no other process has. */
  readonly isAlone: boolean;
  /** Of `alert`; undefined where it does not run. */
  readonly alert: AlertBeside | undefined;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

export interface AlertBeside {
  readonly targets: Targets | undefined;
  readonly metrics: AlertMetrics;
  readonly deliveryMetrics: DeliveryMetrics;
}

/** Reads who is told of alerts. @throws SignpostError `config-invalid` */
export async function openAlertBeside(config: Config, metrics: AlertMetrics): Promise<AlertBeside> {
  const { targetsOf } = await import('../planners/alert-context.ts');
  const { createDeliveryMetrics } = await import('../../alert/deliver/delivery-metrics.ts');
  const targets = targetsOf(config);
  const names = (targets?.targets ?? []).map(({ name }) => name);
  return { targets, metrics, deliveryMetrics: createDeliveryMetrics(names) };
}

/** Until `signal` aborts. @throws bugs alone. */
export async function runBeside(
  stage: StoreStage,
  { db, config, log, logger, isAlone, alert, sleep }: BesideStages,
  signal: AbortSignal,
): Promise<void> {
  if (stage === 'aggregate') {
    const { runBesideAggregate } = await import('../planners/aggregate-work.ts');
    const parts = { db, config, now: Date.now, log, logger, sleep, vacuums: isAlone };
    return runBesideAggregate(parts, signal);
  }
  const { runBesideAlert } = await import('../planners/alert-work.ts');
  return runBesideAlert({ db, config, log, logger, isAlone, sleep, ...alert! }, signal);
}
