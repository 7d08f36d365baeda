// Opens a log for commands that write to it and run no stage of the pipeline, and closes it whatever happens.
import { openEmbeddedLog } from '#core/log/embedded/open.ts';
import { SignpostError } from '#core/errors.ts';
import type { Log } from '#core/log/port.ts';
import { createLogger } from '#core/logger.ts';
import { schemasAnnounced, topicsFor } from '../topology.ts';
import type { Config } from './config.ts';
import { departmentNames } from './departments.ts';
import { openCluster, type LogAt } from './open-log.ts';
import { connectSchemas } from './topics/log-schemas.ts';

export interface WriterNeeds {
  /** Names of topics that must be there. */
  readonly topics: readonly string[];
  /** What to do when another process has the data directory. */
  readonly whenInUse: string;
}

/** Runs `use` on the log opened for writing. @throws SignpostError `log-in-use`, `topics-missing`. */
export async function withWriter<T>(
  at: LogAt,
  config: Config,
  { topics, whenInUse }: WriterNeeds,
  use: (log: Log) => Promise<T>,
): Promise<T> {
  const log =
    at.kind === 'embedded'
      ? await openDirectory(at.directory, config, whenInUse)
      : await openCluster(at.settings, config);
  try {
    const there = new Set((await log.topics()).map(({ name }) => name));
    const missing = topics.filter((name) => !there.has(name));
    if (missing.length > 0)
      throw new SignpostError('topics-missing', `There is no topic ${missing.join(', no ')}`, {
        hint: '`signpost topics apply` creates it.',
      });
    return await use(log);
  } finally {
    await log.close();
  }
}

async function openDirectory(directory: string, config: Config, hint: string): Promise<Log> {
  const departments = departmentNames(config.classify);
  const logger = createLogger('signpost', config.logLevel);
  const log = await openEmbeddedLog({ directory }).catch((error: unknown) => {
    if (!(error instanceof SignpostError) || error.code !== 'log-in-use') throw error;
    throw new SignpostError(error.code, error.message, { cause: error, hint });
  });
  try {
    await log.ensureTopics([...topicsFor(departments, config.retention), schemasAnnounced]);
    const { signal } = new AbortController();
    const own = { registry: undefined, topicPrefix: '' };
    return await (await connectSchemas({ ...own, departments, logger, signal })).writing(log);
  } catch (error) {
    await log.close();
    throw error;
  }
}
