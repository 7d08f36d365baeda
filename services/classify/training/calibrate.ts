// Turns what the two parts of a model say into log-odds by what it meant for texts they had not seen, and finds the
// probability from which a yes is best. The result is folded into the model, so scores stay exact sums.
import type { Task } from '../artifact.ts';

/** For one column: log-odds = margin × separators + score × networks + offset. */
export interface Mix {
  readonly separators: number;
  readonly networks: number;
  readonly offset: number;
}

/** Out-of-fold scores and truth of one task, row-major by its own columns; `sides` 0 where nobody knows. */
export interface Heard {
  readonly rows: number;
  readonly margins: Float32Array;
  readonly scores: Float32Array;
  readonly sides: Float32Array;
}

/** Pulls a mix towards equal parts of an even scale; half an observation's worth, so that it matters for few rows only. */
const RIDGE = 0.02;

/**
 * The mix of each column of a task: for yes-or-no columns a logistic regression on margin and score (Platt 1999, with the
 * targets of Lin, Lin and Weng 2007), for a single choice one pair of factors under which softmax is likeliest.
 */
export function calibrate(task: Task, heard: Heard): readonly Mix[] {
  if (task.kind === 'single') {
    const mix = choiceMix(task.classes.length, heard);
    return task.classes.map(() => mix);
  }
  return task.classes.map((_, column) => columnMix(task.classes.length, column, heard));
}

function columnMix(columns: number, column: number, heard: Heard): Mix {
  const rows: number[] = [];
  for (let row = 0; row < heard.rows; row += 1)
    if (heard.sides[row * columns + column] !== 0) rows.push(row * columns + column);
  const yes = rows.filter((at) => heard.sides[at]! > 0).length;
  const no = rows.length - yes;
  const prior = Math.log((yes + 1) / (no + 1));
  const targets = rows.map((at) => (heard.sides[at]! > 0 ? (yes + 1) / (yes + 2) : 1 / (no + 2)));
  const inputs = rows.map((at) => [heard.margins[at]!, heard.scores[at]!, 1]);
  const [separators, networks, offset] = logistic(inputs, targets, [1, 0.5, prior]);
  // A part whose scores say nothing must not be turned round.
  if (separators! >= 0 && networks! >= 0 && separators! + networks! > 0)
    return { separators: separators!, networks: networks!, offset: offset! };
  const keep = separators! > networks! ? 0 : 1;
  const [factor, alone] = logistic(
    inputs.map((input) => [input[keep]!, 1]),
    targets,
    [1, prior],
  );
  const kept = Math.max(1e-6, factor!);
  const mix = keep === 0 ? { separators: kept, networks: 0 } : { separators: 0, networks: kept };
  return { ...mix, offset: factor! > 0 ? alone! : prior };
}

/** Maximum likelihood of 1 ÷ (1 + e^−w·x) with a small ridge, by Newton steps with halving. */
function logistic(
  inputs: readonly (readonly number[])[],
  targets: readonly number[],
  start: readonly number[],
): number[] {
  const size = start.length;
  let weights = [...start];
  const loss = (w: readonly number[]): number => {
    let sum = 0;
    for (const [row, input] of inputs.entries()) {
      let score = 0;
      for (let at = 0; at < size; at += 1) score += w[at]! * input[at]!;
      sum += Math.max(score, 0) + Math.log1p(Math.exp(-Math.abs(score))) - targets[row]! * score;
    }
    for (let at = 0; at < size - 1; at += 1) sum += RIDGE * (w[at]! - start[at]!) ** 2;
    return sum;
  };
  let best = loss(weights);
  for (let step = 0; step < 50; step += 1) {
    const gradient = start.map(() => 0);
    const hessian = start.map(() => start.map(() => 0));
    for (const [row, input] of inputs.entries()) {
      let score = 0;
      for (let at = 0; at < size; at += 1) score += weights[at]! * input[at]!;
      const p = 1 / (1 + Math.exp(-score));
      for (let at = 0; at < size; at += 1) {
        gradient[at]! += (p - targets[row]!) * input[at]!;
        for (let other = 0; other < size; other += 1)
          hessian[at]![other]! += p * (1 - p) * input[at]! * input[other]!;
      }
    }
    for (let at = 0; at < size; at += 1) {
      if (at < size - 1) gradient[at]! += 2 * RIDGE * (weights[at]! - start[at]!);
      hessian[at]![at]! += at < size - 1 ? 2 * RIDGE : 1e-9;
    }
    const move = solve(hessian, gradient);
    let length = 1;
    const moved = () => weights.map((weight, at) => weight - length * move[at]!);
    while (length > 1e-6 && !(loss(moved()) <= best)) length /= 2;
    if (length <= 1e-6) break;
    weights = moved();
    const now = loss(weights);
    const settled = best - now < 1e-9;
    best = now;
    if (settled) break;
  }
  return weights;
}

