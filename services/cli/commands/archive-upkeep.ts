// Definitions of `signpost archive compact` and `signpost archive verify`.
import { InvalidArgumentError, Option, type Command } from 'commander';
import { examples, jsonOption, placeOf, withLogOptions, type LogOptions } from '../options.ts';

export interface ArchiveCompactOptions extends LogOptions {
  readonly dryRun?: true;
  /** Of a dry run. */
  readonly days?: true;
  readonly json?: true;
}

export interface ArchiveVerifyOptions extends LogOptions {
  readonly dataset?: readonly string[];
  /** Event days, `2026-11-22`, both inclusive. */
  readonly from?: string;
  readonly to?: string;
  readonly deep?: true;
  readonly json?: true;
}

export function addCompact(archive: Command): void {
  withLogOptions(archive.command('compact'))
    .summary('make few large files of many small ones, now')
    .description(
      'Makes few files of the many small ones that a day is written as, and deletes what does not count any more. Whoever ' +
        'reads by manifest\nsees every row once all the while. What runs the archive does so by itself, every few minutes; by ' +
        'hand, days are taken to be complete.',
    )
    .option('--dry-run', 'say what would be done, and do nothing')
    .option('--days', 'with --dry-run: each day of each dataset')
    .addOption(jsonOption('print one JSON object'))
    .addHelpText(
      'after',
      examples(
        ['signpost archive compact --dry-run', 'days with many small files'],
        ['signpost archive compact', 'make them few'],
      ),
    )
    .action(async (options: ArchiveCompactOptions, command: Command) => {
      const { compactCommand } = await import('../archive/compact-command.ts');
      await compactCommand(placeOf(command, options), options);
    });
}

export function addVerify(archive: Command): void {
  withLogOptions(archive.command('verify'))
    .summary('prove that the archive holds what the topics hold')
    .description(
      'Proves, from what both hold, that every record of the topics is in the archive once: by number and checksum of each ' +
        'range of offsets.\nWhat the topics have forgotten, --deep proves from the files. Exit code 1 when it is not so; what ' +
        'waits to be archived is no fault.',
    )
    .addOption(
      new Option(
        '--dataset <name...>',
        'only these: signals, insights, revisions, judgements, alerts, rejected, dropped',
      ).choices([
        'signals',
        'insights',
        'revisions',
        'judgements',
        'alerts',
        'rejected',
        'dropped',
      ]),
    )
    .option('--from <day>', 'event days from this one on, for example 2026-11-22', eventDay)
    .option('--to <day>', 'event days up to this one, inclusive', eventDay)
    .option(
      '--deep',
      'read every file too: its size, SHA-256, rows, and that no row is there twice',
    )
    .addOption(jsonOption('print one JSON object'))
    .addHelpText(
      'after',
      examples(
        ['signpost archive verify', 'all that the topics still hold'],
        ['signpost archive verify --deep', 'and every file of the archive'],
        [
          'signpost archive verify --dataset insights --from 2026-11-01 --to 2026-11-30 --json',
          'for programs',
        ],
      ),
    )
    .action(async (options: ArchiveVerifyOptions, command: Command) => {
      const { verifyCommand } = await import('../archive/verify-command.ts');
      await verifyCommand(placeOf(command, options), options);
    });
}

function eventDay(text: string): string {
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text));
  if (isDay && new Date(text).toISOString().startsWith(text)) return text;
  throw new InvalidArgumentError('It must be a day as 2026-11-22.');
}
