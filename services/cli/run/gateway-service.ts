// The HTTP intake as a service: it listens from the start and asks senders to come again while the log is away.
import type { FastifyInstance } from 'fastify';
import type { RecordRoute } from '#core/http/record-route.ts';
import type { Log } from '#core/log/port.ts';
import { SignpostError } from '#core/errors.ts';
import type { Logger } from '#core/logger.ts';
import type { IntakeMetrics } from '#core/telemetry.ts';
import type { ApiKeys } from '#core/http/api-keys.ts';
import type { KeyKind } from '#core/http/keys-file.ts';
import type { GatewayConfig } from '../../gateway/config.ts';
import { createGateway } from '../../gateway/http/gateway.ts';
import type { RegistryParts } from '../../gateway/http/registry-routes.ts';
import type { LogWatch } from './log-watch.ts';

export interface GatewayServiceParts {
  readonly config: GatewayConfig;
  readonly keys: ApiKeys;
  readonly logger: Logger;
  readonly metrics: IntakeMetrics;
  readonly metricsText: () => Promise<string>;
  readonly watch: LogWatch;
  /** Whether it takes in tickets, posts and survey answers. */
  readonly takesIntake: boolean;
  /** What it takes in for other services. */
  readonly routes: readonly RecordRoute<KeyKind>[];
  /** What other services answer on its server. */
  readonly mounts: readonly ((app: FastifyInstance) => Promise<void>)[];
  /** What its schema registry tells of, if it has one. */
  readonly registry: RegistryParts | undefined;
  /** Undefined until it is open. */
  readonly log: () => Pick<Log, 'append'> | undefined;
}

export interface GatewayService {
  readonly url: string;
  /** A sentence why nothing can be taken in at present, or null. */
  ready(): string | null;
  /** Takes no more, and finishes what is under way. */
  close(): Promise<void>;
}

/** @throws SignpostError `port-in-use`, `cannot-listen`. */
export async function openGatewayService(parts: GatewayServiceParts): Promise<GatewayService> {
  const { config, keys, logger, metrics, metricsText, watch } = parts;
  let closing: Promise<void> | undefined;
  const overloaded = (): string | null => {
    const away = parts.log() === undefined ? 'The log is not opened yet.' : watch.away();
    if (away !== null) return 'The log cannot be reached at present.';
    const backlog = watch.backlog();
    return backlog > config.maxBacklogRecords
      ? `${backlog} records are waiting to be processed.`
      : null;
  };
  const gateway = await createGateway({
    log: {
      async append(records, options) {
        const log = parts.log();
        if (log === undefined)
          throw new SignpostError('log-unavailable', 'The log is not opened yet');
        try {
          return await log.append(records, options);
        } catch (error) {
          // Senders that come meanwhile are told at once, and do not pile up behind an append that cannot succeed.
          watch.met(error);
          throw error;
        }
      },
    },
    config,
    clock: Date.now,
    logger,
    keys,
    overloaded,
    metricsText,
    takesIntake: parts.takesIntake,
    routes: parts.routes,
    mounts: parts.mounts,
    ...(parts.registry === undefined ? {} : { registry: parts.registry }),
    onIntake: metrics.taken,
    onRefused: metrics.refused,
  });
  const { url } = await gateway.listen();
  return {
    url,
    ready: () => (closing === undefined ? overloaded() : 'The intake is shutting down.'),
    close: () => (closing ??= gateway.close()),
  };
}
