// Definition of `signpost waves` and its three parts.
import { Option, type Command } from 'commander';
import { examples, jsonOption, placeOf, withLogOptions, type LogOptions } from '../options.ts';

export interface WavesOptions extends LogOptions {
  readonly json?: true;
}

export interface ImportWavesOptions extends WavesOptions {
  readonly replace?: 'wave' | 'all';
  readonly dryRun?: true;
}

export function addWaves(program: Command): void {
  const waves = program
    .command('waves')
    .summary('planned and finished rollout: where, what and when')
    .description(
      'The rollout plan: waves of areas that get a technology, with the day planned and the day finished. Planners see\n' +
        'what a wave would answer, and whether a finished one did. docs/rollout.md tells the form of the file.',
    )
    .addHelpText(
      'after',
      examples(
        ['signpost waves import plan.csv --dry-run', 'what a file would change'],
        ['signpost waves list', 'the waves, by the day planned'],
      ),
    );
  addImport(waves);
  withLogOptions(waves.command('list'))
    .summary('the waves, or the areas of one')
    .description('Lists the waves by the day planned; with the name of one its areas.')
    .argument('[wave]', 'only this one, area by area')
    .addOption(jsonOption('print one JSON object per area and technology'))
    .addHelpText('after', examples(['signpost waves list "Wave 3"', 'its areas and days']))
    .action(async (wave: string | undefined, options: WavesOptions, command: Command) => {
      const { listPlan } = await import('../waves/list-waves.ts');
      await listPlan(wave, placeOf(command, options), options);
    });
  withLogOptions(waves.command('remove'))
    .summary('take a wave away')
    .description('Takes a wave out of the plan, with all of its areas.')
    .argument('<wave>', 'its name, as listed')
    .addOption(jsonOption('print one JSON object'))
    .addHelpText('after', examples(['signpost waves remove "Wave 3"', 'it is planned no more']))
    .action(async (wave: string, options: WavesOptions, command: Command) => {
      const { removePlanned } = await import('../waves/list-waves.ts');
      await removePlanned(wave, placeOf(command, options), options);
    });
}

function addImport(waves: Command): void {
  withLogOptions(waves.command('import'))
    .summary('take in a plan')
    .description(
      'Takes in a CSV file with the columns area, wave, technology, planned (or date) and optionally finished: wholly, or\n' +
        'not at all when a line is wrong. While `signpost up` runs on the data directory the file is sent to it, with the\n' +
        'key in SIGNPOST_KEY where one is needed.',
    )
    .argument('<file>', 'CSV file, UTF-8, days as 2026-11-29')
    .addOption(
      new Option(
        '--replace <what>',
        'wave: the waves that the file names are as the file has them; all: so is the whole plan (default: lines are added or changed)',
      ).choices(['wave', 'all']),
    )
    .option('--dry-run', 'tell what would change, and change nothing')
    .addOption(jsonOption('print one JSON object'))
    .addHelpText(
      'after',
      examples(
        ['signpost waves import plan.csv', 'lines are added, or get other days'],
        [
          'signpost waves import plan.csv --replace all',
          'the plan is the file, no more and no less',
        ],
      ),
    )
    .action(async (file: string, options: ImportWavesOptions, command: Command) => {
      const { importWavesFile } = await import('../waves/import-waves.ts');
      await importWavesFile(file, placeOf(command, options), options);
    });
}
