// Definition of `signpost alerts` and its parts.
import { InvalidArgumentError, Option, type Command } from 'commander';
import { addDesk } from './alert-desk.ts';
import { examples, jsonOption, placeOf, withLogOptions, type LogOptions } from '../options.ts';

interface TargetsOptions extends LogOptions {
  readonly targets?: string;
  readonly json?: true;
}

interface BacktestOptions extends LogOptions {
  readonly file?: string;
  readonly mapping?: string;
  readonly from?: string;
  readonly to?: string;
  readonly budget?: number;
  readonly minCustomers?: number;
  readonly warmUpDays?: number;
  readonly lateness?: number;
  readonly json?: true;
}

export function addAlerts(program: Command): void {
  const alerts = program
    .command('alerts')
    .summary('alerts: what is raised, and what would be')
    .description(
      'Alerts on what customers say, held to a budget of false alarms a week. docs/alerts.md tells how they come about.',
    )
    .addHelpText(
      'after',
      examples([
        'signpost alerts backtest --budget 1',
        'what would have been raised, by the history of the data directory',
      ]),
    );
  addDesk(alerts);
  addBacktest(alerts);
  addTargets(alerts);
}

function addTargets(alerts: Command): void {
  const targetsOption = (): Option =>
    new Option('--targets <file>', 'this targets file, not the one that is configured');
  const callOf = ({ targets, json, ...log }: TargetsOptions, command: Command) => ({
    place: placeOf(command, log),
    file: targets,
    json: json === true,
  });
  withLogOptions(alerts.command('targets'))
    .summary('who is told, and how that goes')
    .description(
      'Lists the targets of the targets file with what waits for each, what was delivered and given up, and the last\n' +
        'error. docs/alert-targets.md tells how targets are set.',
    )
    .addOption(targetsOption())
    .addOption(jsonOption('print one JSON object per target'))
    .addHelpText('after', examples(['signpost alerts targets', 'each target and its state']))
    .action(async (options: TargetsOptions, command: Command) => {
      const { listTargets } = await import('../alerts/targets-command.ts');
      await listTargets(callOf(options, command));
    });
  withLogOptions(alerts.command('test-target'))
    .summary('send a test alert to one target')
    .description(
      'Sends an alert that is marked as a test to one target, as a real one would be, and says what came back. Exits\n' +
        'with 1 when it was not taken. Run it where Signpost runs: names and addresses are those of this machine.',
    )
    .argument('<name>', 'its name in the targets file')
    .addOption(targetsOption())
    .addOption(jsonOption('print one JSON object'))
    .addHelpText(
      'after',
      examples(
        ['signpost alerts test-target noc', 'whether it is reached and takes what it is sent'],
        ['signpost alerts test-target noc --targets new.yaml', 'a file before it goes live'],
      ),
    )
    .action(async (name: string, options: TargetsOptions, command: Command) => {
      const { testTarget } = await import('../alerts/targets-command.ts');
      await testTarget(name, callOf(options, command));
    });
}

function addBacktest(alerts: Command): void {
  withLogOptions(alerts.command('backtest'))
    .summary('what would have been raised')
    .description(
      'Replays history through the detector and prints the incidents it would have raised: of a data directory, a\n' +
        'cluster, or a file of tickets or posts. Judge a change of budget or thresholds by it before it goes live: what is\n' +
        'not given is as configured.',
    )
    .option('--file <file>', 'replay this file (CSV, TSV, JSON lines, also gzip), not a log')
    .option(
      '--mapping <name>',
      'how to read its columns, as of signpost import (default: the shipped mapping that fits)',
    )
    .option('--from <time>', 'incidents detected from then on; history before is learnt from')
    .option('--to <time>', 'history up to then, exclusive')
    .addOption(
      number(
        '--budget <n>',
        'false alarms a week, over all series (default: alert.falseAlarmsPerWeek, 1)',
        above(0),
      ),
    )
    .addOption(
      number(
        '--min-customers <n>',
        'distinct customers below which nothing alarms (default: alert.minCustomers, 4)',
        from(1),
      ),
    )
    .addOption(
      number(
        '--warm-up-days <days>',
        'nothing alarms in the first days of history (default: alert.warmUpDays, 14)',
        from(1),
      ),
    )
    .addOption(
      number(
        '--lateness <minutes>',
        'how long each 3 minutes are waited for: part of the delay of detection (default: alert.latenessMs, 5 minutes)',
        from(0),
      ),
    )
    .addOption(jsonOption('print one JSON object'))
    .addHelpText(
      'after',
      examples(
        [
          'signpost alerts backtest --file complaints.csv --mapping us-isp-complaints --budget 1',
          'a file, at one false alarm a week',
        ],
        [
          'signpost alerts backtest --from 2026-09-01 --budget 0.2 --json',
          'a data directory, stricter, for a program',
        ],
      ),
    )
    .action(async (options: BacktestOptions, command: Command) => {
      if (options.mapping !== undefined && options.file === undefined)
        command.error('error: --mapping says how to read a file: give --file too.');
      const { runBacktest } = await import('../alerts/backtest-command.ts');
      const { file, mapping, from: first, to, budget, minCustomers, warmUpDays } = options;
      await runBacktest({
        place: placeOf(command, options),
        file,
        mapping,
        from: first,
        to,
        budget,
        minCustomers,
        warmUpDays,
        latenessMs: options.lateness === undefined ? undefined : options.lateness * 60_000,
        json: options.json === true,
      });
    });
}

type Check = readonly [isGood: (value: number) => boolean, says: string];

const above = (least: number): Check => [(value) => value > least, `It must be above ${least}.`];
const from = (least: number): Check => [(value) => value >= least, `It must be ${least} or more.`];

function number(flags: string, says: string, [isGood, must]: Check): Option {
  return new Option(flags, says).argParser((text) => {
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (!Number.isFinite(value) || !isGood(value))
      throw new InvalidArgumentError(`It must be a number. ${must}`);
    return value;
  });
}
