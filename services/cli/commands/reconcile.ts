// Definition of `signpost reconcile`.
import type { Command } from 'commander';
import {
  examples,
  jsonOption,
  placeOf,
  wholeNumber,
  withLogOptions,
  type LogOptions,
} from '../options.ts';

export interface ReconcileOptions extends LogOptions {
  readonly wait?: number;
  readonly json?: true;
}

export function addReconcile(program: Command): void {
  withLogOptions(program.command('reconcile'))
    .summary('prove that nothing was lost')
    .description(
      'Proves from the topics themselves that every record accepted became exactly one of insight, dropped or ' +
        'rejected, and that no insight is there twice. What counts is what had been accepted when it began; that may\n' +
        'still be under way then, and is waited for. Exit code 1 when it is not so, or not yet.',
    )
    .option(
      '--wait <seconds>',
      'how long to wait for what is under way (default: 30 on a cluster, 0 on a data directory)',
      wholeNumber(0, 86_400),
    )
    .addOption(jsonOption('print one JSON object'))
    .addHelpText(
      'after',
      examples(
        ['signpost reconcile', 'a table of sources, with the reasons of drops and rejections'],
        ['signpost reconcile --json | jq .balanced', 'true or false'],
        ['signpost reconcile --brokers kafka-1:9092', 'a running cluster'],
      ),
    )
    .action(async (options: ReconcileOptions, command: Command) => {
      const { reconcileCommand } = await import('../reconcile/command.ts');
      await reconcileCommand(placeOf(command, options), options);
    });
}
