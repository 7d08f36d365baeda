// Trains a model: fits on parts of the data tell what scores mean for texts not seen, a fit on all of it is what judges.
// Pure but for the runner of fits; the same rows, recipe and seed give the same numbers.
import type { ModelParts, Task, TrainingReport } from '../artifact.ts';
import { assemble } from './assemble.ts';
import { bestThreshold, calibrate } from './calibrate.ts';
import type { Heard, Mix } from './calibrate.ts';
import type { Answer } from './answers.ts';
import { readCorpus } from './corpus.ts';
import { foldOf, isOutside, sidesOf } from './examples.ts';
import type { Example } from './examples.ts';
import { fit, say } from './fit.ts';
import type { Fit, FitProblem, Said } from './fit.ts';
import { boundOf } from './out-of-scope.ts';
import { measure } from './quality.ts';
import type { Recipe } from './recipe.ts';
import type { ColumnGroup } from './solvers.ts';

export interface TrainInput {
  readonly examples: readonly Example[];
  /** General texts of the field with labels: they teach words, and are never measured on. */
  readonly knowledge: readonly Example[];
  /** See `layOutTasks`. */
  readonly tasks: readonly Task[];
  readonly recipe: Recipe;
  readonly data: TrainingReport['data'];
  /** Version of the code and day of training, for the report. */
  readonly code: string;
  readonly at: string;
}

/** Runs fits, side by side if it can. `hear` learns and tells what it says of other texts. */
export interface FitRunner {
  learn(problem: FitProblem, texts: Int32Array): Promise<Fit>;
  hear(problem: FitProblem, texts: Int32Array, others: Int32Array): Promise<Said>;
}

export const fitsHere: FitRunner = {
  learn: async (problem, texts) => fit(problem, texts),
  hear: async (problem, texts, others) => say(problem, fit(problem, texts), others),
};

/** Multi-label tasks have several decisions a text, each with little loss of its own. */
const MULTI_LABEL_WEIGHT = 1.5;
/** From this many texts on only one of the parts is held out to calibrate. */
const MANY_TEXTS = 4_000;

/** `onProgress` is told how many of the fits are done. */
export async function train(
  input: TrainInput,
  runner: FitRunner = fitsHere,
  onProgress: (done: number, total: number) => void = () => undefined,
): Promise<ModelParts> {
  const { examples, knowledge, recipe } = input;
  const problem = problemOf(input);
  const all = Int32Array.from({ length: examples.length + knowledge.length }, (_, text) => text);
  const folds = examples.map(({ text }) => foldOf(text, recipe.folds));
  // One part of many texts tells as well what scores mean as all parts of few.
  const count = examples.length > MANY_TEXTS ? 1 : recipe.folds;
  let done = 0;
  const counted = async <T>(work: Promise<T>): Promise<T> => {
    const result = await work;
    onProgress((done += 1), count + 1);
    return result;
  };
  const heard = Array.from({ length: count }, (_, fold) => {
    const others = all.filter((text) => text < examples.length && folds[text] === fold);
    const learnt = all.filter((text) => text >= examples.length || folds[text] !== fold);
    return counted(runner.hear(problem, learnt, others));
  });
  const [fitted, ...said] = await Promise.all([counted(runner.learn(problem, all)), ...heard]);
  return finish(input, problem, fitted, said);
}

function problemOf({ examples, knowledge, tasks, recipe }: TrainInput): FitProblem {
  const columns = tasks.reduce((sum, task) => sum + task.classes.length, 0);
  const sides = new Float32Array((examples.length + knowledge.length) * columns);
  const known = new Map(tasks.map((task) => [task, namesKnown(knowledge, task.name)]));
  for (const task of tasks) {
    const put = (text: number, values: readonly number[]) =>
      sides.set(values, text * columns + task.from);
    for (const [text, { labels }] of examples.entries()) {
      const label = labels[task.name];
      const outside = isOutside(label, task);
      put(text, outside ? task.classes.map(() => -1) : sidesOf(label, task));
    }
    for (const [text, { labels }] of knowledge.entries()) {
      const names = known.get(task)!;
      const values = sidesOf(labels[task.name], task, (name) => names.has(name));
      put(examples.length + text, values);
    }
  }
  const groups = tasks.map((task): ColumnGroup => {
    const to = task.from + task.classes.length;
    const weight = task.kind === 'multi-label' ? MULTI_LABEL_WEIGHT : 1;
    return { from: task.from, to, isChoice: task.kind === 'single', weight };
  });
  const corpus = readCorpus([...examples, ...knowledge], recipe.context);
  return { corpus, own: examples.length, sides, columns, groups, recipe };
}

