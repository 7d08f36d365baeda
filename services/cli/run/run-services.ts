// `signpost run`: one or several services in this process until SIGTERM, with their health, metrics and traces.
import { createRequire } from 'node:module';
import { setTimeout as pause } from 'node:timers/promises';
import type { DriftMetrics } from '#core/drift.ts';
import { SignpostError } from '#core/errors.ts';
import type { Log } from '#core/log/port.ts';
import { createLogger, type Logger } from '#core/logger.ts';
import { openProbe, type Reasons } from '#core/probe.ts';
import { readRegistrySettings } from '#core/registry/registry-client.ts';
import { groupOf } from '#core/run-stage.ts';
import { listenForShutdown } from '#core/shutdown.ts';
import { createTelemetry } from '#core/telemetry.ts';
import type { Tracing } from '#core/tracing.ts';
import type { RegistryParts } from '../../gateway/http/registry-routes.ts';
import type { Config } from '../config.ts';
import { departmentNames, readDepartments } from '../departments.ts';
import { noteIntake } from '../judgements/intake-address.ts';
import { judgementIntake } from '../judgements/route.ts';
import { configOf, logAt, type LogAt } from '../open-log.ts';
import type { LogPlace } from '../options.ts';
import { createOutput } from '../output.ts';
import type { StageName } from '../stage-names.ts';
import type { LiveJudging } from '../live-judging.ts';
import type { buildStages } from '../stages.ts';
import { registeredTopics } from '../topics/log-schemas.ts';
import type { GatewayService } from './gateway-service.ts';
import { createLogWatch } from './log-watch.ts';
import { createReachWatch } from './reach-watch.ts';
import { createSeats } from './seats.ts';
import { databaseUrl, openServiceLog, type ServiceLog } from './open-service-log.ts';
import { metricsWithLag } from './process-metrics.ts';
import { senderKeys, sharedPseudonymKeys } from './secrets.ts';
import { groupsOf, isStage, type ServiceName } from './services.ts';
import { createStageService, type StageService } from './stage-service.ts';
import { untilReached } from './until-reached.ts';

/** A transaction costs the broker much the same whatever it holds: with 500 it works twice as long on each record. */
const recordsOfTransaction = 2_000;

export interface RunOptions {
  readonly services: readonly ServiceName[];
  readonly place: LogPlace;
  /** Of the intake. */
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
  const stages = services.filter(isStage);
  const logger = createLogger(`signpost-${services.join('+')}`, config.logLevel);
  if (at.kind === 'kafka' && services.includes('normalize')) databaseUrl(config.database);
  const keys = services.includes('gateway') ? await senderKeys(at, config) : undefined;
  const telemetry = createTelemetry(() => performance.now() / 1000);
  const { built, judging } = await buildAll(stages, at, config, { logger, drift: telemetry.drift });

