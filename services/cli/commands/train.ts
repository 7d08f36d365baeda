// Definition of `signpost train`.
import { InvalidArgumentError, type Command } from 'commander';
import { examples, jsonOption } from '../options.ts';

export interface TrainOptions {
  readonly data: readonly string[];
  readonly task: readonly string[];
  readonly out?: string;
  readonly seed?: number;
  readonly recipe?: string;
  readonly name?: string;
  readonly outOfScope?: string;
  readonly knowledge: string;
  readonly judgements: readonly string[];
  readonly evaluateSplit?: true;
  readonly json?: true;
}

const collect = (value: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  value,
];

export function addTrain(program: Command): void {
  program
    .command('train')
    .summary('train a model on labelled texts')
    .description(
      'Trains a model for the tasks named, on JSON lines like {"text": "no signal here", "departments": ["planning"]}. ' +
        'A list makes a task with several labels a text, 0 and 1 a yes-or-no task, other values a single choice. ' +
        'The same data and seed give the same model.',
    )
    .requiredOption(
      '--data <file>',
      'labelled texts, JSON lines, also gzip; may be repeated',
      collect,
    )
    .requiredOption(
      '--task <name>',
      'what to predict: the field with the label; may be repeated',
      collect,
    )
    .option('--out <model>', 'where the model goes')
    .option('--seed <n>', 'where chance begins (default: the recipe’s)', readSeed)
    .option('--name <name>', 'name of the model, shown on every insight (default: the recipe’s)')
    .option('--recipe <file>', 'constants of training other than the usual, YAML')
    .option(
      '--out-of-scope <label>',
      'in a single choice, the label of texts that belong to no class (default: the recipe’s, oos)',
    )
    .option(
      '--knowledge <file>',
      'labelled texts of the field to learn words from beside the data: shipped, none or a file',
      'shipped',
    )
    .option(
      '--judgements <file>',
      'what readers said, made by `signpost judgements export`; may be repeated',
      collect,
      [],
    )
    .option(
      '--evaluate-split',
      'first train on four fifths of the data, by a hash of the text, and measure on the rest',
    )
    .addOption(jsonOption('print one JSON object'))
    .addHelpText(
      'after',
      examples(
        [
          'signpost train --data labelled.jsonl --task departments --task theme --task sentiment --task churn --out own.bin',
          'all that `classify` needs',
        ],
        [
          'signpost train --data intents.jsonl --task intent --evaluate-split',
          'what a model would be worth; nothing is written',
        ],
        [
          'signpost train --data labelled.jsonl --judgements judged.jsonl --task departments --out own.bin',
          'with what readers said',
        ],
      ),
    )
    .action(async (options: TrainOptions) => {
      const { trainModel } = await import('../training/train-command.ts');
      await trainModel(options);
    });
}

function readSeed(value: string): number {
  const seed = Number(value);
  if (value.trim() !== '' && Number.isInteger(seed) && seed >= 0 && seed < 2 ** 31) return seed;
  throw new InvalidArgumentError('It must be a whole number from 0 to 2147483647.');
}
