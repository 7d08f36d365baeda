// Definition of `signpost classify`.
import { Option, type Command } from 'commander';
import { configOption, examples, jsonOption } from '../options.ts';

export interface ClassifyOptions {
  readonly kind: 'ticket' | 'post' | 'survey';
  readonly score?: number;
  readonly scale?: 'nps' | 'csat' | 'ces';
  readonly config?: string;
  readonly json?: true;
}

export function addClassify(program: Command): void {
  program
    .command('classify')
    .summary('judge one text, with the reasons')
    .description(
      'Judges a text as the pipeline would: redacts it, then says which departments it matters to and why. ' +
        'Needs no data directory and stores nothing.',
    )
    .argument('<text>', 'what a customer said; - reads it from standard input')
    .addOption(
      new Option('--kind <kind>', 'what it is')
        .choices(['ticket', 'post', 'survey'])
        .default('post'),
    )
    .addOption(
      new Option('--score <n>', 'survey score, on --scale').argParser((text) => {
        const score = Number(text);
        return text.trim() === '' ? Number.NaN : score;
      }),
    )
    .addOption(new Option('--scale <scale>', 'scale of the score').choices(['nps', 'csat', 'ces']))
    .addOption(configOption())
    .addOption(jsonOption('print one JSON object'))
    .addHelpText(
      'after',
      examples(
        [
          'signpost classify "no signal since the storm, third day now"',
          'which departments should know',
        ],
        [
          'signpost classify --kind survey --scale nps --score 2 "too expensive" --json',
          'with a score, for scripts',
        ],
        ['signpost classify - < complaint.txt', 'a text from a file'],
      ),
    )
    .action(async (text: string, options: ClassifyOptions) => {
      const { classify } = await import('../classify-text.ts');
      await classify(text, options);
    });
}
