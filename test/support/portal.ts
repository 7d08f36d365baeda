// The query API on the intake's server, with answers that are given and keys that are known.
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { createApiKey } from '#core/http/api-key-changes.ts';
import { loadApiKeys, type ApiKeys } from '#core/http/api-keys.ts';
import { gatewayConfig } from '../../services/gateway/config.ts';
import { createGateway, type Gateway } from '../../services/gateway/http/gateway.ts';
import type { Queries } from '../../services/portal/api/queries.ts';
import { portalConfig } from '../../services/portal/config.ts';
import { createReaderAccess } from '../../services/portal/http/access.ts';
import { alertExamples } from '../../services/portal/http/alert-examples.ts';
import { examples } from '../../services/portal/http/examples.ts';
import { registerPortal, type PortalParts } from '../../services/portal/http/portal.ts';
import { judgementRoute } from '../../services/portal/judgements.ts';
import type { Reader } from '../../services/portal/reader.ts';
import { createMemoryLog } from './memory-log.ts';

export const departments = ['marketing', 'operations', 'planning'];

/** What was asked of the store. */
export interface Asked {
  readonly name: keyof Queries;
  readonly reader: Reader;
  readonly rest: readonly unknown[];
}

export type Answer = Awaited<ReturnType<Gateway['inject']>>;

export interface TestPortal extends AsyncDisposable {
  readonly gateway: Gateway;
  readonly log: ReturnType<typeof createMemoryLog>;
  /** Every question that came to the store, in order. */
  readonly asked: Asked[];
  /** Every line that was logged. */
  readonly logged: () => string;
  readonly keys: ApiKeys;
  readonly dir: string;
  /** Milliseconds since the epoch; moves by hand. */
  readonly clock: { now: number };
  /** Makes a key; its token. */
  key(made: Partial<Omit<Parameters<typeof createApiKey>[1], 'clock' | 'random'>>): Promise<string>;
  get(url: string, headers?: Record<string, string>): Promise<Answer>;
}

export interface TestPortalParts {
  /** Sections of the configuration. */
  readonly portal?: Record<string, unknown>;
  readonly gateway?: Record<string, unknown>;
  readonly queries?: Partial<Queries>;
  readonly pagesFolder?: string;
  readonly streams?: PortalParts['streams'];
  readonly plan?: PortalParts['plan'];
  readonly alerting?: PortalParts['alerting'];
}

export async function openPortal(parts: TestPortalParts = {}): Promise<TestPortal> {
  const dir = await mkdtemp(join(tmpdir(), 'signpost-portal-'));
  const clock = { now: Date.UTC(2026, 10, 29, 8) };
  const keys = await loadApiKeys(dir, () => clock.now);
  let logged = '';
  const asked: Asked[] = [];
  const log = createMemoryLog();
  const config = portalConfig.parse(parts.portal ?? {});
  const listening = gatewayConfig.parse({ port: 0, ...parts.gateway });
  const access = createReaderAccess({
    keys,
    config,
    listening,
    departments,
    clock: () => clock.now,
  });
  const gateway = await createGateway({
    log,
    config: listening,
    clock: () => clock.now,
    logger: pino({ level: 'trace' }, { write: (line) => void (logged += line) }),
    keys,
    overloaded: () => null,
    metricsText: async () => '',
    routes: [judgementRoute({ departments, redact: (text) => text, judgeOf: access.judgeOf })],
    mounts: [
      (app) =>
        registerPortal(app, {
          access,
          config,
          departments,
          queries: recorded({ ...given, ...parts.queries }, asked),
          pagesFolder: parts.pagesFolder ?? join(dir, 'no-pages'),
          ...(parts.streams !== undefined && { streams: parts.streams }),
          ...(parts.plan !== undefined && { plan: parts.plan }),
          ...(parts.alerting !== undefined && { alerting: parts.alerting }),
          clock: () => clock.now,
        }),
    ],
  });
  return {
    gateway,
    log,
    asked,
    logged: () => logged,
    keys,
    dir,
    clock,
    async key(made) {
      const { token } = await createApiKey(dir, {
        source: 'desk',
        kinds: [],
        reads: { role: 'planner', departments: null },
        ...made,
        clock: () => clock.now,
        random: randomBytes,
      });
      // The file is looked at once a second.
      clock.now += 1000;
      return token;
    },
    get: async (url, headers = {}) => gateway.inject({ method: 'GET', url, headers }),
    async [Symbol.asyncDispose]() {
      await gateway.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

const given: Queries = {
  aggregates: async () => examples.aggregates,
  rank: async () => examples.rank,
  place: async () => examples.place,
  waves: async () => examples.waves,
  insights: async () => examples.insights,
  areaStatus: async () => examples.areaStatus,
  nearestArea: async () => null,
  facets: async () => examples.facets,
  overview: async () => examples.overview,
  alerts: async () => alertExamples.alerts,
  alert: async () => alertExamples.alert,
  silences: async () => alertExamples.silences,
};

function recorded(queries: Queries, asked: Asked[]): Queries {
  return new Proxy(queries, {
    get(target, name: keyof Queries) {
      return (reader: Reader, ...rest: never[]) => {
        asked.push({ name, reader, rest });
        const ask = target[name] as (reader: Reader, ...rest: never[]) => Promise<never>;
        return ask(reader, ...rest);
      };
    },
  });
}
