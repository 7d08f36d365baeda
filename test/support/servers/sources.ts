// Where a test run gets each server from: a container where an engine answers and has or pulls the image, else a native one.
import { startKafka } from '../../../scripts/services/kafka.ts';
import { startPostgres } from '../../../scripts/services/postgres.ts';
import { startS3 } from '../../../scripts/services/s3.ts';
import { containerHost, startContainer } from './containers.ts';

export const serverNames = ['kafka', 'postgres', 's3'] as const;
export type ServerName = (typeof serverNames)[number];

export interface Running {
  /** What tests are told. */
  readonly server: unknown;
  stop(): Promise<void>;
}

const startNative: Readonly<Record<ServerName, (dir: string) => Promise<Running>>> = {
  kafka: async (dir) => {
    const kafka = await startKafka({ dir, quickStart: true });
    return { server: { brokers: kafka.bootstrap }, stop: () => kafka.stop() };
  },
  postgres: async (dir) => {
    const postgres = await startPostgres({ dir, fsync: false });
    return { server: { url: postgres.url }, stop: () => postgres.stop() };
  },
  s3: async (dir) => {
    const s3 = await startS3({ dir });
    const { endpoint, region, accessKeyId, secretAccessKey } = s3;
    return { server: { endpoint, region, accessKeyId, secretAccessKey }, stop: () => s3.stop() };
  },
};

/** Rejects, saying what each attempt met, when the server can be had in neither way. `dir` is for a native one. */
export async function startServer(name: ServerName, dir: string): Promise<Running> {
  const host = await containerHost();
  let container = 'no Docker engine answers';
  if (host !== undefined) {
    try {
      return await startContainer[name](host);
    } catch (error) {
      container = reason(error);
      console.warn(`No container of ${name} (${container}): taking the native one.`);
    }
  }
  try {
    return await startNative[name](dir);
  } catch (error) {
    throw new Error(
      `There is no ${name} to test against. Native: ${reason(error)} Container: ${container}. Or name one in SIGNPOST_TEST_${name.toUpperCase()}.`,
      { cause: error },
    );
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