/** Gaussian elimination with pivots; the matrix is small. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const rows = matrix.map((row, at) => [...row, right[at]!]);
  const size = rows.length;
  for (let column = 0; column < size; column += 1) {
    let pivot = column;
    for (let row = column + 1; row < size; row += 1)
      if (Math.abs(rows[row]![column]!) > Math.abs(rows[pivot]![column]!)) pivot = row;
    [rows[column], rows[pivot]] = [rows[pivot]!, rows[column]!];
    const head = rows[column]!;
    if (Math.abs(head[column]!) < 1e-12) head[column] = 1e-12;
    for (let row = 0; row < size; row += 1) {
      if (row === column) continue;
      const factor = rows[row]![column]! / head[column]!;
      for (let at = column; at <= size; at += 1) rows[row]![at]! -= factor * head[at]!;
    }
  }
  return rows.map((row, at) => row[size]! / row[at]!);
}

/** Two factors are known well enough from this many texts. */
const MOST_CHOICES = 4_000;

/** By turns the factor of one part while the other stands, each by golden-section search on a logarithmic scale. */
function choiceMix(columns: number, heard: Heard): Mix {
  const truth: number[] = [];
  const starts: number[] = [];
  for (let row = 0; row < heard.rows; row += 1) {
    const sides = heard.sides.subarray(row * columns, (row + 1) * columns);
    const label = sides.indexOf(1);
    if (label < 0 || truth.length === MOST_CHOICES) continue;
    truth.push(label);
    starts.push(row * columns);
  }
  const scores = new Float64Array(columns);
  const loss = (separators: number, networks: number): number => {
    let sum = 0;
    for (const [at, start] of starts.entries()) {
      let highest = -Infinity;
      for (let column = 0; column < columns; column += 1) {
        const score =
          separators * heard.margins[start + column]! + networks * heard.scores[start + column]!;
        scores[column] = score;
        if (score > highest) highest = score;
      }
      let total = 0;
      for (let column = 0; column < columns; column += 1)
        total += Math.exp(scores[column]! - highest);
      sum += highest + Math.log(total) - scores[truth[at]!]!;
    }
    return sum;
  };
  const hasNetworks = heard.scores.some((score) => score !== 0);
  const start = hasNetworks ? { separators: 1.5, networks: 1 } : { separators: 3, networks: 0 };
  let { separators, networks } = start;
  for (let round = 0; round < 3; round += 1) {
    separators = lowest((factor) => loss(factor, networks) + pull(factor, start.separators));
    if (hasNetworks)
      networks = lowest((factor) => loss(separators, factor) + pull(factor, start.networks));
  }
  return { separators, networks, offset: 0 };
}

/** Keeps factors finite where few or no texts tell, or all of them are right. */
function pull(factor: number, start: number): number {
  return 2 * Math.log(factor / start) ** 2;
}

function lowest(loss: (factor: number) => number): number {
  let low = Math.log(0.05);
  let high = Math.log(30);
  for (let step = 0; step < 12; step += 1) {
    const a = low + (high - low) * 0.382;
    const b = low + (high - low) * 0.618;
    if (loss(Math.exp(a)) < loss(Math.exp(b))) high = b;
    else low = a;
  }
  return Math.exp((low + high) / 2);
}

/** The probability in steps of 0.01 with the highest F1; of equals the one nearest to a half. */
export function bestThreshold(probabilities: readonly number[], holds: readonly boolean[]): number {
  let best = { threshold: 0.5, f1: -1 };
  for (let percent = 5; percent <= 95; percent += 1) {
    const threshold = percent / 100;
    let hits = 0;
    let wrong = 0;
    for (const [row, probability] of probabilities.entries()) {
      const yes = probability >= threshold;
      if (yes && holds[row]) hits += 1;
      else if (yes !== holds[row]) wrong += 1;
    }
    const f1 = hits === 0 ? 0 : (2 * hits) / (2 * hits + wrong);
    const nearer = Math.abs(threshold - 0.5) < Math.abs(best.threshold - 0.5);
    if (f1 > best.f1 + 1e-9 || (f1 > best.f1 - 1e-9 && nearer)) best = { threshold, f1 };
  }
  return best.threshold;
}
