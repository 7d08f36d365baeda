// The whole configuration of one Signpost process: a section per service, and what they share.
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { loadConfig } from '#core/config.ts';
import { logLevels } from '#core/logger.ts';
import { classifyConfig } from '../classify/config.ts';
import { gatewayConfig } from '../gateway/config.ts';
import { normalizeConfig } from '../normalize/config.ts';
import { signalsNormalized } from '../topology.ts';

const configSchema = z.strictObject({
  /** Lines below this level are not logged. */
  logLevel: z.enum(logLevels).default('warn'),
  /** Threads that stages run in, beside the one of the log. */
  threads: z
    .number()
    .int()
    .min(1)
    .max(32)
    .default(Math.min(4, Math.max(1, availableParallelism()))),
  /** Stages of one process run on each record in one go; see docs/decisions/0009-hop-fusion.md. */
  fusion: z
    .strictObject({
      enabled: z.boolean().default(true),
      /** Topics between such stages that are written all the same, for those who subscribe to them. */
      write: z.array(z.enum([signalsNormalized.name])).default([signalsNormalized.name]),
    })
    .prefault({}),
  gateway: gatewayConfig.prefault({}),
  normalize: normalizeConfig.prefault({}),
  classify: classifyConfig.prefault({}),
});

export type Config = z.output<typeof configSchema>;

/** Looked for in the working directory when no file is named. */
const usualFile = 'signpost.yaml';

/**
 * Reads the configuration: `file`, else `signpost.yaml` where it exists, else the defaults. Paths in it are relative to
 * its folder. @throws SignpostError `config-invalid`.
 */
export function readConfig(file: string | undefined): Config {
  const found = file ?? (existsSync(usualFile) ? usualFile : undefined);
  const config = loadConfig(configSchema, found);
  const folder = found === undefined ? '.' : dirname(found);
  const absolute = (path: string | undefined) =>
    path === undefined ? {} : { path: resolve(folder, path) };
  const gazetteer = absolute(config.normalize.gazetteer).path;
  const model = absolute(config.classify.model).path;
  const departmentsFile = absolute(config.classify.departmentsFile).path;
  return {
    ...config,
    normalize: { ...config.normalize, ...(gazetteer === undefined ? {} : { gazetteer }) },
    classify: {
      ...config.classify,
      ...(model === undefined ? {} : { model }),
      ...(departmentsFile === undefined ? {} : { departmentsFile }),
    },
  };
}
