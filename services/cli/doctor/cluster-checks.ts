// What services on a cluster need, one check each, as this machine sees it. What is not given here may be given where
// they run: it is told, and wrong only where what is given cannot be used.
import { readFileSync } from 'node:fs';
import { createLogger } from '#core/logger.ts';
import type { KafkaSettings } from '#core/log/kafka/settings.ts';
import { readRegistrySettings } from '#core/registry/registry-client.ts';
import { parsePseudonymKeys } from '../../normalize/pseudonym.ts';
import { topicsFor } from '../../topology.ts';
import type { Config } from '../config.ts';
import { count } from '../count.ts';
import { departmentNames } from '../departments.ts';
import { withReader } from '../open-reader.ts';
import { configOf, logAt } from '../open-log.ts';
import type { LogPlace } from '../options.ts';
import { pseudonymKeysVariable } from '../pseudonym-keys.ts';
import { checkOfNode, checksOfCode, type Check, type Finding } from './checks.ts';

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
  const { openKafkaReader } = await import('#core/log/kafka/open.ts');
  const settings = settingsOf(place);
  const log = await openKafkaReader({ settings, logger: createLogger('signpost', 'silent') });
  await log.close();
  const who =
    settings.sasl === undefined
      ? 'without a login'
      : `by ${settings.sasl.mechanism}${'username' in settings.sasl ? ` as ${settings.sasl.username}` : ''}`;
  return {
    says: `${settings.brokers.join(', ')} ${settings.brokers.length > 1 ? 'answer' : 'answers'}, ${who}`,
  };
}

function topics(place: LogPlace, { classify }: Config): Promise<Finding> {
  return withReader(place, async (log) => {
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
    return { says: 'none named here: normalize needs one, by DATABASE_URL or database.url' };
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

async function registry({ schemaRegistry }: Config, env: NodeJS.ProcessEnv): Promise<Finding> {
  const settings = readRegistrySettings(schemaRegistry?.url, env);
  if (settings === undefined)
    return { says: "none: the gateway answers with the schemas' own ids" };
  const { origin, host } = new URL(settings.url);
  const answer = await fetch(`${settings.url.replace(/\/$/, '')}/subjects`, {
    signal: AbortSignal.timeout(5000),
    headers:
      settings.username === undefined
        ? {}
        : {
            authorization: `Basic ${Buffer.from(`${settings.username}:${settings.password ?? ''}`).toString('base64')}`,
          },
  }).catch(() => undefined);
  if (answer?.ok === true) return { says: `${origin} answers` };
  return {
    says: answer === undefined ? `${host} cannot be reached` : `${host} answers ${answer.status}`,
    wrong: 'Check SCHEMA_REGISTRY_URL, SCHEMA_REGISTRY_USERNAME and SCHEMA_REGISTRY_PASSWORD.',
  };
}

function pseudonymKeys({ pseudonymKeysFile }: Config, env: NodeJS.ProcessEnv): Finding {
  const given = env[pseudonymKeysVariable]?.trim();
  if (given) {
    parsePseudonymKeys(given);
    return { says: `from ${pseudonymKeysVariable}` };
  }
  if (pseudonymKeysFile === undefined)
    return { says: `none given here: normalize needs them, by ${pseudonymKeysVariable}` };
  parsePseudonymKeys(readFileSync(pseudonymKeysFile, 'utf8').trim());
  return { says: pseudonymKeysFile };
}

async function apiKeys({ gateway: { apiKeysFile } }: Config): Promise<Finding> {
  if (apiKeysFile === undefined)
    return { says: 'no file named here: a gateway that others can reach needs one' };
  const { loadApiKeysFile } = await import('../../gateway/api-keys.ts');
  await loadApiKeysFile(apiKeysFile);
  return { says: apiKeysFile };
}
