// The whole configuration of one Signpost process: a section per service, and what they share.
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { checkConfig, readYaml } from '#core/config.ts';
import { readKafkaSettings, type KafkaSettings } from '#core/log/kafka/settings.ts';
import { logLevels } from '#core/logger.ts';
import { aggregateConfig } from '../aggregate/config.ts';
import { alertConfig } from '../alert/config.ts';
import { archiveConfig } from '../archive/config.ts';
import { classifyConfig } from '../classify/config.ts';
import { gatewayConfig } from '../gateway/config.ts';
import { normalizeConfig } from '../normalize/config.ts';
import { portalConfig } from '../portal/config.ts';
import { signalsNormalized } from '../topology.ts';

const httpUrl = z.url({ protocol: /^https?$/, message: 'must be an http or https URL' });
const postgresUrl = z.url({
  protocol: /^postgres(ql)?$/,
  message: 'must be a URL that begins with postgres://',
});

export const configSchema = z.strictObject({
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
  /** Keeps less than the topology says, never more; see `topicsFor`. */
  retention: z
    .strictObject({
      days: z
        .number()
        .min(1 / 24)
        .max(30)
        .optional(),
      bytesPerPartition: z
        .number()
        .int()
        .min(1024 * 1024)
        .optional(),
    })
    .prefault({}),
  gateway: gatewayConfig.prefault({}),
  normalize: normalizeConfig.prefault({}),
  classify: classifyConfig.prefault({}),
  aggregate: aggregateConfig.prefault({}),
  alert: alertConfig.prefault({}),
  archive: archiveConfig.prefault({}),
  portal: portalConfig.prefault({}),
  /** The cluster; checked by `readKafkaSettings`, for the environment may complete it. */
  kafka: z.record(z.string(), z.unknown()).optional(),
  /** Postgres, when the log is Kafka: the ids that senders have used, and what planners ask for. */
  database: z.strictObject({ url: postgresUrl }).optional(),
  /** A Confluent-compatible schema registry. */
  schemaRegistry: z.strictObject({ url: httpUrl }).optional(),
  /** Where `signpost run` answers for its health. */
  probes: z
    .strictObject({
      host: z.string().min(1).default('127.0.0.1'),
      port: z.number().int().min(0).max(65_535).default(9464),
    })
    .prefault({}),
  /** An OpenTelemetry collector, OTLP over HTTP; traces go to `<endpoint>/v1/traces`. */
  tracing: z.strictObject({ endpoint: httpUrl }).optional(),
  /** File with the pseudonym keys, as `SIGNPOST_PSEUDONYM_KEYS` would hold them. */
  pseudonymKeysFile: z.string().min(1).optional(),
});

export type Config = Omit<z.output<typeof configSchema>, 'kafka'> & {
  readonly kafka?: KafkaSettings | undefined;
};

/** Settings that environment variables overrule, besides those of Kafka. */
export const environment = {
  DATABASE_URL: 'database.url',
  SCHEMA_REGISTRY_URL: 'schemaRegistry.url',
  OTEL_EXPORTER_OTLP_ENDPOINT: 'tracing.endpoint',
  SIGNPOST_PSEUDONYM_KEYS_FILE: 'pseudonymKeysFile',
  SIGNPOST_API_KEYS_FILE: 'gateway.apiKeysFile',
  SIGNPOST_ALERT_TARGETS_FILE: 'alert.targetsFile',
  SIGNPOST_ARCHIVE_URL: 'archive.url',
} as const;

/** Looked for in the working directory when no file is named. */
const usualFile = 'signpost.yaml';

/**
 * Reads the configuration: `file`, else `signpost.yaml` where it exists, else the defaults; over them `env`. Paths in the
 * file are relative to its folder, those of the environment to the working directory.
 * @throws SignpostError `config-invalid`.
 */
export function readConfig(
  file: string | undefined,
  env: Readonly<NodeJS.ProcessEnv> = process.env,
): Config {
  const found = file ?? (existsSync(usualFile) ? usualFile : undefined);
  const read = found === undefined ? {} : readYaml(found);
  const sections = isRecord(read) ? withPathsFrom(dirname(found ?? '.'), read) : read;
  const overlaid = isRecord(sections) ? overlay(sections, env) : sections;
  const config = checkConfig(configSchema, overlaid, found ?? 'the configuration', {
    variables: environment,
  });
  return { ...config, kafka: readKafkaSettings(config.kafka, env) };
}

/** Settings that name a file; one of them may be a URL instead. */
const paths = [
  ['normalize', 'gazetteer'],
  ['classify', 'model'],
  ['classify', 'departmentsFile'],
  ['alert', 'targetsFile'],
  ['archive', 'url'],
  ['gateway', 'apiKeysFile'],
  ['kafka', 'tls', 'ca'],
  ['kafka', 'tls', 'cert'],
  ['kafka', 'tls', 'key'],
  ['pseudonymKeysFile'],
] as const;

function withPathsFrom(folder: string, sections: Section): Section {
  return paths.reduce<Section>((all, path) => {
    const value = path.reduce<unknown>((at, name) => (isRecord(at) ? at[name] : undefined), all);
    return typeof value === 'string' && !isUrl(value)
      ? put(all, path, resolve(folder, value))
      : all;
  }, sections);
}

function isUrl(text: string): boolean {
  return /^[a-z][a-z\d+.-]+:\/\//i.test(text);
}

function overlay(sections: Section, env: Readonly<NodeJS.ProcessEnv>): Section {
  return Object.entries(environment).reduce<Section>((all, [name, path]) => {
    const value = env[name]?.trim();
    return value ? put(all, path.split('.'), value) : all;
  }, sections);
}

type Section = Readonly<Record<string, unknown>>;

/** A copy of `section` with `value` at `path`. */
function put(section: Section, [name, ...rest]: readonly string[], value: unknown): Section {
  if (name === undefined) return section;
  if (rest.length === 0) return { ...section, [name]: value };
  const inner = section[name];
  return { ...section, [name]: put(isRecord(inner) ? inner : {}, rest, value) };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
