// Definition of `signpost models` and its two parts.
import type { Command } from 'commander';
import { configOption, examples, jsonOption, wholeNumber } from '../options.ts';

export interface ShowModelOptions {
  readonly json?: true;
}

export interface CompareModelsOptions {
  /** JSON lines. */
  readonly data?: string;
  /** A data directory. */
  readonly signals?: string;
  readonly brokers?: string;
  readonly config?: string;
  readonly examples: number;
  readonly ownThresholds?: true;
  readonly json?: true;
}

export function addModels(program: Command): void {
  const models = program
    .command('models')
    .summary('look at models, and at what another one would change')
    .description(
      'What a model knows, and what would change if another one judged. Where a model is asked for, `shipped` is the ' +
        'one that comes with Signpost.',
    )
    .addHelpText(
      'after',
      examples(
        ['signpost models show shipped', 'what it tells apart, and what it learned from'],
        ['signpost models compare shipped mine.bin --signals .signpost', 'on what was said here'],
      ),
    );
  addShow(models);
  addCompare(models);
}

function addShow(models: Command): void {
  models
    .command('show')
    .summary('what a model tells apart, and what it learned from')
    .description('Shows name, size, tasks with their classes, and the record of the training.')
    .argument('<model>', 'its file, or `shipped`')
    .addOption(jsonOption('print one JSON object'))
    .addHelpText('after', examples(['signpost models show mine.bin --json', 'for scripts']))
    .action(async (model: string, options: ShowModelOptions) => {
      const { showModel } = await import('../models/show.ts');
      await showModel(model, options);
    });
}

function addCompare(models: Command): void {
  models
    .command('compare')
    .summary('what would change if the new one judged')
    .description(
      'Judges the same texts by two models and tells, by department, how many would newly be sent there and how many ' +
        'no longer, by the thresholds of the configuration, as it would be if the model were changed there; and what becomes of themes and sentiments. ' +
        'Nothing is written anywhere.',
    )
    .argument('<old>', 'file of a model, or `shipped`')
    .argument('<new>', 'file of a model, or `shipped`')
    .option('--data <file>', 'texts: JSON lines of {"text", "kind"?, "rating"?}')
    .option('--signals <dir>', 'what was said, of this data directory')
    .option('--brokers <list>', 'what was said, of this Kafka cluster: host:port[,host:port]')
    .addOption(configOption())
    .option(
      '--own-thresholds',
      'each model by the thresholds that it was trained with, not by those of the configuration',
    )
    .option('--examples <n>', 'most to show of each department', wholeNumber(0, 1000), 3)
    .addOption(jsonOption('print one JSON object'))
    .addHelpText(
      'after',
      examples(
        ['signpost models compare shipped mine.bin --data texts.jsonl', 'on texts of a file'],
        [
          'signpost models compare mine.bin shipped --signals ./data --examples 20 --json',
          'on what was said here',
        ],
      ),
    )
    .action(async (old: string, young: string, options: CompareModelsOptions, command: Command) => {
      const { data, signals, brokers } = options;
      if ([data, signals, brokers].filter((place) => place !== undefined).length !== 1)
        command.error(
          'error: say what to judge: --data FILE, --signals DIR or --brokers LIST, one of them.',
        );
      const { compareModels } = await import('../models/compare-command.ts');
      await compareModels(old, young, options);
    });
}
