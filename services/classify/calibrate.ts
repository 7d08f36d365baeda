// Turns raw margins into log-odds by what they meant for texts the model had not seen, and finds the
// probability from which a yes is best. Calibration is folded into the model, so scores stay exact sums.
import type { ModelParts, Task } from './artifact.ts';
import type { Example } from './train.ts';

/**
 * `margins` holds each example's out-of-fold margins, row-major by column. Yes-or-no classes get Platt's
 * sigmoid (Platt 1999, with Lin, Lin and Weng's 2007 targets), single-choice tasks one temperature.
 */
export function calibrate(
  parts: ModelParts,
  examples: readonly Example[],
  margins: Float64Array,
): ModelParts {
  const columns = parts.scales.length;
  const scales = [...parts.scales];
  const biases = [...parts.biases];
  const marginsOf = (column: number) => examples.map((_, row) => margins[row * columns + column]!);
  const apply = (column: number, slope: number, offset: number) => {
    scales[column]! *= slope;
    biases[column] = biases[column]! * slope + offset;
  };
  const tasks = parts.tasks.map((task): Task => {
    if (task.kind === 'single') {
      const slope = temperature(task, examples, margins, columns);
      for (let at = 0; at < task.classes.length; at += 1) apply(task.from + at, slope, 0);
      return task;
    }
    const thresholds = task.classes.map((label, at) => {
      const wanted = examples.map((example) => (example.labels[task.name] ?? []).includes(label));
      const raw = marginsOf(task.from + at);
      const { slope, offset } = sigmoid(raw, wanted);
      apply(task.from + at, slope, offset);
      return bestThreshold(
        raw.map((margin) => 1 / (1 + Math.exp(-(slope * margin + offset)))),
        wanted,
      );
    });
    return { ...task, thresholds };
  });
  return { ...parts, tasks, scales, biases };
}

/** Maximum likelihood of 1 ÷ (1 + e^−(slope × margin + offset)) by Newton steps with halving. */
function sigmoid(margins: readonly number[], wanted: readonly boolean[]) {
  const yes = wanted.filter(Boolean).length;
  const no = wanted.length - yes;
  const high = (yes + 1) / (yes + 2);
  const low = 1 / (no + 2);
  const targets = wanted.map((want) => (want ? high : low));
  const loss = (slope: number, offset: number) =>
    margins.reduce((sum, margin, row) => {
      const score = slope * margin + offset;
      const softplus = Math.max(score, 0) + Math.log1p(Math.exp(-Math.abs(score)));
      return sum + softplus - targets[row]! * score;
    }, 0);
  let slope = 1;
  let offset = Math.log((yes + 1) / (no + 1));
  let best = loss(slope, offset);
  for (let step = 0; step < 100; step += 1) {
    let g0 = 0;
    let g1 = 0;
    let h00 = 1e-9;
    let h01 = 0;
    let h11 = 1e-9;
    for (const [row, margin] of margins.entries()) {
      const p = 1 / (1 + Math.exp(-(slope * margin + offset)));
      const error = p - targets[row]!;
      const spread = p * (1 - p);
      g0 += error * margin;
      g1 += error;
      h00 += spread * margin * margin;
      h01 += spread * margin;
      h11 += spread;
    }
    const determinant = h00 * h11 - h01 * h01;
    const d0 = (h11 * g0 - h01 * g1) / determinant;
    const d1 = (h00 * g1 - h01 * g0) / determinant;
    let length = 1;
    while (length > 1e-6 && loss(slope - length * d0, offset - length * d1) > best) length /= 2;
    if (length <= 1e-6) break;
    slope -= length * d0;
    offset -= length * d1;
    const now = loss(slope, offset);
    const settled = best - now < 1e-9;
    best = now;
    if (settled) break;
  }
  // A class whose margins say nothing must not be turned round.
  return slope > 0 ? { slope, offset } : { slope: 1e-6, offset: Math.log((yes + 1) / (no + 1)) };
}

/** The factor on the margins under which softmax gives the true classes the highest likelihood. */
function temperature(
  task: Task,
  examples: readonly Example[],
  margins: Float64Array,
  columns: number,
): number {
  const truth = examples.map((example) => task.classes.indexOf(example.labels[task.name]![0]!));
  const loss = (factor: number) =>
    truth.reduce((sum, label, row) => {
      const from = row * columns + task.from;
      const scores = margins.subarray(from, from + task.classes.length).map((m) => m * factor);
      const highest = scores.reduce((a, b) => Math.max(a, b));
      const total = scores.reduce((all, score) => all + Math.exp(score - highest), 0);
      return sum + highest + Math.log(total) - scores[label]!;
    }, 0);
  let low = Math.log(0.1);
  let high = Math.log(50);
  for (let step = 0; step < 40; step += 1) {
    const a = low + (high - low) * 0.382;
    const b = low + (high - low) * 0.618;
    if (loss(Math.exp(a)) < loss(Math.exp(b))) high = b;
    else low = a;
  }
  return Math.exp((low + high) / 2);
}

/** The probability in steps of 0.01 with the highest F1; of equals the one nearest to a half. */
function bestThreshold(probabilities: readonly number[], wanted: readonly boolean[]): number {
  let best = { threshold: 0.5, f1: -1 };
  for (let percent = 5; percent <= 95; percent += 1) {
    const threshold = percent / 100;
    let hits = 0;
    let wrong = 0;
    for (const [row, probability] of probabilities.entries()) {
      const yes = probability >= threshold;
      if (yes && wanted[row]) hits += 1;
      else if (yes !== wanted[row]) wrong += 1;
    }
    const f1 = hits === 0 ? 0 : (2 * hits) / (2 * hits + wrong);
    const nearer = Math.abs(threshold - 0.5) < Math.abs(best.threshold - 0.5);
    if (f1 > best.f1 + 1e-9 || (f1 > best.f1 - 1e-9 && nearer)) best = { threshold, f1 };
  }
  return best.threshold;
}
