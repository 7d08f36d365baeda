// `npm run peers`: Signpost's classifier beside well-known ones, on the same texts in the same run. Figures of record stand
// in docs/performance.md.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { compare } from './compare.ts';
import { onOneCore } from './processes.ts';
import { allSystems } from './systems.ts';
import { isFailure, renderComparison } from './table.ts';
import { peerTasks, readTexts } from './tasks.ts';

interface Options {
  texts: string;
  task?: string[];
  peers?: string[];
  split: 'fifth' | 'folds';
  limit: number;
  json: boolean;
  keep: boolean;
}

const taskNames = peerTasks.map(({ name }) => name);
const systemNames = allSystems().map(({ name }) => name);

const program = new Command('peers')
  .description(
    'Measures the classifier beside well-known ones: quality, time, speed, size, memory.',
  )
  .requiredOption('--texts <dir>', 'folder with the labelled texts, see below')
  .option(
    '--task <name...>',
    `which tasks (default: all): ${taskNames.join(', ')}`,
    oneOf(taskNames),
  )
  .option(
    '--peers <name...>',
    `which systems (default: all): ${systemNames.join(', ')}`,
    oneOf(systemNames),
  )
  .addOption(
    new Option('--split <how>', 'hold out one fifth, or each fifth in turn')
      .choices(['fifth', 'folds'])
      .default('fifth'),
  )
  .option('--limit <seconds>', 'longest time for one training or judging', readSeconds, 3600)
  .option('--keep', 'keep parts, models and predictions, and say where', false)
  .option('--json', 'print one JSON array instead of tables', false)
  .addHelpText(
    'after',
    `
DIR holds ${[...new Set(peerTasks.map(({ file }) => file))].join(', ')},
or those that the tasks asked for need: JSON lines with "text" and the task's label.
The fifth is held out by a hash of the text, so it is the same for every system and every run.
Each training and each judging is a process of its own on one core. Peers are installed into
~/.cache/signpost (or SIGNPOST_CACHE) on first use; those in Python need Python 3.11.
Ends with 1 when a system could not be measured; its row says why.

Examples:
  npm run peers -- --texts ./texts
  npm run peers -- --texts ./texts --task theme sentiment --peers signpost scikit-svc --split folds
  npm run --silent peers -- --texts ./texts --task banking77 --json`,
  );

program.parse();
try {
  await run(program.opts<Options>());
} catch (cause) {
  program.error(`peers: ${cause instanceof Error ? cause.message : String(cause)}`);
}

async function run({ texts, task, peers, split, limit, json, keep }: Options): Promise<void> {
  const tasks = peerTasks.filter(({ name }) => task?.includes(name) ?? true);
  const systems = allSystems().filter(({ name }) => peers?.includes(name) ?? true);
  // A file that is missing is told before hours of work, not after.
  const sources = tasks.map((each) => ({ task: each, jsonl: readTexts(texts, each) }));
  if (onOneCore().length === 0) console.error('no taskset here: systems are not kept to one core');
  const folder = mkdtempSync(join(tmpdir(), 'signpost-peers-'));
  process.once('exit', () => {
    if (keep) console.error(`kept in ${folder}`);
    else rmSync(folder, { recursive: true });
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  const comparisons = [];
  for (const source of sources) {
    const comparison = await compare(source.task, source.jsonl, {
      systems,
      everyPart: split === 'folds',
      limitSeconds: limit,
      folder,
      onProgress: (text) => console.error(text),
    });
    comparisons.push(comparison);
    if (!json) console.log(`${renderComparison(comparison)}\n`);
    if (comparison.results.some(isFailure)) process.exitCode = 1;
  }
  if (json) console.log(JSON.stringify(comparisons, null, 2));
}

function oneOf(names: readonly string[]) {
  return (value: string, before: string[] | undefined): string[] => {
    if (!names.includes(value)) throw new InvalidArgumentError(`one of: ${names.join(', ')}`);
    return [...(before ?? []), value];
  };
}

function readSeconds(value: string): number {
  const seconds = Number(value);
  if (seconds > 0) return seconds;
  throw new InvalidArgumentError('must be a number of seconds above 0');
}
