// `signpost topics apply`: topics as services/topology.ts says, created where missing; whatever else differs is told,
// and changed only when asked. Nothing is deleted.
import { setTimeout as pause } from 'node:timers/promises';
import type { KafkaSettings } from '#core/log/kafka/settings.ts';
import { createLogger, type Logger } from '#core/logger.ts';
import { topicsFor, type Retention } from '../../topology.ts';
import type { ApplyOptions } from '../commands/topics.ts';
import { exitCodes } from '../exit.ts';
import { departmentNames } from '../departments.ts';
import { configOf, logAt } from '../open-log.ts';
import type { LogPlace } from '../options.ts';
import { createOutput, type Output } from '../output.ts';
import { tableLines } from '../table.ts';
import { openClusterTopics, type ClusterTopics } from './cluster-topics.ts';
import { compareTopics, type Comparison, type Drift } from './drift.ts';
import { applyEmbedded } from './apply-embedded.ts';
import { announceOnCluster } from './announce-on-cluster.ts';
import { wantedTopics, type WantedTopic } from './wanted.ts';

export interface ApplyResult {
  readonly dryRun: boolean;
  /** Topics made, or with `dryRun` to be made. */
  readonly created: readonly string[];
  /** What was put right because `--mend` or `--grow` asked for it. */
  readonly changed: readonly Drift[];
  /** What still differs. */
  readonly drift: readonly Drift[];
  /** Streams of departments that the configuration does not name; left alone. */
  readonly leftOver: readonly string[];
  /** Schemas written down or registered, so that no record comes before its schema. */
  readonly schemas: readonly string[];
  readonly warnings: readonly string[];
  /** Whether topics are now as they should be. */
  readonly inStep: boolean;
}

/** Sets the exit code: 1 when topics are not in step in the end. @throws SignpostError. */
export async function applyTopics(place: LogPlace, options: ApplyOptions): Promise<void> {
  const config = configOf(place);
  const at = logAt(place, () => config);
  const departments = departmentNames(config.classify);
  const output = createOutput();
  if (at.kind === 'embedded') {
    const topics = topicsFor(departments, config.retention);
    await show(await applyEmbedded(at.directory, topics, options.dryRun === true));
    return;
  }
  const logger = createLogger('signpost', config.logLevel);
  const done = await applyToCluster(
    at.settings,
    departments,
    { ...options, retention: config.retention },
    logger,
  );
  let schemas: readonly string[] = [];
  try {
    const { settings } = at;
    const { schemaRegistry } = config;
    if (!done.dryRun) {
      const url = schemaRegistry?.url;
      schemas = await announceOnCluster({ settings, url, departments, logger });
    }
  } finally {
    // What was done to topics is told whatever came of the schemas.
    await show({ ...done, schemas });
  }

  async function show(result: ApplyResult): Promise<void> {
    if (options.json) await output.json(result);
    else await print(result, output);
    if (!result.inStep) process.exitCode = exitCodes.failed;
  }
}

/** Creates what is missing on the cluster, and changes of the rest what `options` ask for. */
export async function applyToCluster(
  settings: KafkaSettings,
  departments: readonly string[],
  options: Pick<ApplyOptions, 'dryRun' | 'mend' | 'grow'> & { readonly retention?: Retention },
  logger: Logger,
): Promise<ApplyResult> {
  const cluster = await openClusterTopics(settings, logger);
  try {
    const brokers = await cluster.brokers();
    const replicationFactor = Math.min(settings.replicationFactor, brokers);
    const wanted = wantedTopics({
      departments,
      retention: options.retention,
      topicPrefix: settings.topicPrefix,
      replicationFactor,
      ...(settings.minInsyncReplicas === undefined
        ? {}
        : { minInsyncReplicas: Math.min(settings.minInsyncReplicas, replicationFactor) }),
    });
    const before = await compare(cluster, wanted, settings.topicPrefix);
    const asked = before.drift.filter(
      ({ remedy }) => (remedy === 'mend' && options.mend) || (remedy === 'grow' && options.grow),
    );
    const dryRun = options.dryRun === true;
    if (!dryRun) {
      await cluster.create(before.missing);
      await change(cluster, asked);
    }
    const after = dryRun
      ? before
      : await compareUntil(
          () => compare(cluster, wanted, settings.topicPrefix),
          ({ missing, drift }) => missing.length === 0 && !drift.some((one) => isAmong(asked, one)),
        );
    return {
      dryRun,
      created: before.missing.map(({ name }) => name),
      changed: dryRun ? [] : asked,
      drift: after.drift,
      leftOver: after.leftOver,
      schemas: [],
      warnings: warningsOf(settings, brokers, asked, dryRun),
      inStep: after.drift.length === 0 && after.missing.length === 0,
    };
  } finally {
    await cluster.close();
  }
}

