// `signpost run`: one or several services in this process until SIGTERM, with their health, metrics and traces.
import { setTimeout as pause } from 'node:timers/promises';
import { SignpostError } from '#core/errors.ts';
import type { Log } from '#core/log/port.ts';
import { createLogger } from '#core/logger.ts';
import { openProbe, type Reasons } from '#core/probe.ts';
import { groupOf } from '#core/run-stage.ts';
import { listenForShutdown } from '#core/shutdown.ts';
import { createTelemetry } from '#core/telemetry.ts';
import { departmentNames } from '../departments.ts';
import { noteIntake } from '../judgements/intake-address.ts';
import { configOf, logAt, type LogAt } from '../open-log.ts';
import type { LogPlace } from '../options.ts';
import { createOutput } from '../output.ts';
import { openAlertBeside, runBeside } from './beside-stages.ts';
import { buildServices } from './build-stages.ts';
import { createLogWatch } from './log-watch.ts';
import { databaseUrl, openServiceLog, type ServiceLog } from './open-service-log.ts';
import { openTraces } from './open-traces.ts';
import { metricsWithLag } from './process-metrics.ts';
import { createReachWatch } from './reach-watch.ts';
import { createSeats } from './seats.ts';
import type { HttpService } from './serve-http.ts';
import { createStageService, type StageService } from './stage-service.ts';
import { createRunArchive } from './archive-service.ts';
import { createRunStore } from './store-service.ts';
import { senderKeys } from './secrets.ts';
import {
  groupsOf,
  isHttp,
  isStoreStage,
  needsStore,
  type RunningStage,
  type ServiceName,
} from './services.ts';
import { untilReached } from './until-reached.ts';

/** A transaction costs the broker much the same whatever it holds: with 500 it works twice as long on each record. */
const recordsOfTransaction = 2_000;

export interface RunOptions {
  readonly services: readonly ServiceName[];
  readonly place: LogPlace;
  /** Of the HTTP server. */
  readonly port: number | undefined;
  readonly probePort: number | undefined;
  readonly probeHost: string | undefined;
  readonly createTopics: boolean;
}

/**
 * Resolves after SIGTERM or Ctrl-C, every batch finished or given back. Servers that are away are waited for.
 * @throws SignpostError when the configuration is wrong or cannot be used; bugs of stages, with nothing committed.
 */
