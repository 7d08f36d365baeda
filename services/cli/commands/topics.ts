// Definition of `signpost topics`.
import type { Command } from 'commander';
import { dataOption, examples, jsonOption } from '../options.ts';

export interface TopicsOptions {
  readonly data: string;
  readonly json?: true;
}

export function addTopics(program: Command): void {
  program
    .command('topics')
    .summary('what the log holds and how far each stage is')
    .description(
      'Lists every topic with what it holds, for how long, and how far behind its readers are.',
    )
    .addOption(dataOption())
    .addOption(jsonOption('print one JSON object'))
    .addHelpText(
      'after',
      examples(['signpost topics', 'records, bytes, times and lag of every topic']),
    )
    .action(async (options: TopicsOptions) => {
      const { listTopics } = await import('../topics.ts');
      await listTopics(options);
    });
}