/** Brokers hear of a change one after the other. */
async function compareUntil(
  look: () => Promise<Comparison>,
  isDone: (comparison: Comparison) => boolean,
): Promise<Comparison> {
  for (let looks = 1; ; looks += 1) {
    const comparison = await look();
    if (isDone(comparison) || looks === 20) return comparison;
    await pause(250);
  }
}

function isAmong(drifts: readonly Drift[], { topic, setting }: Drift): boolean {
  return drifts.some((drift) => drift.topic === topic && drift.setting === setting);
}

async function compare(
  cluster: ClusterTopics,
  wanted: readonly WantedTopic[],
  topicPrefix: string,
): Promise<Comparison> {
  const { actual, others } = await cluster.describe(new Set(wanted.map(({ name }) => name)));
  return compareTopics(wanted, actual, others, topicPrefix);
}

async function change(cluster: ClusterTopics, asked: readonly Drift[]): Promise<void> {
  for (const { topic, shouldBe } of asked.filter(({ remedy }) => remedy === 'grow')) {
    await cluster.grow(topic, Number(shouldBe));
  }
  const mends = Map.groupBy(
    asked.filter(({ remedy }) => remedy === 'mend'),
    ({ topic }) => topic,
  );
  for (const [topic, drift] of mends) {
    const settings = drift.map(({ setting, shouldBe }) => [setting, shouldBe]);
    await cluster.configure(topic, Object.fromEntries(settings) as Record<string, string>);
  }
}

function warningsOf(
  { replicationFactor }: KafkaSettings,
  brokers: number,
  asked: readonly Drift[],
  dryRun: boolean,
): readonly string[] {
  const few =
    brokers < replicationFactor
      ? [
          `${brokers === 1 ? 'One broker answers' : `${brokers} brokers answer`}, so topics have ${brokers} of the ${replicationFactor} copies that kafka.replicationFactor asks for.`,
        ]
      : [];
  const grown = asked.filter(({ remedy }) => remedy === 'grow').map(({ topic }) => topic);
  const moved =
    grown.length === 0
      ? []
      : [
          `${dryRun ? 'More partitions move keys' : 'Keys moved'} to other partitions of ${grown.join(', ')}: what is said about one ticket before and after ${dryRun ? 'would not be' : 'is not'} read in order unless everything before was processed first.`,
        ];
  return [...few, ...moved];
}

async function print(result: ApplyResult, { line, styles }: Output): Promise<void> {
  const { dryRun, created, changed, drift, leftOver, schemas, warnings, inStep } = result;
  for (const name of created) await line(`${dryRun ? 'to create' : 'created'}  ${name}`);
  for (const { topic, setting, is, shouldBe } of changed) {
    await line(`changed  ${topic}  ${setting}: ${is} → ${shouldBe}`);
  }
  for (const schema of schemas) await line(`announced  ${schema}`);
  if (drift.length > 0) {
    const rows = drift.map(({ topic, setting, is, shouldBe, remedy }) => [
      topic,
      setting,
      is,
      shouldBe,
      { mend: '--mend', grow: '--grow', 'by-hand': 'by hand' }[remedy],
    ]);
    const head = ['topic', 'setting', 'is', 'should be', 'put right by'];
    for (const text of tableLines(head, rows, styles.bold, ['topic'])) await line(text);
  }
  for (const name of leftOver) {
    await line(
      styles.dim(`${name} belongs to no department that is configured; it is left alone.`),
    );
  }
  for (const warning of warnings) await line(styles.yellow(warning));
  const pending = dryRun && created.length > 0;
  await line(
    inStep
      ? 'Topics are as they should be.'
      : `Topics are not as they should be${pending ? ' yet' : ''}.`,
  );
}
