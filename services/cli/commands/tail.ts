// Definition of `signpost tail`.
import type { Command } from 'commander';
import {
  examples,
  jsonOption,
  placeOf,
  wholeNumber,
  withLogOptions,
  type LogOptions,
} from '../options.ts';

export interface TailOptions extends LogOptions {
  readonly fromBeginning?: true;
  readonly max?: number;
  readonly follow?: true;
  readonly json?: true;
}

export function addTail(program: Command): void {
  withLogOptions(program.command('tail'))
    .summary('read a stream')
    .description(
      'Prints the last records of a stream, those of its partitions in order of time. STREAM is the name of a ' +
        'department, or shared (all insights), judged (what readers say of them), signals, rejected, dropped, or any topic.',
    )
    .argument('<stream>', 'department, shared, judged, signals, rejected, dropped, or a topic')
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
        ['signpost tail shared --brokers kafka-1:9092,kafka-2:9092', 'on a cluster'],
        [
          'signpost tail billing --from-beginning --json | jq -r .value.theme | sort | uniq -c',
          'count themes',
        ],
      ),
    )
    .action(async (stream: string, options: TailOptions, command: Command) => {
      const { tail } = await import('../tail/tail.ts');
      await tail(stream, placeOf(command, options), options);
    });
}