function namesKnown(knowledge: readonly Example[], task: string): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { labels } of knowledge) {
    const label = labels[task];
    if (label?.kind === 'one') names.add(label.name);
    if (label?.kind === 'all') for (const name of label.names) names.add(name);
  }
  return names;
}

function finish(
  input: TrainInput,
  problem: FitProblem,
  fitted: Fit,
  said: readonly Said[],
): ModelParts {
  const { examples, recipe } = input;
  const mixes: Mix[] = [];
  const quality: TrainingReport['quality'] = {};
  const tasks = input.tasks.map((task): Task => {
    const heard = heardOf(task, problem, said);
    const mix = calibrate(task, heard);
    mixes.push(...mix);
    const scores = mixed(heard, mix);
    const answers = answersOf(task, scores, examples, said);
    const settled = settle(task, heard, scores, answers);
    const { n, accuracy, macroF1, microF1, meanAveragePrecision, ece } = measure(settled, answers);
    quality[task.name] = { n, accuracy, macroF1, microF1, meanAveragePrecision, ece };
    return settled;
  });
  const words = said.reduce((sum, part) => sum + part.words, 0);
  const unknown = said.reduce((sum, part) => sum + part.unknown, 0);
  return {
    name: recipe.name,
    tasks,
    context: recipe.context,
    trained: {
      rows: examples.length,
      knowledgeRows: input.knowledge.length,
      data: input.data,
      at: input.at,
      code: input.code,
      recipe,
      quality,
      shares: Object.fromEntries(tasks.map((task) => [task.name, sharesOf(task, examples)])),
      unknownWords: words === 0 ? 0 : unknown / words,
    },
    ...assemble(problem.corpus, fitted, mixes),
  };
}

function heardOf(task: Task, problem: FitProblem, said: readonly Said[]): Heard {
  const width = task.classes.length;
  const rows = said.reduce((sum, { texts }) => sum + texts.length, 0);
  const [margins, scores, sides] = [0, 1, 2].map(() => new Float32Array(rows * width)) as [
    Float32Array<ArrayBuffer>,
    Float32Array<ArrayBuffer>,
    Float32Array<ArrayBuffer>,
  ];
  let row = 0;
  for (const part of said) {
    for (const [at, text] of part.texts.entries()) {
      const from = at * problem.columns + task.from;
      margins.set(part.margins.subarray(from, from + width), row * width);
      scores.set(part.scores.subarray(from, from + width), row * width);
      const start = text * problem.columns + task.from;
      sides.set(problem.sides.subarray(start, start + width), row * width);
      row += 1;
    }
  }
  return { rows, margins, scores, sides };
}

function mixed({ margins, scores }: Heard, mix: readonly Mix[]): Float32Array {
  return margins.map((margin, at) => {
    const { separators, networks, offset } = mix[at % mix.length]!;
    return separators * margin + networks * scores[at]! + offset;
  });
}

/** The task with its thresholds, found on out-of-fold scores. */
function settle(
  task: Task,
  { rows, sides }: Heard,
  scores: Float32Array,
  answers: readonly Answer[],
): Task {
  const width = task.classes.length;
  if (task.kind !== 'single') {
    const thresholds = task.classes.map((_, column) => {
      const known: number[] = [];
      for (let row = 0; row < rows; row += 1)
        if (sides[row * width + column] !== 0) known.push(row * width + column);
      return bestThreshold(
        known.map((at) => 1 / (1 + Math.exp(-scores[at]!))),
        known.map((at) => sides[at]! > 0),
      );
    });
    return { ...task, thresholds };
  }
  if (task.outOfScope === null) return task;
  return { ...task, outOfScope: { ...task.outOfScope, below: boundOf(task, answers) } };
}

function answersOf(
  task: Task,
  scores: Float32Array,
  examples: readonly Example[],
  said: readonly Said[],
): readonly Answer[] {
  const width = task.classes.length;
  const order = said.flatMap(({ texts }) => [...texts]);
  return order.map((text, row) => ({
    label: examples[text]!.labels[task.name],
    scores: scores.subarray(row * width, (row + 1) * width),
  }));
}

/** Share of the texts that have each label, among those that have any label of the task. */
function sharesOf(task: Task, examples: readonly Example[]): Record<string, number> {
  const labelled = examples.filter(({ labels }) => labels[task.name] !== undefined);
  const counts = new Map<string, number>(task.classes.map((name) => [name, 0]));
  for (const { labels } of labelled) {
    for (const [at, side] of sidesOf(labels[task.name], task).entries())
      if (side > 0) counts.set(task.classes[at]!, counts.get(task.classes[at]!)! + 1);
  }
  const total = Math.max(1, labelled.length);
  return Object.fromEntries([...counts].map(([name, number]) => [name, number / total]));
}
