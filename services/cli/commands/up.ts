// Definition of `signpost up`.
import type { Command } from 'commander';
import { configOption, dataOption, examples, wholeNumber } from '../options.ts';

interface Options {
  readonly data: string;
  readonly config?: string;
  readonly port?: number;
  readonly demo?: true;
}

export function addUp(program: Command): void {
  program
    .command('up')
    .summary('run everything in one process: intake, pipeline, streams')
    .description(
      'Runs the whole pipeline in this process, with the HTTP intake on the loopback address, until Ctrl-C. Shows what\n' +
        'flows where.',
    )
    .addOption(dataOption())
    .addOption(configOption())
    .option(
      '--port <n>',
      'port of the HTTP intake, 0 for any free one (default: 8080)',
      wholeNumber(0, 65_535),
    )
    .option('--demo', 'play the customers of a made-up provider, live')
    .addHelpText(
      'after',
      examples(
        ['signpost up --demo', 'see it work'],
        ['signpost up --data /var/lib/signpost --port 8080', 'take in records over HTTP'],
      ),
    )
    .action(async ({ config, port, demo, data }: Options) => {
      const { runUp } = await import('../up-run.ts');
      const { leavingNothing } = await import('../fresh-directory.ts');
      await leavingNothing(data, () => runUp({ data, config, port, demo: demo === true }));
    });
}
