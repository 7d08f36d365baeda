// Definition of `signpost import`.
import { Argument, Option, type Command } from 'commander';
import { examples, jsonOption, placeOf, withLogOptions, type LogOptions } from '../options.ts';

interface Options extends LogOptions {
  readonly mapping: string;
  readonly json?: true;
}

export function addImport(program: Command): void {
  withLogOptions(program.command('import'))
    .summary('take in a file and run it through to the department streams')
    .description(
      'Takes in a file of tickets, posts or survey answers (CSV, TSV or JSON lines, also gzip), runs the pipeline to\n' +
        'the end and reports what became of every record. An import that was cut off goes on where it stopped; a file\n' +
        'imported again adds nothing. On a cluster the services run elsewhere (`signpost run`); the report comes when\n' +
        'they are through.',
    )
    .addArgument(
      new Argument('<kind>', 'what the file holds').choices(['tickets', 'posts', 'surveys']),
    )
    .argument('<file>', 'the file to read')
    .addOption(
      new Option(
        '--mapping <name>',
        'how to read its columns: us-isp-complaints, telco-support-posts, ke-telco-app-reviews, in-call-quality, or the path of one of your own (docs/mappings.md)',
      ).makeOptionMandatory(),
    )
    .addOption(jsonOption('print the report as one JSON object'))
    .addHelpText(
      'after',
      examples(
        [
          'signpost import tickets complaints.csv --mapping us-isp-complaints',
          'take in complaints',
        ],
        [
          'signpost import surveys answers.jsonl.gz --mapping ./answers.yaml --json',
          'with a mapping of your own',
        ],
      ),
    )
    .action(async (kind: string, file: string, options: Options, command: Command) => {
      const place = placeOf(command, options);
      const { printImport } = await import('../import-print.ts');
      const { runImport } = await import('../import-run.ts');
      const { logAt } = await import('../open-log.ts');
      const { leavingNothing } = await import('../fresh-directory.ts');
      const { mapping } = options;
      const at = logAt(place);
      const take = () =>
        runImport({ kind, file, mapping, place }, (result) =>
          printImport(result, options.json === true, at),
        );
      await (at.kind === 'embedded' ? leavingNothing(at.directory, take) : take());
    });
}
