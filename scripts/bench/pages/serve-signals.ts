// A portal to measure: the query API, feeds and pages on PostgreSQL with two years of signals behind them. Nothing comes in.
import { pino } from 'pino';
import { loadApiKeys } from '../../../services/core/http/api-keys.ts';
import { readConfig } from '../../../services/cli/config.ts';
import { portalOnServer } from '../../../services/cli/planners/portal-on-server.ts';
import { createGateway } from '../../../services/gateway/http/gateway.ts';
import { openLoadedStore } from '../loaded-store.ts';
import { endsAt } from '../query-data.ts';
import type { ServedPages } from './serve.ts';

export async function serveSignals(signals: number): Promise<ServedPages> {
  const { db, directory, close } = await openLoadedStore('postgres', signals);
  try {
    const config = readConfig(undefined, {});
    const logger = pino({ level: 'error' });
    const keys = await loadApiKeys(directory);
    // Today is the day after the last signal.
    const clock = (): number => endsAt.getTime();
    const listening = { ...config.gateway, port: 0 };
    const gateway = await createGateway({
      log: { append: () => Promise.reject(new Error('A bench takes nothing in')) },
      config: listening,
      clock: Date.now,
      logger,
      keys,
      overloaded: () => null,
      metricsText: async () => '',
      mounts: portalOnServer({
        db,
        config: { ...config, gateway: listening },
        keys,
        departments: ['operations', 'marketing', 'planning', 'care'],
        clock,
        logger,
        health: async () => [],
      }).mounts,
    });
    const { url } = await gateway.listen();
    return { url, close: () => gateway.close().then(close) };
  } catch (error) {
    await close();
    throw error;
  }
}
