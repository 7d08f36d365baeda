// What readers ask for on an HTTP server of this process: the query API, live feeds and the pages.
import { fileURLToPath } from 'node:url';
import type { FastifyInstance } from 'fastify';
import type { ApiKeys } from '#core/http/api-keys.ts';
import type { Logger } from '#core/logger.ts';
import type { Db } from '#core/store/postgres.ts';
import { createRedactor } from '../../normalize/redact.ts';
import { createReaderAccess, type ReaderAccess } from '../../portal/http/access.ts';
import { registerPortal } from '../../portal/http/portal.ts';
import { tellingOfLag } from '../../portal/queries/lag-notices.ts';
import { overview } from '../../portal/queries/overview.ts';
import { createQueries } from '../../portal/queries/queries.ts';
import { createStreams } from '../../portal/streams.ts';
import type { Config } from '../config.ts';
import { alertActions } from './alert-actions.ts';
import type { Health } from './health.ts';

export interface PortalParts {
  readonly db: Db;
  readonly config: Pick<Config, 'alert' | 'gateway' | 'normalize' | 'portal'>;
  readonly keys: ApiKeys;
  /** Names of the departments that there are. */
  readonly departments: readonly string[];
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly logger: Logger;
  /** Of what stands behind the answers. */
  readonly health: () => Promise<Health>;
}

export interface PortalOnServer {
  /** Who judges without a key of the intake. */
  readonly judgeOf: ReaderAccess['judgeOf'];
  /** For `createGateway`. */
  readonly mounts: readonly ((app: FastifyInstance) => Promise<void>)[];
}

/** Built by `npm run build:pages`; until then they say so, and the query API answers all the same. */
const pagesFolder = fileURLToPath(new URL('../../portal/pages/dist', import.meta.url));

export function portalOnServer(parts: PortalParts): PortalOnServer {
  const { db, config, keys, departments, clock, logger, health } = parts;
  const access = createReaderAccess({
    keys,
    config: config.portal,
    listening: config.gateway,
    departments,
    clock,
  });
  const actions = alertActions(db, config);
  const { warmUpDays } = config.alert;
  const redact = createRedactor({ region: config.normalize.phoneRegion });
  return {
    judgeOf: access.judgeOf,
    mounts: [
      (app) =>
        registerPortal(app, {
          access,
          queries: {
            ...tellingOfLag(createQueries(db, clock, { ...config.portal, warmUpDays }), health),
            overview: async (reader) => overview(db, reader, new Date(clock()), await health()),
          },
          config: config.portal,
          departments,
          pagesFolder,
          plan: { db, clock },
          alerting: { db, actions, clock, redact: (text) => redact(text).text },
          clock,
          streams: createStreams({ db, logger, clock }),
        }),
    ],
  };
}
