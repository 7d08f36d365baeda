// Options and arguments that several commands share. Loaded for `--help`: commander and nothing else.
import { InvalidArgumentError, Option, type Command } from 'commander';

export function dataOption(): Option {
  return new Option('--data <dir>', 'data directory')
    .env('SIGNPOST_DATA')
    .default('.signpost')
    .argParser((directory) => {
      // Resolved, it would be the working directory.
      if (directory.trim() === '') throw new InvalidArgumentError('It must name a directory.');
      return directory;
    });
}

/** Which log a command is to work on, as its options say; see `logAt`. */
export interface LogPlace {
  /** A data directory. */
  readonly data: string;
  /** Whether `--data` was given: then it is that directory, whatever cluster the configuration names. */
  readonly isDataNamed: boolean;
  /** Brokers of a cluster, `host:port[,host:port]`. */
  readonly brokers?: string;
  readonly config?: string;
}

/** The options behind `placeOf`. */
export interface LogOptions {
  readonly data: string;
  readonly brokers?: string;
  readonly config?: string;
}

/** Adds `--data`, `--brokers` and `--config`. */
export function withLogOptions(command: Command): Command {
  return command
    .addOption(dataOption())
    .addOption(
      new Option(
        '--brokers <list>',
        'work on this Kafka cluster, host:port[,host:port], not on a data directory (default: the brokers that KAFKA_BROKERS or the configuration names, unless --data is given)',
      ).argParser((brokers) => {
        // Empty, it would be taken for not given, and the data directory for what was meant.
        if (brokers.trim() === '') throw new InvalidArgumentError('It must name a broker.');
        return brokers;
      }),
    )
    .addOption(configOption());
}

/** Where `command`, whose options were added by `withLogOptions`, is to work. */
export function placeOf(command: Command, { data, brokers, config }: LogOptions): LogPlace {
  const isDataNamed = command.getOptionValueSource('data') === 'cli';
  if (isDataNamed && brokers !== undefined)
    command.error(
      'error: --data names a directory and --brokers a cluster: give one of them, not both.',
    );
  return {
    data,
    isDataNamed,
    ...(brokers === undefined ? {} : { brokers }),
    ...(config === undefined ? {} : { config }),
  };
}

export function configOption(): Option {
  return new Option(
    '--config <file>',
    'configuration, YAML (default: signpost.yaml, where it exists)',
  );
}

export function jsonOption(what: string): Option {
  return new Option('--json', what);
}

/** Parses a whole number of at least `least`. */
export function wholeNumber(
  least: number,
  most = Number.MAX_SAFE_INTEGER,
): (text: string) => number {
  return (text) => {
    const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    const upTo = most === Number.MAX_SAFE_INTEGER ? '' : ` to ${most}`;
    throw new InvalidArgumentError(`It must be a whole number from ${least}${upTo}.`);
  };
}

/** Examples for the end of a command's help: each a command and what it does. */
export function examples(...lines: readonly (readonly [command: string, does: string])[]): string {
  return [
    '',
    'Examples:',
    ...lines.flatMap(([command, does]) => [`  ${command}`, `      ${does}`]),
  ].join('\n');
}
