// Definition of `signpost tail`.
import type { Command } from 'commander';
import { dataOption, examples, jsonOption, wholeNumber } from '../options.ts';

export interface TailOptions {
  readonly data: string;
  readonly fromBeginning?: true;
  readonly max?: number;
  readonly follow?: true;
  readonly json?: true;
}

export function addTail(program: Command): void {
  program
    .command('tail')
    .summary('read a stream')
    .description(
      'Prints the last records of a stream, those of its partitions in order of time. STREAM is the name of a ' +
        'department, or shared (all insights), signals, rejected, dropped, or any topic.',
    )
    .argument('<stream>', 'department, shared, signals, rejected, dropped, or a topic')
    .addOption(dataOption())
    .option('--from-beginning', 'start at the oldest record held')
    .option(
      '--max <n>',
      'end after n records (default: the last 10, or all with --from-beginning)',
      wholeNumber(1),
    )
    .option('--follow', 'go on as new records come, until Ctrl-C')
    .addOption(jsonOption('print one JSON object per record, with all its fields'))
    .addHelpText(
      'after',
      examples(
        ['signpost tail operations', 'the last ten insights that matter to operations'],
        ['signpost tail shared --follow', 'every insight, as it comes'],
        [
          'signpost tail billing --from-beginning --json | jq -r .value.theme | sort | uniq -c',
          'count themes',
        ],
      ),
    )
    .action(async (stream: string, options: TailOptions) => {
      const { tail } = await import('../tail/tail.ts');
      await tail(stream, options);
    });
}
