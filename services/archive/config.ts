// Settings of the archive; see docs/configuration.md.
import { z } from 'zod';
import { s3Config } from '#core/objects/config.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const mib = 1024 * 1024;

export const archiveConfig = z.strictObject({
  /** Off, nothing of it runs, and a data directory has no archive. */
  enabled: z.boolean().default(true),
  /** `s3://bucket/prefix` or a directory; `archive` in the data directory where there is one. */
  url: z.string().min(1).optional(),
  s3: s3Config.prefault({}),
  /** What waits for so long is written, however little it is. */
  flushMs: z
    .number()
    .int()
    .min(1_000)
    .max(dayMs)
    .default(5 * minuteMs),
  /** Of a partition: as many are written at once. */
  chunkRecords: z.number().int().min(100).max(1_000_000).default(100_000),
  /** Of a partition, as its records lie on the topic. */
  chunkBytes: z
    .number()
    .int()
    .min(mib)
    .max(512 * mib)
    .default(64 * mib),
  /** How long files that do not count any more stay for whoever has begun to read them. */
  graceMs: z
    .number()
    .int()
    .min(minuteMs)
    .max(7 * dayMs)
    .default(hourMs),
});
