// Makes the schemas of this release known to a cluster's readers: in the registry that the configuration names, else on
// the log. Done by the operator before a new release starts, so that its services need no right to do it.
import { setTimeout as sleep } from 'node:timers/promises';
import { SignpostError } from '#core/errors.ts';
import type { Log } from '#core/log/port.ts';
import type { KafkaSettings } from '#core/log/kafka/settings.ts';
import { openKafkaLog } from '#core/log/kafka/open.ts';
import type { Logger } from '#core/logger.ts';
import { announceSchemas } from '#core/registry/announced.ts';
import { readRegistrySettings } from '#core/registry/registry-client.ts';
import { schemasAnnounced } from '../../topology.ts';
import { noClaims } from '../open-log.ts';
import { connectSchemas } from './log-schemas.ts';

export interface AnnounceOptions {
  readonly settings: KafkaSettings;
  /** Of the registry, as configured. */
  readonly url: string | undefined;
  readonly departments: readonly string[];
  readonly logger: Logger;
}

/** @returns what was announced; empty when all was known already, and with a registry. */
export async function announceOnCluster(options: AnnounceOptions): Promise<readonly string[]> {
  const { settings, logger, departments } = options;
  const registry = readRegistrySettings(options.url, process.env);
  if (registry !== undefined) {
    const { topicPrefix } = settings;
    const { signal } = new AbortController();
    await connectSchemas({ registry, departments, topicPrefix, logger, signal });
    return [];
  }
  const log: Log = await openKafkaLog({ settings, claims: noClaims, logger });
  try {
    return await announceOnceThere(log, { now: Date.now, sleep });
  } finally {
    await log.close();
  }
}

export interface Patience {
  /** Milliseconds. */
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

/** Brokers hear of a topic one after the other: one that was made a moment ago is waited for. */
const thereWithinMs = 15_000;
const stepMs = 250;
const passing: ReadonlySet<string> = new Set(['unknown-topic', 'log-unavailable']);

/** `announceSchemas` on a topic that may be new. @throws as that does; what lasted for 15 seconds too. */
export async function announceOnceThere(
  log: Pick<Log, 'topics' | 'read' | 'append'>,
  { now, sleep: wait }: Patience,
): Promise<readonly string[]> {
  for (const until = now() + thereWithinMs; ;) {
    try {
      return await announceSchemas(log, schemasAnnounced.name, now);
    } catch (error) {
      if (!mayPass(error) || now() >= until) throw error;
      await wait(stepMs);
    }
  }
}

function mayPass(error: unknown): boolean {
  if (!(error instanceof SignpostError)) return false;
  return passing.has(error.code) || mayPass(error.cause);
}
