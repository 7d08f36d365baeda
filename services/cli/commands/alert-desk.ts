// Definition of the parts of `signpost alerts` that show what stands and let people act on it.
import { Option, type Command } from 'commander';
import { minutesOf } from '../alerts/durations.ts';
import {
  examples,
  jsonOption,
  placeOf,
  wholeNumber,
  withLogOptions,
  type LogOptions,
} from '../options.ts';

export interface DeskOptions extends LogOptions {
  readonly json?: true;
}

export interface AcknowledgeOptions extends DeskOptions {
  readonly comment?: string;
}

export interface ListOptions extends DeskOptions {
  readonly all?: true;
  readonly limit: number;
}

export interface SilenceOptions extends DeskOptions {
  readonly alert?: string;
  readonly at?: string;
  readonly theme?: readonly string[];
  readonly product?: string;
  readonly from?: string;
  readonly for: number;
  readonly maintenance?: true;
  readonly comment: string;
}

export interface SilencesOptions extends DeskOptions {
  readonly all?: true;
}

/** While `signpost up` has the data directory it is asked over HTTP. */
const overHttp =
  'While `signpost up` runs on the data directory it is asked, with the key in SIGNPOST_KEY where one is needed.';

export function addDesk(alerts: Command): void {
  withLogOptions(alerts.command('list'))
    .summary('what stands')
    .description(`Lists incidents that are not over, the latest first. ${overHttp}`)
    .option('--all', 'those that are over as well')
    .addOption(
      new Option('--limit <n>', 'at most so many').argParser(wholeNumber(1, 500)).default(50),
    )
    .addOption(jsonOption('print one JSON object per incident'))
    .addHelpText('after', examples(['signpost alerts list --all', 'also what is over']))
    .action(async (options: ListOptions, command: Command) => {
      const { listAll } = await import('../alerts/show-alerts.ts');
      await listAll(placeOf(command, options), options);
    });
  withLogOptions(alerts.command('show'))
    .summary('one incident, with all that is known of it')
    .description(
      'Shows what became of an incident, how large it is, what was said and who was told.',
    )
    .argument('<id>', 'its id, as listed')
    .addOption(jsonOption('print one JSON object'))
    .addHelpText('after', examples(['signpost alerts show 0f3a9c5de1b2a477', 'its timeline']))
    .action(async (id: string, options: DeskOptions, command: Command) => {
      const { showAlert } = await import('../alerts/show-alerts.ts');
      await showAlert(id, placeOf(command, options), options);
    });
  withLogOptions(alerts.command('ack'))
    .summary('say that somebody has it in hand')
    .description(
      'Acknowledges an incident: it is told to nobody again until it widens or rises anew. It ends by its counts.',
    )
    .argument('<id>', 'its id, as listed')
    .option('--comment <text>', 'what is done about it, for those who wonder')
    .addOption(jsonOption('print one JSON object'))
    .addHelpText(
      'after',
      examples(
        ['signpost alerts ack 0f3a9c5de1b2a477', 'no more reminders'],
        ['signpost alerts ack 0f3a9c5de1b2a477 --comment "splicing team is out"', 'with a word'],
      ),
    )
    .action(async (id: string, options: AcknowledgeOptions, command: Command) => {
      const { acknowledgeAlert } = await import('../alerts/act-on-alerts.ts');
      await acknowledgeAlert(id, placeOf(command, options), options);
    });
  addSilencing(alerts);
}

function addSilencing(alerts: Command): void {
  withLogOptions(alerts.command('silence'))
    .summary('keep places, themes or an incident from being told')
    .description(
      'Keeps incidents that lie wholly in a place and among themes from being told, for a time. They go on, end by their\n' +
        'counts, and are told when the silence ends while they stand.',
    )
    .option('--alert <id>', "this incident's place, themes and product")
    .option(
      '--at <place>',
      'a place and all in it, by its key: region:US/California (default: everywhere)',
    )
    .option('--theme <theme...>', 'these themes (default: all)')
    .option('--product <product>', 'this product (default: all)')
    .option('--from <time>', 'when it begins (default: now)')
    .addOption(
      new Option('--for <duration>', 'how long, like 90m, 2h or 3d')
        .argParser(minutesOf)
        .makeOptionMandatory(),
    )
    .option('--maintenance', 'planned work, which is told beside incidents that it may have caused')
    .requiredOption('--comment <text>', 'why, for those who wonder')
    .addOption(jsonOption('print one JSON object'))
    .addHelpText(
      'after',
      examples(
        ['signpost alerts silence --alert 0f3a9c5de1b2a477 --for 2h --comment "known"', 'this one'],
        [
          'signpost alerts silence --at city:US/California/Newark --maintenance --from 2026-12-01T01:00:00Z --for 4h --comment "new core router"',
          'planned work',
        ],
      ),
    )
    .action(async (options: SilenceOptions, command: Command) => {
      const { silenceAlerts } = await import('../alerts/act-on-alerts.ts');
      await silenceAlerts(placeOf(command, options), options);
    });
  withLogOptions(alerts.command('silences'))
    .summary('silences and maintenance windows')
    .description('Lists those that hold and those to come.')
    .option('--all', 'those that are over as well')
    .addOption(jsonOption('print one JSON object per silence'))
    .addHelpText('after', examples(['signpost alerts silences', 'with their ids']))
    .action(async (options: SilencesOptions, command: Command) => {
      const { listAllSilences } = await import('../alerts/show-alerts.ts');
      await listAllSilences(placeOf(command, options), options);
    });
  withLogOptions(alerts.command('unsilence'))
    .summary('end a silence before its time')
    .description('Ends a silence: what it kept back is told if it still stands.')
    .argument('<id>', 'its id, as `signpost alerts silences` lists it')
    .addOption(jsonOption('print one JSON object'))
    .addHelpText('after', examples(['signpost alerts unsilence Zq3x_9aPpL0sT1uv', 'it is over']))
    .action(async (id: string, options: DeskOptions, command: Command) => {
      const { endSilenceOf } = await import('../alerts/act-on-alerts.ts');
      await endSilenceOf(id, placeOf(command, options), options);
    });
}
