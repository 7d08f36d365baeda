// Opens all that an erasure looks through, as far as this process may: of a data directory that another one runs on, the
// log is read and the archive written, and the rest is that one's to do.
import { existsSync } from 'node:fs';
import { openEmbeddedLog } from '#core/log/embedded/open.ts';
import { openEmbeddedLogReader } from '#core/log/embedded/reader.ts';
import { logFile } from '#core/log/embedded/log-file.ts';
import { topicRetentions } from '#core/log/embedded/topic-retentions.ts';
import { SignpostError } from '#core/errors.ts';
import type { EntityPayloads } from '#core/log/entity-payloads.ts';
import type { KafkaSettings } from '#core/log/kafka/settings.ts';
import { createLogger } from '#core/logger.ts';
import type { LogReader } from '#core/log/port.ts';
import type { ObjectStore } from '#core/objects/port.ts';
import { storedEntities } from '#core/store/erase-updates.ts';
import { migrate } from '#core/store/migrate.ts';
import type { Db } from '#core/store/postgres.ts';
import type { Topic } from '#core/topic.ts';
import { parquetFiles } from '../../archive/parquet-files.ts';
import type { Erased, Taken } from '../../archive/erasures.ts';
import type { PseudonymKey } from '../../normalize/pseudonym.ts';
import { insightsShared, replayedPrefix, topicsFor } from '../../topology.ts';
import { readAddress } from '#core/objects/open-store.ts';
import { archiveUrl, openArchive } from '../archive/open-archive.ts';
import type { Config } from '../config.ts';
import { departmentNames } from '../departments.ts';
import { idsOf, schemasOf, type LogAt } from '../open-log.ts';
import { storeDirectory } from '../store-place.ts';
import { openClusterTopics } from '../topics/cluster-topics.ts';
import type { PassLog, PassParts } from './pass-parts.ts';
import { createLetterJudge } from './letters.ts';
import { clusterLife, embeddedLife } from './topic-lives.ts';
import type { TopicLife } from './scan-topics.ts';

export interface OpenNeeds {
  readonly at: LogAt;
  readonly config: Config;
  readonly keys: readonly PseudonymKey[] | undefined;
  /** A person's own id, and the erasure that is under way of it. */
  readonly raw: () => { readonly id: string; readonly taken: Taken } | undefined;
  /** `look` changes nothing. */
  readonly mode: 'erase' | 'look';
  readonly signal: AbortSignal;
}

export interface Places {
  readonly parts: Omit<PassParts, 'onProgress'>;
  /** What of it only another process may do, and which; null where this one has all. */
  readonly elsewhere: string | null;
  close(): Promise<void>;
}