  const shutdown = listenForShutdown();
  const stop = new AbortController();
  const stopped = AbortSignal.any([shutdown.signal, stop.signal]);
  const traces = await openTraces(services, config, logger);
  let opened: ServiceLog | undefined;
  let opening: string | null = 'The log is not opened yet.';
  const log = (): Log | undefined => opened?.log;
  const watch = createLogWatch({ log, logger, sleep, countsBacklog: keys !== undefined });
  const database = createReachWatch({
    name: 'The database',
    ask: () => opened?.askDatabase?.(),
    logger,
    sleep,
  });
  const seats = createSeats(telemetry.log);
  const amiss = (stage: StageName): string | null =>
    watch.away() ??
    (opened?.askDatabase === undefined ? null : database.away()) ??
    seats.lost(groupOf(stage));
  const metricsText = metricsWithLag({ telemetry, log, groups: groupsOf(services), now: Date.now });
  const running = new Map<StageName, StageService>(
    built.map(([name, stage]) => {
      const tracing = traces.get(name)?.batches;
      const metrics = telemetry.stage(name);
      const clock = (): number => performance.now();
      const parts = { stage, logger, metrics, amiss: () => amiss(name), sleep, clock };
      const batches = at.kind === 'kafka' ? { maxRecords: recordsOfTransaction } : {};
      return [name, createStageService({ ...parts, ...batches, ...(tracing && { tracing }) })];
    }),
  );
  let gateway: GatewayService | undefined;
  let forgetIntake = (): void => {};
  const ready = (): Reasons => ({
    ...(opening === null ? {} : { log: opening }),
    ...(stopped.aborted ? { process: 'It is shutting down.' } : {}),
    ...reasonsOf(running, (stage) => stage.ready()),
    ...reasonsOf(new Map(gateway && [['gateway', gateway]]), (service) => service.ready()),
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
      const traced = traces.get('gateway');
      const { openGatewayService } = await import('./gateway-service.ts');
      gateway = await openGatewayService({
        config: { ...config.gateway, port: options.port ?? config.gateway.port },
        keys,
        logger,
        metrics: telemetry.intake,
        metricsText,
        watch,
        routes: [judgementIntake(config, departments)],
        registry: registryOf(at, config, departments, () => opened),
        log: () =>
          opened === undefined || traced === undefined ? log() : traced.appends(opened.log),
      });
      await output.line(`Intake at ${gateway.url}`);
    }
    const { createTopics } = options;
    const parts = { services, departments, config, logger, createTopics, signal: stopped };
    opened = await untilReached(
      () => openServiceLog(at, { ...parts, metrics: seats.events }).catch(explainWriter),
      { logger, signal: stopped, sleep, onWaiting: (why) => (opening = why) },
      ({ log: late }) => late.close(),
    );
    if (opened === undefined) return;
    const { log: shared, failed } = opened;
    // Not before the directory is this process's to write to.
    if (gateway !== undefined && at.kind === 'embedded')
      forgetIntake = noteIntake(at.directory, gateway.url);
    await output.line(`Running ${services.join(', ')} on ${nameOf(at)}`);
    const tasks = [
      watch.run(stopped),
      database.run(stopped),
      ...(judging === undefined ? [] : [judging.watch(stopped)]),
      ...[...running.values()].map((stage) => stage.run(shared, stopped)),
    ];
    try {
      await Promise.race([failed, Promise.all(tasks)]);
    } finally {
      stop.abort();
      // What is under way is finished by all, whatever befell one of them.
      await Promise.allSettled([...tasks, gateway?.close()]);
    }
  } finally {
    stop.abort();
    forgetIntake();
    await gateway?.close();
    await opened?.log.close();
    await Promise.all([...traces.values()].map((tracing) => tracing.close()));
    await probe.close();
    shutdown.dispose();
  }
}

interface Built {
  readonly built: readonly (readonly [StageName, ReturnType<typeof buildStages>[number]])[];
  /** Undefined where there is no stage. */
  readonly judging: LiveJudging | undefined;
}

/**
 * Everything that the configuration names is loaded before anything else begins. A gateway loads none of what stages
 * consist of, and they not the intake: half of what there is to load.
 */
async function buildAll(
  stages: readonly StageName[],
  at: LogAt,
  config: Config,
  { logger, drift }: { readonly logger: Logger; readonly drift: DriftMetrics },
): Promise<Built> {
  if (stages.length === 0) return { built: [], judging: undefined };
  const { buildStages: build, judgingParts } = await import('../stages.ts');
  const { openLiveJudging, tellExpected } = await import('../live-judging.ts');
  const needsKeys = stages.includes('normalize');
  const pseudonymKeys = needsKeys ? sharedPseudonymKeys(at, config, process.env) : '';
  const departments = readDepartments(config.classify);
  const parts = { config, departments, pseudonymKeys };
  const judging = openLiveJudging({
    ...judgingParts(stages, parts),
    logger,
    sleep,
    onJudging: (by) => tellExpected(drift, by),
  });
  const built = build(stages, parts, judging, drift).map(
    (stage) => [stage.name as StageName, stage] as const,
  );
  return { built, judging };
}

/** Loaded only when a collector is configured. */
async function openTraces(
  services: readonly ServiceName[],
  { tracing }: Config,
  logger: Logger,
): Promise<ReadonlyMap<ServiceName, Tracing>> {
  if (tracing === undefined) return new Map();
  const { openTracing } = await import('#core/tracing.ts');
  const { version } = createRequire(import.meta.url)('../../../package.json') as {
    version: string;
  };
  const url = `${tracing.endpoint.replace(/\/$/, '')}/v1/traces`;
  return new Map(
    services.map((name) => [
      name,
      openTracing({ url, service: `signpost-${name}`, version, logger }),
    ]),
  );
}

/** The schemas are told from the start, those of other releases once the log is open. */
function registryOf(
  at: LogAt,
  { schemaRegistry }: Config,
  departments: readonly string[],
  opened: () => ServiceLog | undefined,
): RegistryParts | undefined {
  if (at.kind === 'kafka' && readRegistrySettings(schemaRegistry?.url, process.env) !== undefined)
    return undefined;
  return {
    topics: registeredTopics(departments, at.kind === 'kafka' ? at.settings.topicPrefix : ''),
    source: {
      find: (ids) =>
        opened()?.served?.source?.find(ids) ??
        Promise.reject(new SignpostError('log-unavailable', 'The log is not opened yet')),
    },
  };
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
