// Definition of `signpost archive replay`.
import { Option, type Command } from 'commander';
import {
  examples,
  jsonOption,
  placeOf,
  wholeNumber,
  withLogOptions,
  type LogOptions,
} from '../options.ts';

export interface ArchiveReplayOptions extends LogOptions {
  readonly into: 'insights' | 'aggregates' | 'alerts';
  readonly from?: string;
  readonly to?: string;
  readonly model?: string;
  readonly rate?: number;
  readonly dryRun?: true;
  readonly json?: true;
}

export function addReplay(archive: Command): void {
  withLogOptions(archive.command('replay'))
    .summary('rebuild topics, aggregates or alerts from the archive')
    .description(
      'Rebuilds what was lost, or is to be judged anew, from the archive. Tables are built beside the live ones, which go ' +
        'on being read and written to, and take their place at once when they are complete. Topics that were lost come ' +
        'back; else insights are written to a topic of their own. Cut off, the same command goes on where it was.',
    )
    .addOption(
      new Option(
        '--into <what>',
        'aggregates: what planners count; alerts: incidents and their history; insights: topics',
      )
        .choices(['insights', 'aggregates', 'alerts'])
        .makeOptionMandatory(),
    )
    .option('--from <time>', 'only what was said at this time or later; all else stays as it is')
    .option('--to <time>', 'only what was said before this time')
    .option(
      '--model <file>',
      'judge anew by this model, or `shipped` (default: what was judged stands)',
    )
    .addOption(
      new Option(
        '--rate <records>',
        'records a second at most (default: on a cluster, half of the time is left to others)',
      ).argParser(wholeNumber(1)),
    )
    .option('--dry-run', 'only say what would be done; this may run beside a writer')
    .addOption(jsonOption('print one JSON object'))
    .addHelpText(
      'after',
      examples(
        ['signpost archive replay --into aggregates --dry-run', 'what would be read'],
        [
          'signpost archive replay --into aggregates --from 2026-11-01',
          'since the first of November',
        ],
        ['signpost archive replay --into insights', 'after topics were lost: bring them back'],
        [
          'signpost archive replay --into insights --model mine.bin',
          'a topic of its own, as another model judges',
        ],
      ),
    )
    .action(async (options: ArchiveReplayOptions, command: Command) => {
      const { replayArchive } = await import('../archive/replay/command.ts');
      await replayArchive(placeOf(command, options), options);
    });
}
