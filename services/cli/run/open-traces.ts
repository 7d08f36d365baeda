// Traces of the services of this process, one tracer each.
import { createRequire } from 'node:module';
import type { Logger } from '#core/logger.ts';
import type { Tracing } from '#core/tracing.ts';
import type { Config } from '../config.ts';
import type { ServiceName } from './services.ts';

/** Loaded only when a collector is configured. */
export async function openTraces(
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
