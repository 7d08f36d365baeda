// The HTTP server of services, one for all of a process: the intake where the gateway is among them, and what readers
// ask for where the portal is.
import type { ApiKeys } from '#core/http/api-keys.ts';
import type { Logger } from '#core/logger.ts';
import type { Reasons } from '#core/probe.ts';
import type { Db } from '#core/store/postgres.ts';
import type { IntakeMetrics } from '#core/telemetry.ts';
import type { Tracing } from '#core/tracing.ts';
import type { Config } from '../config.ts';
import { judgementIntake } from '../judgements/route.ts';
import type { LogAt } from '../open-log.ts';
import type { PortalOnServer } from '../planners/portal-on-server.ts';
import { openGatewayService } from './gateway-service.ts';
import type { LogWatch } from './log-watch.ts';
import type { ServiceLog } from './open-service-log.ts';
import type { ReachWatch } from './reach-watch.ts';
import { registryOf } from './served-registry.ts';
import { groupsOf, type ServiceName } from './services.ts';

export interface HttpParts {
  readonly services: readonly ServiceName[];
  readonly at: LogAt;
  readonly config: Config;
  readonly keys: ApiKeys;
  /** Names of the departments that there are. */
  readonly departments: readonly string[];
  readonly logger: Logger;
  readonly metrics: IntakeMetrics;
  readonly metricsText: () => Promise<string>;
  readonly watch: LogWatch;
  readonly planners: Pick<ReachWatch, 'away'>;
  /** For the portal. */
  readonly reading: Db | undefined;
  readonly opened: () => ServiceLog | undefined;
  readonly traced: Tracing | undefined;
}

export interface HttpService {
  readonly url: string;
  /** Sentences on where it is. */
  readonly says: readonly string[];
  /** Why not, by service. */
  ready(): Reasons;
  /** Takes no more, and finishes what is under way. */
  close(): Promise<void>;
}

/** @throws SignpostError `port-in-use`, `cannot-listen`. */
export async function serveHttp(parts: HttpParts): Promise<HttpService> {
  const { services, at, config, departments, keys, opened, traced, planners, reading } = parts;
  const takesIntake = services.includes('gateway');
  const log = (): ServiceLog['log'] | undefined => {
    const current = opened();
    if (current === undefined) return undefined;
    return traced === undefined ? current.log : traced.appends(current.log);
  };
  const portal =
    reading === undefined || !services.includes('portal')
      ? undefined
      : await openPortal(reading, parts);
  const gateway = await openGatewayService({
    config: config.gateway,
    keys,
    logger: parts.logger,
    metrics: parts.metrics,
    metricsText: parts.metricsText,
    watch: parts.watch,
    takesIntake,
    routes: [judgementIntake(config, departments, portal?.judgeOf)],
    mounts: portal?.mounts ?? [],
    registry: takesIntake ? registryOf(at, config, departments, opened) : undefined,
    log,
  });
  const { url } = gateway;
  let closing = false;
  return {
    url,
    says: [
      ...(takesIntake ? [`Intake at ${url}`] : []),
      ...(portal === undefined ? [] : [`Pages at ${url}/, the query API at ${url}/v1`]),
    ],
    ready() {
      const intake = takesIntake ? gateway.ready() : null;
      const asked = closing ? 'It is shutting down.' : planners.away();
      return {
        ...(intake === null ? {} : { gateway: intake }),
        ...(portal === undefined || asked === null ? {} : { portal: asked }),
      };
    },
    close() {
      closing = true;
      return gateway.close();
    },
  };
}

/** Loaded where it is asked for: a gateway needs none of it. */
async function openPortal(
  db: Db,
  { services, config, keys, departments, logger, opened }: HttpParts,
): Promise<PortalOnServer> {
  const { portalOnServer } = await import('../planners/portal-on-server.ts');
  const { createHealth } = await import('../planners/health.ts');
  const health = createHealth({
    log: () => opened()?.log,
    // Those that run here: others this user may not see.
    groups: groupsOf(services),
    clock: () => performance.now(),
  });
  return portalOnServer({ db, config, keys, departments, clock: Date.now, logger, health });
}
