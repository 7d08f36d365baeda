// Where a test run gets each server from.
import { startKafka } from '../../../scripts/services/kafka.ts';
import { startPostgres } from '../../../scripts/services/postgres.ts';
import { startS3 } from '../../../scripts/services/s3.ts';

export interface Running {
  /** What tests are told. */
  readonly server: unknown;
  stop(): Promise<void>;
}

export type Source = (dir: string) => Promise<Running>;

export const sources: ReadonlyMap<string, Source> = new Map<string, Source>([
  [
    'kafka',
    async (dir) => {
      const kafka = await startKafka({ dir });
      return { server: { brokers: kafka.bootstrap }, stop: () => kafka.stop() };
    },
  ],
  [
    's3',
    async (dir) => {
      const s3 = await startS3({ dir });
      const { endpoint, region, accessKeyId, secretAccessKey } = s3;
      return { server: { endpoint, region, accessKeyId, secretAccessKey }, stop: () => s3.stop() };
    },
  ],
  [
    'postgres',
    async (dir) => {
      const postgres = await startPostgres({ dir, fsync: false });
      return { server: { url: postgres.url }, stop: () => postgres.stop() };
    },
  ],
]);
