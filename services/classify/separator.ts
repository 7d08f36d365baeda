// One linear separator: L2-regularised support vector machine with squared hinge loss, trained by dual
// coordinate descent (Hsieh et al., "A Dual Coordinate Descent Method for Large-scale Linear SVM", ICML 2008).

export interface SparseRow {
  /** Ascending feature numbers. */
  readonly features: Int32Array;
  readonly values: Float64Array;
}

export interface SeparatorProblem {
  readonly rows: readonly SparseRow[];
  readonly wanted: readonly boolean[];
  /** Number of features. */
  readonly features: number;
  /** Constant C of the soft margin. */
  readonly softness: number;
  /** 0 weighs rows alike; 1 gives both sides the same total weight; between, the power of that ratio. */
  readonly balance: number;
  readonly seed: number;
}

const MAX_PASSES = 40;
/** Passes end when the projected gradients of a pass lie within this span (liblinear's default). */
const TOLERANCE = 0.1;

/** Weight per feature and the bias; a positive margin w·x + b speaks for `wanted`. */
export function trainSeparator(problem: SeparatorProblem): { weights: Float64Array; bias: number } {
  const { rows, wanted, softness, balance } = problem;
  const weights = new Float64Array(problem.features);
  let bias = 0;
  const yes = Math.max(1, wanted.filter(Boolean).length);
  const no = Math.max(1, wanted.length - yes);
  const softnessYes = softness * (wanted.length / (2 * yes)) ** balance;
  const softnessNo = softness * (wanted.length / (2 * no)) ** balance;
  const diagonal = wanted.map((want) => 0.5 / (want ? softnessYes : softnessNo));
  const curvature = rows.map(({ values }, row) =>
    values.reduce((sum, value) => sum + value * value, 1 + diagonal[row]!),
  );
  const alphas = new Float64Array(rows.length);
  const order = Int32Array.from(rows, (_, row) => row);
  const random = randomSource(problem.seed);

  for (let pass = 0; pass < MAX_PASSES; pass += 1) {
    let highest = -Infinity;
    let lowest = Infinity;
    for (let at = order.length - 1; at >= 0; at -= 1) {
      const other = Math.floor(random() * (at + 1));
      const row = order[other]!;
      order[other] = order[at]!;
      order[at] = row;
      const { features, values } = rows[row]!;
      const side = wanted[row] ? 1 : -1;
      let margin = bias;
      for (let k = 0; k < features.length; k += 1) margin += weights[features[k]!]! * values[k]!;
      const alpha = alphas[row]!;
      const gradient = side * margin - 1 + diagonal[row]! * alpha;
      const projected = alpha === 0 ? Math.min(gradient, 0) : gradient;
      highest = Math.max(highest, projected);
      lowest = Math.min(lowest, projected);
      if (Math.abs(projected) < 1e-12) continue;
      const moved = Math.max(alpha - gradient / curvature[row]!, 0);
      alphas[row] = moved;
      const step = (moved - alpha) * side;
      for (let k = 0; k < features.length; k += 1) weights[features[k]!]! += step * values[k]!;
      bias += step;
    }
    if (highest - lowest <= TOLERANCE) break;
  }
  return { weights, bias };
}

/** Mulberry32: numbers in [0, 1), the same ones for the same seed. */
function randomSource(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
