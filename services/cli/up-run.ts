// `signpost up`: the pipeline, the HTTP intake and, for a demonstration, the customers of a made-up provider, in one
// process until Ctrl-C.
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { SignpostError } from '#core/errors.ts';
import { createLogger } from '#core/logger.ts';
import { listenForShutdown } from '#core/shutdown.ts';
import { announcedSchemas } from '#core/registry/announced.ts';
import { createTelemetry } from '#core/telemetry.ts';
import { loadApiKeys } from '#core/http/api-keys.ts';
import { createGateway } from '../gateway/http/gateway.ts';
import type { SyntheticEvent } from '../gateway/synthetic/event.ts';
import { liveEvents } from '../gateway/synthetic/live.ts';
import { GAZETTEER_URL } from '../gateway/synthetic/provider.ts';
import { takeIn } from '../gateway/sources/intake.ts';
import { schemasAnnounced } from '../topology.ts';
import { openArchiver } from './archive/open-archiver.ts';
import { keepErasingHere } from './erase/open-eraser.ts';
import { readConfig, type Config } from './config.ts';
import { planDemoRollout, withPast } from './demo-past.ts';
import { noteIntake } from './judgements/intake-address.ts';
import { judgementIntake } from './judgements/route.ts';
import { createLiveView } from './live-view.ts';
import { openPipeline, type Pipeline } from './pipeline.ts';
import { createHealth } from './planners/health.ts';
import { openPlanners } from './planners/open-planners.ts';
import { portalOnServer } from './planners/portal-on-server.ts';
import { metricsWithLag } from './run/process-metrics.ts';
import { groupsOf, serviceNames } from './run/services.ts';
import { registeredTopics } from './topics/log-schemas.ts';

export interface UpOptions {
  readonly data: string;
  readonly config: string | undefined;
  readonly port: number | undefined;
  readonly demo: boolean;
}

const lookMs = 500;
/** A few records a second, after what the last minutes brought: lively, yet not so much more than its past that every figure of a week jumps. */
const demo = { seed: 7, perSecond: 2, backlogMs: 3 * 60_000 };
/** Events of the demonstration appended together; at normal speed a batch is what came within a blink. */
const demoBatch = { most: 500, lingerMs: 50 };

/** Its customers speak hundreds of times as fast now as in its past: a rise everywhere, which is no alert. */
function demoConfig(path: string | undefined): Config {
  const config = withDemoPlaces(readConfig(path));
  return { ...config, alert: { ...config.alert, judgeUntil: Date.now() - demo.backlogMs } };
}

