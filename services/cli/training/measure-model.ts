// Measures a model on labelled texts: what it says of each, and how fast.
import type { Task } from '../../classify/artifact.ts';
import { createContextReader } from '../../classify/model.ts';
import type { Model } from '../../classify/model.ts';
import type { Example } from '../../classify/training/examples.ts';
import { probabilitiesOf } from '../../classify/training/answers.ts';
import { measure } from '../../classify/training/quality.ts';
import type { Quality } from '../../classify/training/quality.ts';

export interface Measured extends Quality {
  /**
   * Texts a second of one core's time, warm, with the calibrated probability of every class: the median of five runs. Time
   * of the processor, so that other work on the machine does not count.
   */
  readonly textsPerSecond: number;
  /** The same over the first pass, or the first passes of few texts. Of the first task measured it is that of a cold process. */
  readonly firstPassTextsPerSecond: number;
}

/** Measures one task. */
export function measureModel(model: Model, task: Task, examples: readonly Example[]): Measured {
  const { first, median } = speed(model, task, examples);
  const contextOf = createContextReader(model);
  const answers = examples.map(({ text, fields, labels }) => ({
    label: labels[task.name],
    scores: columnsOf(model.score(text, contextOf(fields)).values, task).slice(),
  }));
  return {
    ...measure(task, answers),
    textsPerSecond: median,
    firstPassTextsPerSecond: first,
  };
}

function columnsOf(values: Float32Array, { from, classes }: Task): Float32Array {
  return values.subarray(from, from + classes.length);
}

/** What is said of one text: the probability of every class, of a yes-or-no task of both, and what follows from them. */
export interface Prediction {
  readonly scores: Readonly<Record<string, number>>;
  /** The class, those at or above their thresholds, or the label of texts out of scope. */
  readonly labels: readonly string[];
}

export function predictionOf(task: Task, scores: ArrayLike<number>): Prediction {
  const { classes, thresholds, kind, outOfScope } = task;
  const probabilities = probabilitiesOf(task, scores);
  const named = Object.fromEntries(classes.map((name, at) => [name, probabilities[at]!]));
  if (kind === 'single') {
    const best = probabilities.indexOf(Math.max(...probabilities));
    const isOutside = outOfScope !== null && scores[best]! < outOfScope.below;
    return { scores: named, labels: [isOutside ? outOfScope.label : classes[best]!] };
  }
  const labels = classes.filter((_, at) => probabilities[at]! >= thresholds[at]!);
  if (kind === 'multi-label') return { scores: named, labels };
  return {
    scores: { '0': 1 - probabilities[0]!, ...named },
    labels: labels.length > 0 ? labels : ['0'],
  };
}

/** What a model says of one task of each text; the scores belong to the caller. */
export function* predictions(model: Model, task: Task, examples: readonly Example[]) {
  const contextOf = createContextReader(model);
  for (const { text, fields } of examples) {
    yield predictionOf(task, columnsOf(model.score(text, contextOf(fields)).values, task));
  }
}

const WARM_RUNS = 5;
const RUN_SECONDS = 0.3;

function speed(
  model: Model,
  task: Task,
  examples: readonly Example[],
): { first: number; median: number } {
  const contextOf = createContextReader(model);
  const { from, classes, kind } = task;
  const to = from + classes.length;
  let sink = 0;
  const pass = (): void => {
    for (const { text, fields } of examples) {
      const { values } = model.score(text, contextOf(fields));
      if (kind !== 'single') {
        for (let at = from; at < to; at += 1) sink += 1 / (1 + Math.exp(-values[at]!));
        continue;
      }
      sink += model.choose(task)[0]!;
    }
  };
  const rate = (seconds: number): number => {
    const started = processorSeconds();
    let passes = 0;
    let elapsed = 0;
    do {
      pass();
      passes += 1;
      elapsed = processorSeconds() - started;
    } while (elapsed < seconds);
    return (passes * examples.length) / elapsed;
  };
  const first = rate(0.02);
  rate(RUN_SECONDS);
  const rates = Array.from({ length: WARM_RUNS }, () => rate(RUN_SECONDS)).toSorted(
    (a, b) => a - b,
  );
  if (Number.isNaN(sink)) throw new Error('a probability that is no number');
  return { first: Math.round(first), median: Math.round(rates[WARM_RUNS >> 1]!) };
}

function processorSeconds(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000_000;
}
