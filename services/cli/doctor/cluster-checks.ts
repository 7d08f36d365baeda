// What services on a cluster need, one check each, as this machine sees it. What is not given here may be given where
// they run: it is told, and wrong only where what is given cannot be used.
import { createLogger } from '#core/logger.ts';
import type { KafkaSettings } from '#core/log/kafka/settings.ts';
import type { LogReader } from '#core/log/port.ts';
import {
  createRegistryClient,
  noRegistry,
  readRegistrySettings,
} from '#core/registry/registry-client.ts';
import { parsePseudonymKeys } from '../../normalize/pseudonym.ts';
import { topicsFor } from '../../topology.ts';
import type { Config } from '../config.ts';
import { count } from '../count.ts';
import { departmentNames } from '../departments.ts';
import { configOf, logAt, requireTopics } from '../open-log.ts';
import type { LogPlace } from '../options.ts';
import { pseudonymKeysOf, pseudonymKeysVariable } from '../pseudonym-keys.ts';
import { howFar } from './planners-checks.ts';
import { checkOfNode, checksOfCode, type Check, type Finding } from './checks.ts';

const silent = createLogger('signpost', 'silent');

/** Whether `place` means a cluster; also when the configuration that would say more is wrong. */
export function isCluster(place: LogPlace, env: NodeJS.ProcessEnv = process.env): boolean {
  if (place.isDataNamed) return false;
  if (place.brokers !== undefined || env['KAFKA_BROKERS']) return true;
  try {
    return logAt(place).kind === 'kafka';
  } catch {
    return false;
  }
}

export function clusterChecksOf(place: LogPlace, env: NodeJS.ProcessEnv): readonly Check[] {
  const config = (): Config => configOf(place);
  return [
    checkOfNode,
    { name: 'configuration', look: () => (config(), { says: place.config ?? 'valid' }) },
    { name: 'cluster', look: () => cluster(place) },
    { name: 'topics', look: () => topics(place, config()) },
    { name: 'database', look: () => database(config()) },
    { name: 'planners', look: () => planners(place) },
    { name: 'registry', look: () => registry(config(), env) },
    ...checksOfCode(config),
    { name: 'pseudonym keys', look: () => pseudonymKeys(config(), env) },
    { name: 'API keys', look: () => apiKeys(config()) },
  ];
}

function settingsOf(place: LogPlace): KafkaSettings {
  const at = logAt(place);
  if (at.kind === 'kafka') return at.settings;
  throw new Error('A cluster was named, and is not one');
}

async function cluster(place: LogPlace): Promise<Finding> {
  const { brokers, sasl } = settingsOf(place);
  await withCluster(place, () => Promise.resolve());
  const who =
    sasl === undefined
      ? 'without a login'
      : `by ${sasl.mechanism}${'username' in sasl ? ` as ${sasl.username}` : ''}`;
  return { says: `${brokers.join(', ')} ${brokers.length > 1 ? 'answer' : 'answers'}, ${who}` };
}

/** Without the registry, which has a check of its own: others must not wait for it. */
async function withCluster<T>(place: LogPlace, use: (log: LogReader) => Promise<T>): Promise<T> {
  const { openKafkaReader } = await import('#core/log/kafka/open.ts');
  const log = await openKafkaReader({ settings: settingsOf(place), logger: silent });
  try {
    return await use(log);
  } finally {
    await log.close();
  }
}

function topics(place: LogPlace, { classify }: Config): Promise<Finding> {
  return withCluster(place, async (log) => {
    await requireTopics(log, logAt(place));
    const there = await log.topics();
    const names = new Set(there.map(({ name }) => name));
    const departments = departmentNames(classify);
    const missing = topicsFor(departments).filter(({ name }) => !names.has(name));
    if (missing.length > 0)
      return {
        says: `missing, or not to be seen by this user: ${missing.map(({ name }) => name).join(', ')}`,
        wrong:
          '`signpost topics apply` creates them; `signpost topics acls` says who may see what.',
      };
    const records = there
      .flatMap(({ partitions }) => partitions)
      .reduce((sum, { start, end }) => sum + end - start, 0);
    return { says: `${names.size} topics, about ${count(records)} records` };
  });
}

async function database({ database: named }: Config): Promise<Finding> {
  if (named === undefined)
    return {
      says: 'none named here: normalize, aggregate and portal need one, by DATABASE_URL or database.url',
    };
  const { connectPostgres } = await import('#core/store/postgres.ts');
  const { sql } = await import('kysely');
  const db = connectPostgres({ url: named.url });
  try {
    await sql`SELECT 1`.execute(db.query);
    return { says: `${db.where} answers` };
  } finally {
    await db.close();
  }
}

function planners(place: LogPlace): Promise<Finding> {
  return withCluster(place, async (log) => ({
    says: await howFar(log, 'a running `signpost run aggregate` reads on'),
  }));
}

async function registry({ schemaRegistry }: Config, env: NodeJS.ProcessEnv): Promise<Finding> {
  const settings = readRegistrySettings(schemaRegistry?.url, env);
  if (settings === undefined)
    return { says: "none: the gateway answers with the schemas' own ids" };
  const client = createRegistryClient({
    settings,
    fetch: globalThis.fetch,
    sleep: () => Promise.resolve(),
    logger: silent,
    signal: new AbortController().signal,
  });
  const answer = await client.ask('GET', 'subjects', undefined, 1);
  if (Array.isArray(answer.body)) return { says: `${client.name} answers` };
  throw noRegistry(client, answer);
}

function pseudonymKeys({ pseudonymKeysFile }: Config, env: NodeJS.ProcessEnv): Finding {
  const given = env[pseudonymKeysVariable]?.trim();
  if (given) {
    parsePseudonymKeys(given);
    return { says: `from ${pseudonymKeysVariable}` };
  }
  if (pseudonymKeysFile === undefined)
    return { says: `none given here: normalize needs them, by ${pseudonymKeysVariable}` };
  parsePseudonymKeys(pseudonymKeysOf(pseudonymKeysFile));
  return { says: pseudonymKeysFile };
}

async function apiKeys({ gateway: { apiKeysFile } }: Config): Promise<Finding> {
  if (apiKeysFile === undefined)
    return { says: 'no file named here: a gateway that others can reach needs one' };
  const { loadApiKeysFile } = await import('#core/http/api-keys.ts');
  await loadApiKeysFile(apiKeysFile);
  return { says: apiKeysFile };
}
