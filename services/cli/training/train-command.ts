// `signpost train`: labelled texts in, a model out, with what it is worth.
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { checkConfig, readYaml } from '#core/config.ts';
import { SignpostError } from '#core/errors.ts';
import { encodeModel } from '../../classify/artifact.ts';
import type { ModelParts } from '../../classify/artifact.ts';
import { createModel, loadModel } from '../../classify/model.ts';
import { foldOf, layOutTasks } from '../../classify/training/examples.ts';
import type { Example } from '../../classify/training/examples.ts';
import { fitsInThreads } from '../../classify/training/fit-threads.ts';
import { withJudgements } from '../../classify/training/judged.ts';
import { recipeSchema } from '../../classify/training/recipe.ts';
import type { Recipe } from '../../classify/training/recipe.ts';
import { train } from '../../classify/training/train.ts';
import type { TrainInput } from '../../classify/training/train.ts';
import type { TrainOptions } from '../commands/train.ts';
import { count, many } from '../count.ts';
import { createOutput } from '../output.ts';
import { oneLine } from '../safe-text.ts';
import type { Output } from '../output.ts';
import { createProgress } from '../progress.ts';
import { refuseToOverwrite, writeRefused } from '../write-refused.ts';
import { readKnowledge } from './knowledge.ts';
import { readLabelled } from './labelled-files.ts';
import { measureModel } from './measure-model.ts';
import type { Measured } from './measure-model.ts';
import { showQuality } from './show-quality.ts';

const SPLIT_PARTS = 5;

export async function trainModel(options: TrainOptions): Promise<void> {
  if (options.out === undefined && options.evaluateSplit === undefined) {
    throw new SignpostError('nothing-to-do', 'Say where the model goes, or ask for a measurement', {
      hint: 'Give --out MODEL, --evaluate-split, or both.',
    });
  }
  if (options.out !== undefined)
    refuseToOverwrite(options.out, '--out', [
      ...options.data,
      ...options.judgements,
      ...(options.recipe === undefined ? [] : [options.recipe]),
      options.knowledge,
    ]);
  const recipe = readRecipe(options);
  const tasks = [...new Set(options.task)];
  const { examples, unlabelled, files } = await readLabelled(options.data, tasks);
  const judged =
    options.judgements.length === 0
      ? { examples: [], files: [] }
      : await readLabelled(options.judgements, tasks, { mayBeEmpty: true });
  const knowledge =
    options.knowledge === 'none' ? [] : await readKnowledge(tasks, options.knowledge);
  const data = [...files, ...judged.files];
  const { version } = createRequire(import.meta.url)('../../../package.json') as {
    version: string;
  };
  const build = (own: readonly Example[], says: string): Promise<Trained> =>
    trainAll({
      says,
      input: {
        examples: own,
        knowledge,
        tasks: layOutTasks(own, tasks, {
          ...recipe,
          tellsOutOfScope: options.outOfScope !== undefined,
        }),
        recipe,
        data,
        code: version,
        at: today(process.env),
      },
    });

  const output = createOutput();
  const split = options.evaluateSplit ? await measureSplit(examples, build) : undefined;
  const trained =
    options.out === undefined
      ? undefined
      : await build(withJudgements(examples, judged.examples), 'all texts');
  const report = trained && describe(trained, write(options.out!, trained.parts));
  if (options.json) {
    await output.json({ texts: examples.length, unlabelled, split, model: report });
    return;
  }
  if (split !== undefined) await showSplit(split, output);
  if (report === undefined) return;
  for (const line of showReport(report, output)) await output.line(line);
}

interface Trained {
  readonly parts: ModelParts;
  readonly seconds: number;
}

async function trainAll({ input, says }: { input: TrainInput; says: string }): Promise<Trained> {
  const progress = createProgress(process.stderr, () => performance.now());
  const started = performance.now();
  progress.update(0, says);
  try {
    const parts = await train(input, fitsInThreads(), (done, total) =>
      progress.update(done / total, `${says}: ${done} of ${total} fits`),
    );
    return { parts, seconds: (performance.now() - started) / 1000 };
  } finally {
    progress.end();
  }
}

type Report = ReturnType<typeof describe>;

