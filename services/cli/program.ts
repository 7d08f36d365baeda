// The program's commands and how a run of it ends. Definitions only: what a command does is loaded when it is called.
import { createRequire } from 'node:module';
import { Command } from 'commander';
import { addAlerts } from './commands/alerts.ts';
import { addArchive } from './commands/archive.ts';
import { addClassify } from './commands/classify.ts';
import { addDoctor } from './commands/doctor.ts';
import { addErase } from './commands/erase.ts';
import { addEvaluate } from './commands/evaluate.ts';
import { addGenerate } from './commands/generate.ts';
import { addImport } from './commands/import.ts';
import { addJudge } from './commands/judge.ts';
import { addJudgements } from './commands/judgements.ts';
import { addKeys } from './commands/keys.ts';
import { addModels } from './commands/models.ts';
import { addReclassify } from './commands/reclassify.ts';
import { addReconcile } from './commands/reconcile.ts';
import { addRejected } from './commands/rejected.ts';
import { addRun } from './commands/run.ts';
import { addTail } from './commands/tail.ts';
import { addTopics } from './commands/topics.ts';
import { addTrain } from './commands/train.ts';
import { addUp } from './commands/up.ts';
import { addWaves } from './commands/waves.ts';
import { reportError } from './exit.ts';
import { examples } from './options.ts';
import { endQuietlyWithReader } from './output.ts';
import { safeText } from './safe-text.ts';

/** Runs the command that `argv` (as of `process`) names and sets the exit code. */
export async function run(argv: readonly string[]): Promise<void> {
  const asJson = wantsJson(argv);
  endQuietlyWithReader(process.stdout);
  endQuietlyWithReader(process.stderr);
  // Work started beside a command (a stage's thread, a timer) may fail when nobody waits for it any more.
  const fail = (error: unknown): never => process.exit(reportError(error, asJson));
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
  try {
    const program = buildProgram();
    // Without anything somebody wants to know what there is.
    if (argv.length <= 2) program.outputHelp();
    else await program.parseAsync(argv);
  } catch (error) {
    // Whatever of it still runs (a thread, a listening port) must not hold up the end of a failed command.
    fail(error);
  }
}

export function buildProgram(): Command {
  const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };
  const program = new Command('signpost')
    .description('Tickets, posts and survey answers in; department insight streams out.')
    .version(version)
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(`signpost: ${usageMessage(text)}`) })
    .showHelpAfterError('Run it with --help for what it takes.')
    .addHelpText(
      'after',
      examples(
        ['signpost up --demo', 'see it work on made-up customers of a made-up provider'],
        ['signpost import tickets complaints.csv --mapping us-isp-complaints', 'take in a file'],
        ['signpost tail operations --follow', 'read what matters to operations, as it comes'],
        ['signpost reconcile', 'prove that nothing was lost'],
      ),
    );
  for (const add of [
    addUp,
    addRun,
    addImport,
    addTail,
    addClassify,
    addTrain,
    addEvaluate,
    addJudge,
    addJudgements,
    addWaves,
    addAlerts,
    addArchive,
    addErase,
    addModels,
    addReclassify,
    addReconcile,
    addRejected,
    addTopics,
    addDoctor,
    addKeys,
    addGenerate,
  ]) {
    add(program);
  }
  return program;
}

function usageMessage(text: string): string {
  const lines = text.startsWith('error: ') ? text.slice(7).split('\n') : text.split('\n');
  return lines.map(safeText).join('\n');
}

function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return (end < 0 ? argv : argv.slice(0, end)).includes('--json');
}
