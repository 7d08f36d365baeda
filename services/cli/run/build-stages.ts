// The stages of services, built before anything else begins.
import { setTimeout as pause } from 'node:timers/promises';
import type { AlertMetrics } from '#core/alert-metrics.ts';
import type { ArchiveMetrics } from '#core/archive-metrics.ts';
import type { DriftMetrics } from '#core/drift.ts';
import type { Logger } from '#core/logger.ts';
import type { ObjectStore } from '#core/objects/port.ts';
import type { Stage } from '#core/stage.ts';
import type { Db } from '#core/store/postgres.ts';
import type { Erased } from '../../archive/erasures.ts';
import type { Config } from '../config.ts';
import { readDepartments } from '../departments.ts';
import type { LiveJudging } from '../live-judging.ts';
import type { LogAt } from '../open-log.ts';
import { sharedPseudonymKeys } from './secrets.ts';
import { isStage, isStoreStage, type RunningStage, type ServiceName } from './services.ts';

export interface Built {
  readonly stages: readonly (readonly [RunningStage, Stage<never>])[];
  /** Undefined where there is no stage. */
  readonly judging: LiveJudging | undefined;
}

export interface BuildParts {
  readonly at: LogAt;
  readonly config: Config;
  readonly logger: Logger;
  readonly drift: DriftMetrics;
  readonly alerts: () => AlertMetrics;
  /** Of planners; undefined where no service needs it. */
  readonly db: Db | undefined;
  readonly archive:
    | { readonly store: ObjectStore; readonly metrics: () => ArchiveMetrics }
    | undefined;
}

/**
 * Everything that the configuration names is loaded before anything else begins. A gateway loads none of what stages
 * consist of, and they not the intake: half of what there is to load.
 */
export async function buildServices(
  services: readonly ServiceName[],
  { at, config, logger, drift, alerts, db, archive }: BuildParts,
): Promise<Built> {
  const names = services.filter(isStage);
  const storing = services.filter(isStoreStage);
  const archiving: [RunningStage, Stage<never>][] = [];
  if (services.includes('archive') && archive !== undefined) {
    const { buildArchive } = await import('../archive/archive-work.ts');
    const { store, metrics } = archive;
    archiving.push([
      'archive',
      buildArchive({ store, config, metrics: metrics() }) as Stage<never>,
    ]);
  }
  if (names.length === 0 && storing.length === 0) return { stages: archiving, judging: undefined };
  const { openLiveJudging, tellExpected } = await import('../live-judging.ts');
  const departments = readDepartments(config.classify);
  const judging = openLiveJudging({
    classify: config.classify,
    departments,
    judges: names.includes('classify'),
    routes: storing.length > 0 || names.includes('publish'),
    logger,
    sleep,
    onJudging: (by) => tellExpected(drift, by),
  });
  const stages: [RunningStage, Stage<never>][] = archiving;
  if (names.length > 0) {
    const { buildStages } = await import('../stages.ts');
    const needsKeys = names.includes('normalize');
    const pseudonymKeys = needsKeys ? sharedPseudonymKeys(at, config, process.env) : '';
    const built = buildStages(names, { config, departments, pseudonymKeys }, judging, drift);
    stages.push(
      ...built.map((stage): [RunningStage, Stage<never>] => [stage.name as RunningStage, stage]),
    );
  }
  const current = () => judging.current().departments;
  const erased = storing.length > 0 ? await erasuresOf(at, config, logger) : undefined;
  if (storing.includes('aggregate') && db !== undefined) {
    const { buildAggregate } = await import('../planners/aggregate-work.ts');
    stages.push([
      'aggregate',
      buildAggregate({ db, config, departments: current, ...erased, now: Date.now }),
    ]);
  }
  if (storing.includes('alert') && db !== undefined) {
    const { buildAlert } = await import('../planners/alert-work.ts');
    stages.push([
      'alert',
      buildAlert({ db, config, departments: current, ...erased, metrics: alerts() }),
    ]);
  }
  return { stages, judging };
}

/** Nothing where a cluster has no archive, and so nobody who was erased. */
async function erasuresOf(
  at: LogAt,
  config: Config,
  logger: Logger,
): Promise<{ readonly erased?: () => Erased }> {
  if (at.kind === 'kafka' && config.archive.url === undefined) return {};
  const { openArchive } = await import('../archive/open-archive.ts');
  const { createLiveErasures } = await import('../../archive/live-erasures.ts');
  const clock = (): number => performance.now();
  return { erased: createLiveErasures({ open: () => openArchive(at, config), logger, clock }) };
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await pause(ms, undefined, { signal }).catch(() => {});
}
