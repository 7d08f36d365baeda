// The `alert` stage with what goes on beside it, wherever it runs: counts are evaluated, transitions published, targets
// told, and what is old forgotten.
import { randomUUID } from 'node:crypto';
import type { AlertMetrics } from '#core/alert-metrics.ts';
import type { Log } from '#core/log/port.ts';
import type { Logger } from '#core/logger.ts';
import type { Stage } from '#core/stage.ts';
import type { Db } from '#core/store/postgres.ts';
import { createProjectionStore } from '#core/store/projection-store.ts';
import type { AlertConfig } from '../../alert/config.ts';
import type { DeliveryMetrics } from '../../alert/deliver/delivery-metrics.ts';
import { runDeliveries } from '../../alert/deliver/run-deliveries.ts';
import type { Targets } from '../../alert/deliver/targets.ts';
import type { DetectorOptions } from '../../alert/detect/detection.ts';
import { createDetector, detectorRelease, restoreDetector } from '../../alert/detect/detector.ts';
import type { DetectorForm } from '../../alert/detector-state.ts';
import { startForgettingSightings } from '../../alert/forget-sightings.ts';
import { publishAlerts } from '../../alert/publish-alerts.ts';
import { runDetector } from '../../alert/run-detector.ts';
import { createAlert } from '../../alert/stage.ts';
import { nobodyErased, type Erased } from '../../archive/erasures.ts';
import { erasedInsight } from '../../archive/strip.ts';
import type { DepartmentsConfig } from '../../classify/departments.ts';
import type { Config } from '../config.ts';
import { alertContext } from './alert-context.ts';
import { receiversOf } from './receivers.ts';

export interface AlertParts {
  readonly db: Db;
  readonly config: Pick<Config, 'alert'>;
  /** The departments as they are now, with their thresholds: who receives what is judged by them. */
  readonly departments: () => DepartmentsConfig;
  /** Whose words are erased. */
  readonly erased?: () => Erased;
  readonly metrics: AlertMetrics;
}

/** The stage. The database need not be there yet, only once it runs. */
export function buildAlert({
  db,
  config,
  departments,
  erased = () => nobodyErased,
  metrics,
}: AlertParts): Stage<never> {
  return createAlert({
    store: createProjectionStore(db),
    receiversOf: receiversOf(departments),
    erased: (insight) => erasedInsight(insight, erased()),
    lateness: config.alert,
    onLate: metrics.late,
  }) as unknown as Stage<never>;
}

export function detectorOptions(config: AlertConfig): DetectorOptions {
  const { falseAlarmsPerWeek, minCustomers, warmUpDays, latenessMs, themeFamilies } = config;
  return {
    budgetPerWeek: falseAlarmsPerWeek,
    minCustomers,
    warmUpDays,
    latenessMs,
    families: themeFamilies,
  };
}

export function detectorForm(config: AlertConfig): DetectorForm {
  return {
    create: createDetector,
    restore: restoreDetector,
    options: detectorOptions(config),
    release: detectorRelease,
  };
}

export interface BesideAlertParts {
  readonly db: Db;
  readonly config: Pick<Config, 'alert' | 'aggregate'>;
  readonly log: Pick<Log, 'append' | 'checkpoint' | 'topics' | 'committed'>;
  readonly targets: Targets | undefined;
  readonly metrics: AlertMetrics;
  readonly deliveryMetrics: DeliveryMetrics;
  readonly logger: Logger;
  /** Whether no other process can publish on this log. */
  readonly isAlone: boolean;
  /** Waits, or returns early when the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** Who publishes where nobody else can. */
const onlyHolder = '00000000-0000-4000-8000-000000000001';

/** What goes on beside the stage, on a database that is up to date, until `signal` aborts. @throws bugs alone. */
export async function runBesideAlert(parts: BesideAlertParts, signal: AbortSignal): Promise<void> {
  const { db, config, log, targets, metrics, deliveryMetrics, logger, isAlone, sleep } = parts;
  const { alert, aggregate } = config;
  const now = Date.now;
  const clock = (): number => performance.now();
  const forgetting = startForgettingSightings(db, {
    now,
    keepDays: alert.keepDays,
    wordsDays: aggregate.wordsDays,
    logger,
  });
  const holder = isAlone ? onlyHolder : randomUUID();
  // One that ends by a bug ends the others.
  const stopping = new AbortController();
  const end = AbortSignal.any([signal, stopping.signal]);
  const tasks = [
    runDetector({
      db,
      log,
      form: detectorForm(alert),
      config: alert,
      targetsOf: alertContext(config, targets?.targets ?? []).targetsOf,
      metrics,
      now,
      clock,
      logger,
      sleep,
      signal: end,
    }),
    publishAlerts({ db, log, holder, clock, logger, sleep, signal: end }),
    ...(targets === undefined
      ? []
      : [runDeliveries(db, targets, { metrics: deliveryMetrics, logger, now }, end)]),
  ];
  try {
    await Promise.all(tasks);
  } finally {
    stopping.abort();
    await Promise.allSettled([...tasks, forgetting.stop()]);
  }
}
