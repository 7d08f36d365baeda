// Definition of `signpost judge`.
import { Argument, type Command } from 'commander';
import { examples, jsonOption, placeOf, withLogOptions, type LogOptions } from '../options.ts';

export type Verdict = 'right' | 'wrong' | 'missing';

export interface JudgeOptions extends LogOptions {
  readonly department: string;
  readonly theme?: string;
  readonly comment?: string;
  readonly by: string;
  readonly json?: true;
}

export function addJudge(program: Command): void {
  withLogOptions(program.command('judge'))
    .summary('say whether an insight belongs to a department')
    .description(
      'Writes down what a reader says of an insight: right (what was judged of the department is so), wrong (it does not\n' +
        'belong there) or missing (it should have gone there). The next model learns from it. While `signpost up` runs on\n' +
        'the data directory it is sent to its intake, with the key in SIGNPOST_KEY where one is needed. An id that begins\n' +
        'with a hyphen goes behind --, after the options.',
    )
    .argument('<insight-id>', 'id of the insight, as `signpost tail` shows it')
    .addArgument(
      new Argument('<verdict>', 'what is said of it').choices(['right', 'wrong', 'missing']),
    )
    .requiredOption('--department <name>', 'department that it is said of')
    .option('--theme <name>', 'theme it should have had, like outage')
    .option('--comment <text>', 'why; personal data in it is redacted')
    .option('--by <role>', 'who judges, as a role or pseudonym: one voice to each', 'reader')
    .addOption(jsonOption('print the judgement as one JSON object'))
    .addHelpText(
      'after',
      examples(
        [
          'signpost judge pU3vYb0dQm2k7sXtR1aLwQ wrong --department operations --by noc-lead',
          'it does not belong to operations',
        ],
        [
          'signpost judge pU3vYb0dQm2k7sXtR1aLwQ missing --department billing --theme price --comment "asks for money back"',
          'billing should have received it, and why',
        ],
        [
          'signpost judge --department billing -- -U3vYb0dQm2k7sXtR1aLwQ right',
          'an id that begins with a hyphen',
        ],
      ),
    )
    .action(async (id: string, verdict: Verdict, options: JudgeOptions, command: Command) => {
      const { judge } = await import('../judgements/judge.ts');
      await judge(id, verdict, placeOf(command, options), options);
    });
}
