// Definition of `signpost archive` and its parts.
import type { Command } from 'commander';
import { addReplay } from './archive-replay.ts';
import { addCompact, addVerify } from './archive-upkeep.ts';
import { examples, jsonOption, placeOf, withLogOptions, type LogOptions } from '../options.ts';

export interface ArchiveListOptions extends LogOptions {
  readonly days?: true;
  readonly json?: true;
}

export interface ArchiveSyncOptions extends LogOptions {
  readonly json?: true;
}

export function addArchive(program: Command): void {
  const archive = program
    .command('archive')
    .summary('what was said and judged, kept as Parquet files')
    .description(
      'The archive keeps signals, insights, judgements, alerts, dead letters and notes of drops as Parquet files, in a ' +
        'directory or in S3. Without a part it lists.',
    )
    .addHelpText(
      'after',
      examples(
        ['signpost archive', 'what the archive holds'],
        ['signpost archive sync', 'archive what is on the topics, now'],
        ['signpost archive replay --into aggregates', 'rebuild what planners count'],
      ),
    );
  addList(archive);
  addSync(archive);
  addReplay(archive);
  addVerify(archive);
  addCompact(archive);
}

function addList(archive: Command): void {
  withLogOptions(archive.command('list', { isDefault: true }))
    .summary('datasets, days, rows and bytes')
    .description('Lists what the archive holds, by dataset, as its manifests say.')
    .option('--days', 'each day of each dataset')
    .addOption(jsonOption('print one JSON object'))
    .addHelpText(
      'after',
      examples(
        ['signpost archive list --days', 'each day, with its files'],
        ['signpost archive list --json', 'for programs'],
      ),
    )
    .action(async (options: ArchiveListOptions, command: Command) => {
      const { listArchive } = await import('../archive/list.ts');
      await listArchive(placeOf(command, options), options);
    });
}

function addSync(archive: Command): void {
  withLogOptions(archive.command('sync'))
    .summary('archive what is on the topics and not archived yet')
    .description(
      'Archives what the topics hold when it is called, without waiting for more to gather, and ends. Cut off, it goes on ' +
        'where it was. `signpost up` and `signpost run archive` do the same by themselves, a few minutes later.',
    )
    .addOption(jsonOption('print one JSON object'))
    .addHelpText(
      'after',
      examples([
        'signpost import tickets complaints.csv --mapping us-isp-complaints && signpost archive sync',
        'take in a file, and archive what came of it',
      ]),
    )
    .action(async (options: ArchiveSyncOptions, command: Command) => {
      const { syncArchive } = await import('../archive/sync.ts');
      await syncArchive(placeOf(command, options), options);
    });
}
