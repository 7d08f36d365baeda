// Definition of `signpost judgements` and its two parts.
import { InvalidArgumentError, type Command } from 'commander';
import {
  examples,
  jsonOption,
  placeOf,
  wholeNumber,
  withLogOptions,
  type LogOptions,
} from '../options.ts';

export interface ListJudgementsOptions extends LogOptions {
  readonly department?: string;
  readonly insight?: string;
  readonly max?: number;
  readonly json?: true;
}

export interface ExportOptions extends LogOptions {
  readonly out?: string;
  readonly json?: true;
}

export function addJudgements(program: Command): void {
  const judgements = program
    .command('judgements')
    .summary('what readers said of insights, and labelled texts made of it')
    .description(
      'What readers said of insights, by `signpost judge` and over HTTP: looked at, or made into labelled texts for the\n' +
        'next model. docs/judgements.md tells how votes are counted.',
    )
    .addHelpText(
      'after',
      examples(
        ['signpost judgements list --department billing', 'the newest of one department'],
        ['signpost judgements export --out labelled.jsonl', 'labelled texts for training'],
      ),
    );
  withLogOptions(judgements.command('list'))
    .summary('what was said, by whom, and what of it counts')
    .description(
      'Lists judgements, oldest first. Of one reader the last word on an insight and department counts.',
    )
    .option('--department <name>', 'only those of a department')
    .option('--insight <id>', 'only those of an insight')
    .option('--max <n>', 'the newest n (default: 20; all with --json)', wholeNumber(1, 10_000))
    .addOption(jsonOption('print one JSON object per judgement'))
    .addHelpText(
      'after',
      examples([
        "signpost judgements list --json | jq -r 'select(.counts) | .verdict' | sort | uniq -c",
        'how often readers agree',
      ]),
    )
    .action(async (options: ListJudgementsOptions, command: Command) => {
      const { listJudgements } = await import('../judgements/list.ts');
      await listJudgements(placeOf(command, options), options);
    });
  withLogOptions(judgements.command('export'))
    .summary('labelled texts for training')
    .description(
      'Joins judgements with the insights they are of and writes JSON lines, one to a judged insight, with what it says\n' +
        'and whether it belongs to each department judged. What could not become a line is counted and told.',
    )
    .option('--out <file>', 'file to write (default: standard output)', (file) => {
      if (file.trim() === '') throw new InvalidArgumentError('It must name a file.');
      return file;
    })
    .addOption(jsonOption('print the report as one JSON object, on stderr where rows go to stdout'))
    .addHelpText(
      'after',
      examples(
        ['signpost judgements export --out labelled.jsonl', 'a file, and a report of it'],
        ['signpost judgements export --brokers kafka-1:9092 | wc -l', 'of a cluster, to a pipe'],
      ),
    )
    .action(async (options: ExportOptions, command: Command) => {
      const { exportJudgements } = await import('../judgements/export.ts');
      await exportJudgements(placeOf(command, options), options);
    });
}
