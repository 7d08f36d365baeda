// Definition of `signpost evaluate`.
import type { Command } from 'commander';
import { examples, jsonOption } from '../options.ts';

export interface EvaluateOptions {
  readonly model: string;
  readonly data: readonly string[];
  readonly task?: string;
  readonly predictions?: string;
  readonly json?: true;
}

const collect = (value: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  value,
];

export function addEvaluate(program: Command): void {
  program
    .command('evaluate')
    .summary('measure a model on labelled texts')
    .description(
      'Measures a model on labelled texts: accuracy, F1, precision and recall per label, calibration, what is gained by ' +
        'abstaining, what is taken for what, and speed on one core. Measure on texts that it was not trained on.',
    )
    .requiredOption('--model <file>', 'a model made by `signpost train`, or shipped')
    .requiredOption(
      '--data <file>',
      'labelled texts, JSON lines, also gzip; may be repeated',
      collect,
    )
    .option(
      '--task <name>',
      'which of the model’s tasks (default: each that the data has labels of)',
    )
    .option(
      '--predictions <file>',
      'also write what was said of each text, JSON lines {"scores": {label: probability}}',
    )
    .addOption(jsonOption('print one JSON object'))
    .addHelpText(
      'after',
      examples(
        ['signpost evaluate --model own.bin --data test.jsonl', 'every task'],
        [
          'signpost evaluate --model shipped --data test.jsonl --task departments --json',
          'for scripts',
        ],
      ),
    )
    .action(async (options: EvaluateOptions) => {
      const { evaluateModel } = await import('../training/evaluate-command.ts');
      await evaluateModel(options);
    });
}
