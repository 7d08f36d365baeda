// Definition of `signpost reconcile`.
import type { Command } from 'commander';
import { dataOption, examples, jsonOption } from '../options.ts';

export interface ReconcileOptions {
  readonly data: string;
  readonly json?: true;
}

export function addReconcile(program: Command): void {
  program
    .command('reconcile')
    .summary('prove that nothing was lost')
    .description(
      'Proves from the topics themselves that every record accepted became exactly one of insight, dropped or ' +
        'rejected, and that no insight is there twice. Exit code 1 when it is not so, or not yet.',
    )
    .addOption(dataOption())
    .addOption(jsonOption('print one JSON object'))
    .addHelpText(
      'after',
      examples(
        ['signpost reconcile', 'a table of sources, with the reasons of drops and rejections'],
        ['signpost reconcile --json | jq .balanced', 'true or false'],
      ),
    )
    .action(async (options: ReconcileOptions) => {
      const { reconcileCommand } = await import('../reconcile/command.ts');
      await reconcileCommand(options);
    });
}