export async function runServices({ services, place, ...options }: RunOptions): Promise<void> {
  const config = configOf(place);
  const at = logAt(place, () => config);
  const logger = createLogger(`signpost-${services.join('+')}`, config.logLevel);
  if (at.kind === 'kafka' && (services.includes('normalize') || needsStore(services)))
    databaseUrl(config.database);
  const keys = services.some(isHttp) ? await senderKeys(at, config, services) : undefined;
  const telemetry = createTelemetry(() => performance.now() / 1000);
  const store = needsStore(services) ? createRunStore(at, config, logger) : undefined;
  const archive = services.includes('archive') ? createRunArchive(at, config) : undefined;
  const { stages, judging } = await buildServices(services, {
    at,
    config,
    logger,
    drift: telemetry.drift,
    alerts: telemetry.alerts,
    db: store?.db,
    archive: archive && { store: archive.store, metrics: telemetry.archive },
  });
  const alert = services.includes('alert')
    ? await openAlertBeside(config, telemetry.alerts())
    : undefined;

  const shutdown = listenForShutdown();
  const stop = new AbortController();
  const stopped = AbortSignal.any([shutdown.signal, stop.signal]);
  const traces = await openTraces(services, config, logger);
  let opened: ServiceLog | undefined;
  const opening: Record<'log' | 'store' | 'archive', string | null> = {
    log: 'The log is not opened yet.',
    store: store === undefined ? null : 'The database of planners is not opened yet.',
    archive: archive === undefined ? null : 'The archive is not opened yet.',
  };
  const log = (): Log | undefined => opened?.log;
  const watch = createLogWatch({
    log,
    logger,
    sleep,
    countsBacklog: services.includes('gateway'),
  });
  const database = createReachWatch({
    name: 'The database',
    ask: () => opened?.askDatabase?.(),
    logger,
    sleep,
  });
  const planners = createReachWatch({
    name: 'The database of planners',
    ask: () => store?.ask(),
    logger,
    sleep,
  });
  const objects = createReachWatch({
    name: 'The archive',
    ask: () => archive?.ask(),
    logger,
    sleep,
    everyMs: 10_000,
  });
  const seats = createSeats(telemetry.log);
  const amiss = (stage: RunningStage): string | null =>
    watch.away() ??
    (opened?.askDatabase === undefined ? null : database.away()) ??
    (isStoreStage(stage) ? planners.away() : null) ??
    (stage === 'archive' ? objects.away() : null) ??
    seats.lost(groupOf(stage));
  const metricsText = metricsWithLag({
    telemetry: {
      snapshot: async () =>
        [await telemetry.snapshot(), (await alert?.deliveryMetrics.snapshot()) ?? []].flat(),
    },
    log,
    groups: groupsOf(services),
    now: Date.now,
  });
  const running = new Map<RunningStage, StageService>(
    stages.map(([name, stage]) => {
      const tracing = traces.get(name)?.batches;
      const metrics = telemetry.stage(name);
      const clock = (): number => performance.now();
      const parts = { stage, logger, metrics, amiss: () => amiss(name), sleep, clock };
      const batches = at.kind === 'kafka' ? { maxRecords: recordsOfTransaction } : {};
      return [name, createStageService({ ...parts, ...batches, ...(tracing && { tracing }) })];
    }),
  );
  let http: HttpService | undefined;
  let forgetIntake = (): void => {};
  const ready = (): Reasons => ({
    ...Object.fromEntries(Object.entries(opening).filter((entry) => entry[1] !== null)),
    ...(stopped.aborted ? { process: 'It is shutting down.' } : {}),
    ...reasonsOf(running, (stage) => stage.ready()),
    ...http?.ready(),
  });
  const output = createOutput();
  const departments = departmentNames(config.classify);

  const probe = await openProbe({
    host: options.probeHost ?? config.probes.host,
    port: options.probePort ?? config.probes.port,
    live: () => reasonsOf(running, (stage) => stage.live()),
    ready,
    metricsText,
  });
  try {
    await output.line(`Probes at ${probe.url}/livez, /readyz and /metrics`);
    if (keys !== undefined) {
      const { serveHttp } = await import('./serve-http.ts');
      http = await serveHttp({
        services,
        at,
        config: {
          ...config,
          gateway: { ...config.gateway, port: options.port ?? config.gateway.port },
        },
        keys,
        departments,
        logger,
        metrics: telemetry.intake,
        metricsText,
        watch,
        planners,
        reading: store?.reading,
        opened: () => opened,
        traced: traces.get('gateway') ?? traces.get('portal'),
      });
      for (const line of http.says) await output.line(line);
    }
    const waiting = { logger, signal: stopped, sleep };
    const reachStore = async (): Promise<boolean> => {
      const onWaiting = (why: string | null): unknown => (opening.store = why);
      return (await untilReached(() => store!.reach(), { ...waiting, onWaiting })) ?? false;
    };
    // Nobody else has a data directory's database while this process has its log.
    const reaching = store !== undefined && at.kind === 'kafka' ? reachStore() : undefined;
    reaching?.catch(() => stop.abort());
    const { createTopics } = options;
    const parts = { services, departments, config, logger, createTopics, signal: stopped };
    opened = await untilReached(
      () => openServiceLog(at, { ...parts, metrics: seats.events }).catch(explainWriter),
      { ...waiting, onWaiting: (why) => (opening.log = why) },
      ({ log: late }) => late.close(),
    );
    if (opened === undefined) return void (await reaching);
    const { log: shared, failed } = opened;
    // Not before the directory is this process's to write to.
    if (http !== undefined && at.kind === 'embedded')
      forgetIntake = noteIntake(at.directory, http.url);
    await output.line(`Running ${services.join(', ')} on ${nameOf(at)}`);
    const onStore = async (): Promise<void> => {
      if (store === undefined || !(await (reaching ?? reachStore()))) return;
      const isAlone = at.kind === 'embedded';
      const beside = { db: store.db, config, log: shared, logger, sleep, isAlone, alert };
      await Promise.all([
        planners.run(stopped),
        ...services
          .filter(isStoreStage)
          .flatMap((name) => [
            running.get(name)!.run(shared, stopped),
            runBeside(name, beside, stopped),
          ]),
      ]);
    };
    const onArchive = async (): Promise<void> => {
      if (archive === undefined) return;
      const onWaiting = (why: string | null): unknown => (opening.archive = why);
      if (!(await untilReached(() => archive.reach(stopped), { ...waiting, onWaiting }))) return;
      const { runBesideArchive } = await import('../archive/archive-work.ts');
      const { keepErasing } = await import('../erase/keep-erasing.ts');
      const erase = keepErasing(archive.store, at, config);
      await Promise.all([
        objects.run(stopped),
        running.get('archive')!.run(shared, stopped),
        runBesideArchive({ store: archive.store, config, logger, sleep, erase }, stopped),
      ]);
    };
    const tasks = [
      watch.run(stopped),
      database.run(stopped),
      ...(judging === undefined ? [] : [judging.watch(stopped)]),
      ...[...running]
        .filter(([name]) => !isStoreStage(name) && name !== 'archive')
        .map(([, stage]) => stage.run(shared, stopped)),
      onStore(),
      onArchive(),
    ];
    try {
      await Promise.race([
        failed,
        ...(store === undefined ? [] : [store.failed]),
        Promise.all(tasks),
      ]);
    } finally {
      stop.abort();
      // What is under way is finished by all, whatever befell one of them.
      await Promise.allSettled([...tasks, http?.close()]);
    }
  } finally {
    stop.abort();
    forgetIntake();
    await http?.close();
    await store?.close();
    await archive?.close();
    await opened?.log.close();
    await Promise.all([...traces.values()].map((tracing) => tracing.close()));
    await probe.close();
    shutdown.dispose();
  }
}

function reasonsOf<S>(
  services: ReadonlyMap<string, S>,
  why: (service: S) => string | null,
): Reasons {
  return Object.fromEntries(
    [...services].flatMap(([name, service]) => {
      const reason = why(service);
      return reason === null ? [] : [[name, reason] as const];
    }),
  );
}

function nameOf(at: LogAt): string {
  return at.kind === 'kafka' ? `Kafka (${at.settings.brokers.join(', ')})` : at.directory;
}

/** A data directory has one writer; who starts services one by one needs to know what to do instead. */
function explainWriter(error: unknown): never {
  if (!(error instanceof SignpostError) || error.code !== 'log-in-use') throw error;
  throw new SignpostError(error.code, error.message, {
    cause: error,
    hint: 'A data directory has one writer: name all services in one `signpost run`, or give them a Kafka cluster (--brokers, KAFKA_BROKERS).',
  });
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await pause(ms, undefined, { signal }).catch(() => {});
}