/** @throws SignpostError where something is there and cannot be reached */
export async function openPlaces(needs: OpenNeeds): Promise<Places> {
  const closing: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const end of closing.toReversed()) await end();
  };
  try {
    const { at, config, keys, raw, signal } = needs;
    // The log first: where there is none, no archive is to be made.
    const opened =
      at.kind === 'kafka'
        ? await openKafka(needs, at.settings, closing)
        : await openDirectory(needs, at.directory, closing);
    const objects = await openObjects(needs);
    closing.push(() => objects.close());
    return {
      elsewhere: opened.elsewhere,
      parts: {
        ...opened.parts,
        ...passPartsOf(config, { objects, keys, raw, signal }),
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** What does not depend on where the log and the database are. */
export function passPartsOf(
  config: Pick<Config, 'archive'>,
  {
    objects,
    keys,
    raw = () => undefined,
    signal,
  }: Pick<OpenNeeds, 'keys' | 'signal'> &
    Partial<Pick<OpenNeeds, 'raw'>> & { readonly objects: ObjectStore },
): Pick<PassParts, 'objects' | 'format' | 'judgeOf' | 'now' | 'graceMs' | 'signal'> {
  return {
    objects,
    format: parquetFiles,
    judgeOf: keys && ((erased: Erased) => createLetterJudge(keys, erased, raw())),
    now: Date.now,
    graceMs: config.archive.graceMs,
    signal,
  };
}

/** A directory that is not there yet is not made to be looked at. */
async function openObjects({ at, config, mode, signal }: OpenNeeds): Promise<ObjectStore> {
  if (mode === 'erase') return openArchive(at, config, { signal });
  const address = readAddress(archiveUrl(at, config));
  if (address.kind === 'directory' && !existsSync(address.path)) return noObjects(address.path);
  return openArchive(at, config, { access: 'read', signal });
}

function noObjects(where: string): ObjectStore {
  const nothing = (): never => {
    throw new SignpostError('objects-gone', `There is nothing in ${where}`);
  };
  return {
    where,
    get: () => Promise.resolve(null),
    head: () => Promise.resolve(null),
    range: nothing,
    put: nothing,
    delete: nothing,
    async *list() {},
    close: () => Promise.resolve(),
  };
}

interface Opened {
  readonly parts: Pick<PassParts, 'db' | 'isOwnDb' | 'log' | 'entities' | 'forget'>;
  readonly elsewhere: string | null;
}

type Closing = (() => Promise<void>)[];

async function openKafka(
  { config }: OpenNeeds,
  settings: KafkaSettings,
  closing: Closing,
): Promise<Opened> {
  const logger = createLogger('signpost', config.logLevel);
  const { openKafkaReader } = await import('#core/log/kafka/open.ts');
  const schemas = await schemasOf(config, settings, logger);
  const plain = await openKafkaReader({ settings, logger, ...idsOf(schemas) });
  closing.push(() => plain.close());
  const log = schemas.reading(plain);
  const topics = await wordTopics(config, log);
  const admin = await openClusterTopics(settings, logger);
  const actual = new Map<string, Readonly<Record<string, string>>>();
  try {
    const names = new Set(topics.map(({ name }) => settings.topicPrefix + name));
    for (const topic of (await admin.describe(names)).actual) actual.set(topic.name, topic.config);
  } finally {
    await admin.close();
  }
  const lives = (topic: string): TopicLife =>
    clusterLife(topic, actual.get(settings.topicPrefix + topic) ?? {});
  let db: Db | undefined;
  if (config.database !== undefined) {
    const { connectPostgres } = await import('#core/store/postgres.ts');
    const connected = connectPostgres({
      url: config.database.url,
      applicationName: 'signpost-erase',
    });
    closing.push(() => connected.close());
    await migrate(connected);
    db = connected;
  }
  return {
    parts: {
      db,
      isOwnDb: false,
      log: { log, topics, lives, waitsForGroups: false },
      entities: db && storedEntities(db),
    },
    elsewhere: null,
  };
}

/** Those of the deployment, and those that replays of the archive have made. */
async function wordTopics(config: Config, log: LogReader): Promise<PassLog['topics']> {
  const departments = departmentNames(config.classify);
  const fixed = topicsFor(departments, config.retention).filter(({ words }) => words !== 'none');
  const replayed = (await log.topics())
    .filter(({ name }) => name.startsWith(replayedPrefix))
    .map(({ name }) => ({ ...insightsShared, name }) as unknown as Topic<never>);
  return [...fixed, ...replayed];
}

/** Of a directory that nothing was ever written to, the log is not made. */
async function openDirectory(
  { config, mode }: OpenNeeds,
  directory: string,
  closing: Closing,
): Promise<Opened> {
  if (!existsSync(logFile(directory)))
    throw new SignpostError('no-log', `There is no Signpost log in ${directory}`, {
      hint: 'Name the data directory with --data.',
    });
  let elsewhere: string | null = null;
  let written: (EntityPayloads & { forget(): Promise<void> }) | undefined;
  let log: PassLog['log'];
  let mayOpenStore = true;
  try {
    if (mode === 'look') {
      log = await openEmbeddedLogReader({ directory });
    } else {
      const own = await openEmbeddedLog({ directory });
      written = own;
      log = own;
    }
  } catch (error) {
    if (!(error instanceof SignpostError) || error.code !== 'log-in-use') throw error;
    elsewhere = error.message;
    mayOpenStore = false;
    log = await openEmbeddedLogReader({ directory });
  }
  closing.push(() => log.close());
  const store = mayOpenStore ? await openStoreOf(directory) : 'elsewhere';
  if (store === 'elsewhere') elsewhere ??= 'The database is in use by another process';
  else if (store !== undefined) closing.push(() => store.close());
  return {
    parts: {
      db: existsSync(storeDirectory(directory)) ? store : undefined,
      isOwnDb: true,
      log: await passLogOf(directory, config, log),
      entities: written,
      ...(written === undefined ? {} : { forget: () => written.forget() }),
    },
    elsewhere,
  };
}

/** The log of a data directory. */
export async function passLogOf(
  directory: string,
  config: Config,
  log: PassLog['log'],
): Promise<PassLog> {
  const retentions = topicRetentions(directory);
  return {
    log,
    topics: await wordTopics(config, log),
    lives: (topic) => embeddedLife(retentions.get(topic)),
    waitsForGroups: true,
  };
}

async function openStoreOf(directory: string): Promise<Db | undefined | 'elsewhere'> {
  if (!existsSync(storeDirectory(directory))) return undefined;
  const { openPglite } = await import('#core/store/pglite.ts');
  try {
    const db = await openPglite(storeDirectory(directory));
    await migrate(db);
    return db;
  } catch (error) {
    if (error instanceof SignpostError && error.code === 'store-in-use') return 'elsewhere';
    throw error;
  }
}
