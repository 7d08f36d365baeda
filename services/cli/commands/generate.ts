// Definition of `signpost generate`.
import { InvalidArgumentError, Option, type Command } from 'commander';
import { examples, wholeNumber } from '../options.ts';

export interface GenerateOptions {
  readonly seed: number;
  readonly from: string;
  readonly to: string;
  readonly kind?: 'tickets' | 'posts' | 'surveys';
  readonly max?: number;
  readonly out?: string;
}

export function addGenerate(program: Command): void {
  program
    .command('generate')
    .summary('made-up data of a made-up provider')
    .description(
      'Writes what the customers of a fictional provider would say between two dates, as JSON lines in the form that ' +
        'the HTTP intake takes. The same seed and dates give the same bytes.',
    )
    .option('--seed <n>', 'which of the possible worlds', wholeNumber(0, 0xffff_ffff), 1)
    .requiredOption('--from <date>', 'first moment, ISO 8601, UTC where it names no zone')
    .requiredOption('--to <date>', 'end, exclusive')
    .addOption(new Option('--kind <kind>', 'only these').choices(['tickets', 'posts', 'surveys']))
    .option('--max <n>', 'end after n records', wholeNumber(1))
    .option('--out <file>', 'file to write (default: standard output)', (file) => {
      if (file.trim() === '') throw new InvalidArgumentError('It must name a file.');
      return file;
    })
    .addHelpText(
      'after',
      examples([
        'signpost generate --from 2026-03-01 --to 2026-03-08 --kind tickets --out week.jsonl',
        'a week of tickets',
      ]),
    )
    .action(async (options: GenerateOptions) => {
      const { generateFile } = await import('../generate-file.ts');
      await generateFile(options);
    });
}