/** Resolves after Ctrl-C or SIGTERM, with everything under way finished. @throws SignpostError. */
export async function runUp(options: UpOptions): Promise<void> {
  const config = options.demo ? demoConfig(options.config) : readConfig(options.config);
  const logger = createLogger('signpost', config.logLevel);
  const shutdown = listenForShutdown();
  const pipeline = await openPipeline(options.data, config);
  // Beside the pipeline, which takes in and routes meanwhile.
  const started = Promise.withResolvers<void>();
  const planners = openPlanners(options.data, config, pipeline.log, started.promise);
  const archiver = openArchiver(options.data, config, pipeline.log);
  let backlog = 0;
  try {
    // Nothing is taken in before all that the configuration names is known to be good.
    await Promise.race([pipeline.failed, planners.failed, pipeline.ready]);
    const keys = await loadApiKeys(options.data, Date.now);
    const { log, departments } = pipeline;
    const telemetry = createTelemetry(() => performance.now() / 1000);
    const listening = { ...config.gateway, port: options.port ?? config.gateway.port };
    const groups = groupsOf(
      serviceNames.filter((name) => name !== 'archive' || config.archive.enabled),
    );
    const portal = portalOnServer({
      db: planners.db,
      config: { ...config, gateway: listening },
      keys,
      departments,
      clock: Date.now,
      logger,
      health: createHealth({ log: () => log, groups, clock: () => performance.now() }),
    });
    const gateway = await createGateway({
      log,
      config: listening,
      clock: Date.now,
      logger,
      keys,
      overloaded: () =>
        backlog > config.gateway.maxBacklogRecords
          ? `${backlog} records are waiting to be processed.`
          : null,
      metricsText: metricsWithLag({
        telemetry: {
          snapshot: async () =>
            [
              await telemetry.snapshot(),
              ...(await pipeline.metrics()),
              ...(await planners.metrics()),
              ...(await archiver.metrics()),
            ].flat(),
        },
        log: () => log,
        groups,
        now: Date.now,
      }),
      routes: [judgementIntake(config, departments, portal.judgeOf)],
      mounts: portal.mounts,
      registry: {
        topics: registeredTopics(departments, ''),
        source: announcedSchemas(log, schemasAnnounced.name),
      },
      onIntake: telemetry.intake.taken,
      onRefused: telemetry.intake.refused,
    });
    const { url } = await gateway.listen();
    started.resolve();
    const forgetIntake = noteIntake(options.data, url);
    const beganAt = Date.now();
    const past = { ...demo, now: beganAt, signal: shutdown.signal };
    const live = options.demo
      ? liveEvents({
          ...demo,
          clock: Date.now,
          sleep: (ms) => rest(ms, shutdown.signal),
          signal: shutdown.signal,
        })
      : undefined;
    const view = createLiveView({
      output: process.stdout,
      pipeline,
      url,
      data: options.data,
      headlines: live?.headlines ?? (() => []),
    });
    const tasks = [
      watch(async () => {
        backlog = await pipeline.backlog();
        await view.draw();
      }, shutdown.signal),
      keepErasingHere(
        { directory: options.data, config, log: pipeline.log, store: planners, logger },
        shutdown.signal,
      ),
      ...(live === undefined
        ? []
        : [
            play(withPast(live.events, log, past), pipeline, shutdown.signal),
            planDemoRollout(planners, beganAt, shutdown.signal),
          ]),
    ];
    try {
      await Promise.race([pipeline.failed, planners.failed, archiver.failed, Promise.all(tasks)]);
    } finally {
      view.end();
      forgetIntake();
      await gateway.close();
    }
  } finally {
    try {
      await Promise.all([planners.close(), archiver.close()]);
    } finally {
      await pipeline.close();
      shutdown.dispose();
    }
  }
}

/** The made-up customers live in made-up places, unless a gazetteer is named. */
function withDemoPlaces(config: Config): Config {
  if (config.normalize.gazetteer !== undefined) return config;
  const places = { gazetteer: fileURLToPath(GAZETTEER_URL), gazetteerColumns: {} };
  return { ...config, normalize: { ...config.normalize, ...places } };
}

async function watch(look: () => Promise<void>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await look();
    await rest(lookMs, signal);
  }
}

/** Sends the made-up customers' records in, as a sender over HTTP would. */
async function play(
  events: AsyncIterable<SyntheticEvent>,
  pipeline: Pipeline,
  signal: AbortSignal,
): Promise<void> {
  let waiting: Parameters<Pipeline['log']['append']>[0][number][] = [];
  let since = Date.now();
  const run = since.toString(36);
  const flush = async (): Promise<void> => {
    if (waiting.length === 0) return;
    const records = waiting;
    waiting = [];
    await pipeline.log.append(records);
  };
  for await (const { kind, source, input } of events) {
    // Ids of this run alone: what an earlier one played into the same log said something else under its ids.
    const said = { ...input, id: `${run}-${String(input['id'])}` };
    const taken = takeIn(kind, said, { source, receivedAt: Date.now() });
    if (!taken.ok)
      throw new SignpostError(
        'demo-refused',
        `A made-up record was refused: ${taken.field} ${taken.detail}`,
      );
    if (waiting.length === 0) since = Date.now();
    waiting.push(taken.outgoing);
    if (waiting.length >= demoBatch.most || Date.now() - since >= demoBatch.lingerMs) await flush();
  }
  if (!signal.aborted) await flush();
}

async function rest(ms: number, signal: AbortSignal): Promise<void> {
  await pause(ms, undefined, { signal }).catch(() => {});
}
