// Definition of `signpost reclassify`.
import type { Command } from 'commander';
import { examples, jsonOption, placeOf, withLogOptions, type LogOptions } from '../options.ts';

export interface ReclassifyOptions extends LogOptions {
  readonly model?: string;
  readonly from?: string;
  readonly to?: string;
  readonly dryRun?: true;
  readonly json?: true;
}

export function addReclassify(program: Command): void {
  withLogOptions(program.command('reclassify'))
    .summary('judge past signals anew')
    .description(
      'Judges what was said before by the present model and departments file, or by another model, and writes what ' +
        'comes out otherwise to insights.revised.v1, under the same ids. Department streams stay as they are. Run again ' +
        'it adds nothing; cut off, it goes on with what is missing.',
    )
    .option(
      '--model <file>',
      'judge by this model, or `shipped` (default: that of the configuration)',
    )
    .option('--from <time>', 'only what was said at this time or later')
    .option('--to <time>', 'only what was said before this time')
    .option('--dry-run', 'only count; this may run beside a writer')
    .addOption(jsonOption('print one JSON object'))
    .addHelpText(
      'after',
      examples(
        ['signpost reclassify --model mine.bin --dry-run', 'what would change'],
        ['signpost reclassify --model mine.bin --from 2026-11-01', 'since the first of November'],
        ['signpost tail revised --from-beginning', 'what came of it'],
      ),
    )
    .action(async (options: ReclassifyOptions, command: Command) => {
      const { reclassifyCommand } = await import('../reclassify/command.ts');
      await reclassifyCommand(placeOf(command, options), options);
    });
}
