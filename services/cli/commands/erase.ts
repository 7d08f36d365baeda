// Definition of `signpost erase` and its parts.
import { InvalidArgumentError, Option, type Command } from 'commander';
import {
  examples,
  jsonOption,
  placeOf,
  withLogOptions,
  type LogOptions,
  type LogPlace,
} from '../options.ts';

export interface EraseOptions extends LogOptions {
  readonly customer?: string;
  /** Days. */
  readonly deadline: number;
  readonly dryRun?: true;
  readonly force?: true;
  readonly json?: true;
}

export interface ErasuresOptions extends LogOptions {
  readonly json?: true;
}

export function addErase(program: Command): void {
  const erase = withLogOptions(program.command('erase'))
    .summary("erase a customer's words everywhere")
    .description(
      'Removes what a customer said from all that Signpost keeps: at once where it can be, by the deadline everywhere. ' +
        "What was counted stays counted, everybody else's words stay, and so do words said after this moment. The " +
        'customer is named by a pseudonym, or by an id as the sources have it, which takes the pseudonym keys and finds ' +
        'what was said under older keys too.',
    )
    .option(
      '--customer <who>',
      'a pseudonym, or an id as the sources have it; `-` reads it from standard input, so that it is in no history and no list of processes',
    )
    .addOption(
      new Option('--deadline <days>', 'by when nothing is left').default(30).argParser(days),
    )
    .option('--dry-run', 'only look where words are; this may run beside a writer')
    .option('--force', 'ask for it also where nothing is found now')
    .addOption(jsonOption('print one JSON object'))
    .addHelpText(
      'after',
      examples(
        ['signpost erase --customer - --dry-run', 'reads the id, and says what would go'],
        [
          'signpost erase --customer k1:Pc0cEdMStTYNn2qLKRzCPQ --deadline 14',
          'by pseudonym, in two weeks',
        ],
        ['signpost erase list', 'which erasures there are, and how far'],
      ),
    )
    .action(async (options: EraseOptions, command: Command) => {
      if (options.customer === undefined)
        command.error(
          'error: --customer says whom to erase; `signpost erase list` what is under way.',
        );
      const { eraseCustomer } = await import('../erase/erase-customer.ts');
      await eraseCustomer(placeOf(command, options), options);
    });
  addList(erase);
  addShow(erase);
  addResume(erase);
}

function addList(erase: Command): void {
  withLogOptions(erase.command('list'))
    .summary('erasures, and how far they are')
    .description('Lists all erasures, those under way first.')
    .addOption(jsonOption('print one JSON object per erasure'))
    .addHelpText('after', examples(['signpost erase list', 'ids, dates, and what is left']))
    .action(async (_: ErasuresOptions, command: Command) => {
      const { listErasures } = await import('../erase/list-erasures.ts');
      const { place, options } = givenTo(command);
      await listErasures(place, options);
    });
}

function addShow(erase: Command): void {
  withLogOptions(erase.command('show'))
    .summary('the report of one')
    .description('Shows what was removed where, and when the last of it on topics is gone.')
    .argument('<id>', 'id of the erasure, as listed')
    .addOption(jsonOption('print one JSON object'))
    .addHelpText(
      'after',
      examples([
        'signpost erase show 0b9d5f0e-3c1a-4f55-9c0e-6a1d2c3b4a59',
        'to answer whoever asked',
      ]),
    )
    .action(async (id: string, _: ErasuresOptions, command: Command) => {
      const { showErasure } = await import('../erase/list-erasures.ts');
      const { place, options } = givenTo(command);
      await showErasure(place, id, options);
    });
}

function addResume(erase: Command): void {
  withLogOptions(erase.command('resume'))
    .summary('go on with those under way')
    .description(
      'Makes one pass for all erasures that are under way, as `signpost up` and `signpost run archive` do by themselves, ' +
        'and ends. What is left it says.',
    )
    .addOption(jsonOption('print one JSON object per erasure'))
    .addHelpText('after', examples(['signpost erase resume', 'one pass, now']))
    .action(async (_: ErasuresOptions, command: Command) => {
      const { resumeErasures } = await import('../erase/list-erasures.ts');
      const { place, options } = givenTo(command);
      await resumeErasures(place, options);
    });
}

/** What `erase` and its parts both know, `erase` takes, wherever it stands. */
function givenTo(part: Command): { readonly place: LogPlace; readonly options: ErasuresOptions } {
  const whole = part.parent!;
  const taken = Object.entries(whole.opts()).filter(
    ([name]) => whole.getOptionValueSource(name) !== 'default',
  );
  const options = { ...part.opts<ErasuresOptions>(), ...Object.fromEntries(taken) };
  return { place: placeOf(whole, options), options };
}

const mostDays = 365;

function days(text: string): number {
  const value = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (value > 0 && value <= mostDays) return value;
  throw new InvalidArgumentError(`It must be a number of days, more than 0 and up to ${mostDays}.`);
}
