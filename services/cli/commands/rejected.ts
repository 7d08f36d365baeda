// Definition of `signpost rejected` and its three parts.
import type { Command } from 'commander';
import {
  examples,
  jsonOption,
  placeOf,
  wholeNumber,
  withLogOptions,
  type LogOptions,
} from '../options.ts';

export interface LetterFilter {
  readonly source?: string;
  readonly reason?: string;
  readonly stage?: string;
}

export interface ListOptions extends LetterFilter, LogOptions {
  readonly max?: number;
  readonly json?: true;
}

export interface ShowOptions extends LogOptions {
  readonly json?: true;
}

export interface ReplayOptions extends LetterFilter, LogOptions {
  readonly all?: true;
  /** Also what was rejected again after a replay. */
  readonly again?: true;
  readonly mapping?: string;
  readonly dryRun?: true;
  readonly json?: true;
}

export function addRejected(program: Command): void {
  const rejected = program
    .command('rejected')
    .summary('look at dead letters and replay them')
    .description(
      'Records that were accepted but cannot be processed: why, where they came from, and the way back.',
    )
    .addHelpText(
      'after',
      examples(
        ['signpost rejected list --reason id-conflict', 'which ones, newest last'],
        ['signpost rejected replay --all --dry-run', 'what a replay would do'],
      ),
    );
  addList(rejected);
  addShow(rejected);
  addReplay(rejected);
}

function addList(rejected: Command): void {
  filtered(withLogOptions(rejected.command('list')))
    .summary('which there are, and why')
    .description('Lists dead letters, oldest first.')
    .option('--max <n>', 'the newest n (default: 20; all with --json)', wholeNumber(1, 10_000))
    .addOption(jsonOption('print one JSON object per dead letter'))
    .addHelpText(
      'after',
      examples(['signpost rejected list --source helpdesk', 'those of one source']),
    )
    .action(async (options: ListOptions, command: Command) => {
      const { listRejected } = await import('../rejected/list.ts');
      await listRejected(placeOf(command, options), options);
    });
}

function addShow(rejected: Command): void {
  withLogOptions(rejected.command('show'))
    .summary('one with what it holds')
    .description('Shows one dead letter with what it holds, which may be words not redacted.')
    .argument('<id>', 'id, as listed')
    .addOption(jsonOption('print one JSON object'))
    .addHelpText(
      'after',
      examples([
        'signpost rejected show tickets.reported.v1-0-17-normalize',
        'reason, origin and payload',
      ]),
    )
    .action(async (id: string, options: ShowOptions, command: Command) => {
      const { showRejected } = await import('../rejected/show.ts');
      await showRejected(id, placeOf(command, options), options);
    });
}

function addReplay(rejected: Command): void {
  filtered(withLogOptions(rejected.command('replay')))
    .summary('put them back after a fix')
    .description(
      'Puts dead letters back where they came from, after what was wrong has been mended, and runs the pipeline to ' +
        'the end. A dead letter is put back once: a second replay skips it.',
    )
    .argument('[ids...]', 'ids, as listed; or choose by --all, --reason, --source, --stage')
    .option('--all', 'every dead letter not replayed yet')
    .option('--again', 'also those that were rejected again after a replay')
    .option(
      '--mapping <name-or-path>',
      'for lines of a file: the mapping to read them with (default: the one recorded)',
    )
    .option('--dry-run', 'only say what would be done')
    .addOption(jsonOption('print one JSON object'))
    .addHelpText(
      'after',
      examples(
        [
          'signpost rejected replay --reason invalid-time --mapping ./mended.yaml',
          'lines again, with a mended mapping',
        ],
        ['signpost rejected replay --all --dry-run', 'what would be done, without doing it'],
      ),
    )
    .action(async (ids: readonly string[], options: ReplayOptions, command: Command) => {
      const { replayCommand } = await import('../rejected/replay-command.ts');
      await replayCommand(ids, placeOf(command, options), options);
    });
}

function filtered(command: Command): Command {
  return command
    .option('--source <name>', 'only those of a source')
    .option('--reason <reason>', 'only those with a reason')
    .option('--stage <stage>', 'only those that a stage rejected');
}
