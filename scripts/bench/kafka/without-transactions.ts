// Stages as `signpost run` runs them, on the plain log. Arguments: a configuration, then the stages.
import { setTimeout as pause } from 'node:timers/promises';
import { runStage } from '#core/run-stage.ts';
import { createClaimStore } from '#core/store/claim-store.ts';
import { migrate } from '#core/store/migrate.ts';
import { connectPostgres } from '#core/store/postgres.ts';
import { createTelemetry } from '#core/telemetry.ts';
import { readConfig } from '../../../services/cli/config.ts';
import { readDepartments } from '../../../services/cli/departments.ts';
import { stageNames } from '../../../services/cli/stage-names.ts';
import { buildStages } from '../../../services/cli/stages.ts';
import { recordsDropped, recordsRejected } from '../../../services/topology.ts';
import { logger } from './cluster.ts';
import { openPlainLog } from './plain-log.ts';

const [file, ...names] = process.argv.slice(2);
const config = readConfig(file);
const keys = process.env['SIGNPOST_PSEUDONYM_KEYS'] ?? '';
const stages = buildStages(
  stageNames.filter((name) => names.includes(name)),
  { config, departments: readDepartments(config.classify), pseudonymKeys: keys },
);
const db = connectPostgres({ url: config.database!.url });
await migrate(db);
const log = await openPlainLog(config.kafka!, createClaimStore(db));
const telemetry = createTelemetry(() => performance.now() / 1000);
const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());

let joined = 0;
const running = stages.map((stage) =>
  runStage(
    stage,
    {
      log: {
        ...log,
        async subscribe(options) {
          const subscription = await log.subscribe(options);
          joined += 1;
          if (joined === stages.length) console.log('ready');
          return subscription;
        },
      },
      logger,
      metrics: telemetry.stage(stage.name),
      rejected: recordsRejected,
      dropped: recordsDropped,
      maxRecords: 2_000,
      sleep: (ms, signal) => pause(ms, undefined, { signal }).catch(() => {}),
    },
    stop.signal,
  ),
);
await Promise.all(running);
await log.close();
await db.close();
