// Options and arguments that several commands share. Loaded for `--help`: commander and nothing else.
import { InvalidArgumentError, Option } from 'commander';

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