function describe({ parts, seconds }: Trained, written: Written) {
  const { trained, tasks } = parts;
  return {
    model: written.version,
    bytes: written.bytes,
    keys: parts.keys.length,
    tasks: Object.fromEntries(
      tasks.map(({ name, kind, classes }) => [name, { kind, labels: classes.length }]),
    ),
    rows: trained.rows,
    knowledgeRows: trained.knowledgeRows,
    seconds: Math.round(seconds * 10) / 10,
    quality: trained.quality,
    thresholds: Object.fromEntries(
      tasks
        .filter(({ thresholds }) => thresholds.length > 0)
        .map(({ name, classes, thresholds }) => [
          name,
          Object.fromEntries(classes.map((label, at) => [label, thresholds[at]!])),
        ]),
    ),
  };
}

function showReport(report: Report, { styles }: Output): string[] {
  const { model, bytes, rows, knowledgeRows, seconds, quality, thresholds, tasks } = report;
  const number = (value: number | undefined) => (value ?? 0).toFixed(3);
  return [
    `${styles.bold(model)}  ${(bytes / 1e6).toFixed(1)} MB, from ${many(rows, 'text')} and ` +
      `${count(knowledgeRows)} of field knowledge, in ${seconds} s`,
    ...Object.entries(tasks).map(([task, { kind, labels }]) =>
      styles.dim(`  ${oneLine(task)}: ${kindsSaid[kind]} ${many(labels, 'label')}`),
    ),
    '',
    styles.dim('  on texts that the fits had not seen (how to weigh them was found on these)'),
    ...Object.entries(quality).map(
      ([task, { accuracy, macroF1, microF1, meanAveragePrecision, ece }]) =>
        `  ${oneLine(task).padEnd(14)} accuracy ${number(accuracy)}  macro-F1 ${number(macroF1)}  micro-F1 ${number(microF1)}  ` +
        `average precision ${number(meanAveragePrecision)}  calibration error ${number(ece)}`,
    ),
    ...Object.entries(thresholds).map(([task, labels]) => {
      const parts = Object.entries(labels).map(
        ([label, threshold]) => `${oneLine(label)} ${threshold}`,
      );
      return styles.dim(`  yes in ${oneLine(task)} from ${parts.join(', ')}`);
    }),
  ];
}

/** A row with a list where others have a value changes what a task is: said, so that it is seen. */
const kindsSaid = {
  'multi-label': 'any number of',
  single: 'exactly one of',
  binary: 'yes or no,',
} as const;

async function measureSplit(
  examples: readonly Example[],
  build: (own: readonly Example[], says: string) => Promise<Trained>,
): Promise<readonly Measured[]> {
  const isHeldOut = ({ text }: Example) => foldOf(`split ${text}`, SPLIT_PARTS) === 0;
  const { parts } = await build(
    examples.filter((example) => !isHeldOut(example)),
    'four fifths',
  );
  const model = createModel(parts, parts.name);
  const rest = examples.filter(isHeldOut);
  return parts.tasks.map((task) => measureModel(model, task, rest));
}

async function showSplit(split: readonly Measured[], output: Output): Promise<void> {
  await output.line('Measured on a fifth of the texts that was held out');
  for (const measured of split)
    for (const line of ['', ...showQuality(measured, output)]) await output.line(line);
  await output.line();
}

function readRecipe({ recipe: file, seed, name, outOfScope }: TrainOptions): Recipe {
  const given = {
    ...(seed === undefined ? {} : { seed }),
    ...(name === undefined ? {} : { name }),
    ...(outOfScope === undefined ? {} : { outOfScope }),
  };
  if (file === undefined) return recipeSchema.parse(given);
  const document = readYaml(file) ?? {};
  return checkConfig(recipeSchema, { ...document, ...given }, `The recipe ${file}`, {
    hint: 'docs/training.md lists what a recipe holds.',
  });
}

interface Written {
  readonly version: string;
  readonly bytes: number;
}

/** Written beside and renamed, so that whoever watches the file never meets half a model. */
function write(file: string, parts: ModelParts): Written {
  const bytes = encodeModel(parts);
  // What nobody could load must not take the place of what somebody judges by.
  const { version } = loadModel(bytes);
  const part = `${file}.part`;
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(part, bytes);
    renameSync(part, file);
  } catch (error) {
    rmSync(part, { force: true });
    throw writeRefused(error, file, 'with --out');
  }
  return { version, bytes: bytes.length };
}

/** The day, or the one that `SOURCE_DATE_EPOCH` (seconds) tells, so that a build can be repeated to the byte. */
function today(env: NodeJS.ProcessEnv): string {
  const epoch = Number(env['SOURCE_DATE_EPOCH'] ?? Number.NaN);
  const time = Number.isFinite(epoch) ? epoch * 1000 : Date.now();
  return new Date(time).toISOString().slice(0, 10);
}
