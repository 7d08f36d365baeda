// Definition of `signpost topics` and its three parts.
import type { Command } from 'commander';
import {
  configOption,
  examples,
  jsonOption,
  placeOf,
  withLogOptions,
  type LogOptions,
} from '../options.ts';

export interface TopicsOptions extends LogOptions {
  readonly json?: true;
}

export interface ApplyOptions extends LogOptions {
  readonly dryRun?: true;
  /** Changes settings that differ. */
  readonly mend?: true;
  /** Adds partitions where there are too few. */
  readonly grow?: true;
  readonly json?: true;
}

export interface AclsOptions {
  readonly config?: string;
  readonly principalPrefix: string;
  /** `service=user`. */
  readonly runAs?: readonly string[];
  readonly auditor?: true;
  readonly json?: true;
}

export function addTopics(program: Command): void {
  const topics = program
    .command('topics')
    .summary('what the log holds and how far each stage is; topics and rights of a cluster')
    .description(
      'Lists topics, brings those of a cluster in step with what Signpost needs, and prints who may do what with them. ' +
        'Without a part it lists.',
    )
    .addHelpText(
      'after',
      examples(
        ['signpost topics', 'records, bytes, times and lag of every topic'],
        ['signpost topics apply --dry-run', 'whether topics are as they should be'],
      ),
    );
  addList(topics);
  addApply(topics);
  addAcls(topics);
}

function addList(topics: Command): void {
  withLogOptions(topics.command('list', { isDefault: true }))
    .summary('every topic, and how far its readers are')
    .description(
      'Lists every topic with what it holds, for how long, and how far behind its readers are.',
    )
    .addOption(jsonOption('print one JSON object'))
    .addHelpText(
      'after',
      examples(['signpost topics list', 'records, bytes, times and lag of every topic']),
    )
    .action(async (options: TopicsOptions, command: Command) => {
      const { listTopics } = await import('../topics.ts');
      await listTopics(placeOf(command, options), options);
    });
}

function addApply(topics: Command): void {
  withLogOptions(topics.command('apply'))
    .summary('create what is missing and tell what differs')
    .description(
      'Creates missing topics and tells what of the others is not as it should be: partitions, copies, retention and ' +
        'further settings. Nothing is deleted. Also makes the schemas of this release known, before its services start. ' +
        'Exits with 1 when topics are not in step in the end.',
    )
    .option('--dry-run', 'change nothing; exit with 1 when something would have to be')
    .option('--mend', 'change settings that differ')
    .option(
      '--grow',
      'add partitions where there are too few: keys move to others, so let everything be processed first',
    )
    .addOption(jsonOption('print one JSON object'))
    .addHelpText(
      'after',
      examples(
        ['signpost topics apply --brokers kafka-1:9092', 'create what is missing'],
        ['signpost topics apply --dry-run --json', 'a check for CI'],
      ),
    )
    .action(async (options: ApplyOptions, command: Command) => {
      const { applyTopics } = await import('../topics/apply.ts');
      await applyTopics(placeOf(command, options), options);
    });
}

function addAcls(topics: Command): void {
  topics
    .command('acls')
    .summary('who may do what, as commands for kafka-acls.sh')
    .description(
      'Prints a shell script that allows each service what it needs and no more: one user to a service, to a department, ' +
        'to the data teams and to the operator.',
    )
    .addOption(configOption())
    .option(
      '--principal-prefix <text>',
      'what stands before the name of each user',
      'User:signpost-',
    )
    .option(
      '--run-as <service=user...>',
      'for services that share a process, and so a user: what they may together',
    )
    .option('--auditor', 'also a user for reconcile, who reads what came in, words and all')
    .addOption(jsonOption('print the rules as one JSON object'))
    .addHelpText(
      'after',
      examples(
        ['signpost topics acls > acls.sh', 'a script for an administrator of the cluster'],
        [
          'signpost topics acls --run-as normalize=stages classify=stages publish=stages',
          'for stages that run in one process',
        ],
      ),
    )
    .action(async (options: AclsOptions, command: Command) => {
      const { printAcls } = await import('../topics/print-acls.ts');
      await printAcls(options, (message) => command.error(`error: ${message}`));
    });
}
