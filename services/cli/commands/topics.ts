// Definition of `signpost topics`.
import type { Command } from 'commander';
import { examples, jsonOption, placeOf, withLogOptions, type LogOptions } from '../options.ts';

export interface TopicsOptions extends LogOptions {
  readonly json?: true;
}

export function addTopics(program: Command): void {
  withLogOptions(program.command('topics'))
    .summary('what the log holds and how far each stage is')
    .description(
      'Lists every topic with what it holds, for how long, and how far behind its readers are.',
    )
    .addOption(jsonOption('print one JSON object'))
    .addHelpText(
      'after',
      examples(['signpost topics', 'records, bytes, times and lag of every topic']),
    )
    .action(async (options: TopicsOptions, command: Command) => {
      const { listTopics } = await import('../topics.ts');
      await listTopics(placeOf(command, options), options);
    });
}
