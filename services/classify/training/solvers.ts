// The two solvers over the training kernel: rows and labels in, weights out. The same input gives the same bytes on any
// machine: the kernel's arithmetic is WebAssembly's.
import { trainKernel } from '../kernel/generated.ts';
import { instantiate, Space } from '../kernel/memory.ts';

/** Row i has `features[k]` with `values[k]` for k from `begins[i]` to `begins[i + 1] - 1`. */
export interface SparseRows {
  readonly begins: Int32Array;
  readonly features: Int32Array;
  readonly values: Float32Array;
}

interface Kernel {
  seed(value: number): void;
  shuffle(order: number, count: number): void;
  separate(...places: number[]): number;
  descend(network: number, order: number, texts: number, rate: number, fall: number): void;
}

export interface SeparatorProblem {
  readonly rows: SparseRows;
  /** Number of features. */
  readonly features: number;
  /** Row-major by column: 1 it holds, -1 it does not, 0 nobody knows. */
  readonly sides: Float32Array;
  readonly columns: number;
  /** What each row counts for. */
  readonly weights: Float32Array;
  readonly softness: number;
  readonly balance: number;
  readonly seed: number;
}

/** Weights row-major, `width` numbers a feature of which the first are the columns'; margin = w·x + bias. */
export interface Separators {
  readonly weights: Float32Array;
  readonly biases: Float32Array;
  readonly width: number;
}

const MAX_PASSES = 40;
/** Passes end when the projected gradients of a pass lie within this span (liblinear's default). */
const TOLERANCE = 0.1;

/** One support vector machine a column, all at once. */
export function trainSeparators(problem: SeparatorProblem): Separators {
  const { rows, features, sides, columns, weights, softness, balance, seed } = problem;
  const texts = rows.begins.length - 1;
  const width = Math.ceil(columns / 16) * 16;
  const wide = new Float32Array(texts * width);
  const yes = new Float32Array(width).fill(1);
  const no = new Float32Array(width).fill(1);
  for (let column = 0; column < columns; column += 1) {
    let holds = 0;
    let known = 0;
    for (let text = 0; text < texts; text += 1) {
      const side = sides[text * columns + column]!;
      wide[text * width + column] = side;
      if (side !== 0) known += weights[text]!;
      if (side > 0) holds += weights[text]!;
    }
    const rest = Math.max(1, known - holds);
    const total = Math.max(1, known);
    yes[column] = 0.5 / (softness * (total / (2 * Math.max(1, holds))) ** balance);
    no[column] = 0.5 / (softness * (total / (2 * rest)) ** balance);
  }
  const squares = Float32Array.from({ length: texts }, (_, text) => {
    let square = 1;
    for (let at = rows.begins[text]!; at < rows.begins[text + 1]!; at += 1)
      square += rows.values[at]! ** 2;
    return square;
  });
  const space = new Space(trainKernel);
  const order = space.put(Int32Array.from({ length: texts }, (_, text) => text));
  const places = [
    space.put(rows.begins),
    space.put(rows.features),
    space.put(rows.values),
    space.put(squares),
    space.put(weights.map((weight) => 1 / Math.max(1e-6, weight))),
    space.put(wide),
    space.room(texts * width),
    space.put(yes),
    space.put(no),
  ];
  const found = space.room(features * width);
  const biases = space.room(width);
  const scratch = [space.room(width), space.room(width), space.room(width)];
  const { buffer, exports } = instantiate(trainKernel, space);
  const kernel = exports as Kernel;
  kernel.seed(seed);
  for (let pass = 0; pass < MAX_PASSES; pass += 1) {
    kernel.shuffle(order, texts);
    const span = kernel.separate(order, texts, ...places, found, biases, width, ...scratch);
    if (span <= TOLERANCE) break;
  }
  return {
    weights: new Float32Array(buffer, found, features * width),
    biases: new Float32Array(buffer, biases, width),
    width,
  };
}

/** Columns `from` to `to - 1`: exactly one of them holds (`isChoice`), or each is yes or no. */
export interface ColumnGroup {
  readonly from: number;
  readonly to: number;
  readonly isChoice: boolean;
  /** What its errors count for. */
  readonly weight: number;
}

export interface NetworkProblem {
  readonly rows: SparseRows;
  readonly features: number;
  /** As in `SeparatorProblem`. */
  readonly sides: Float32Array;
  readonly columns: number;
  readonly weights: Float32Array;
  readonly groups: readonly ColumnGroup[];
  readonly hidden: number;
  readonly epochs: number;
  readonly rate: number;
  readonly featureDropout: number;
  readonly hiddenDropout: number;
  readonly smoothing: number;
  readonly seed: number;
}

/** `into`: a row of `hidden` a feature; `out`: a row of `hidden` a column. */
export interface Network {
  readonly into: Float32Array;
  readonly hiddenBiases: Float32Array;
  readonly out: Float32Array;
  readonly outBiases: Float32Array;
  readonly hidden: number;
}

/** First sum of squared slopes, so that the first steps are finite. */
const FIRST_SQUARE = 1e-4;

/** A network with one hidden layer for all columns together. */
export function trainNetwork(problem: NetworkProblem): Network {
  const { rows, features, sides, columns, groups, hidden, epochs, rate, seed } = problem;
  const texts = rows.begins.length - 1;
  const random = randomSource(seed);
  const spread = (count: number, width: number) =>
    Float32Array.from({ length: count }, () => (random() + random() + random() - 1.5) * width);
  const squares = (count: number) => new Float32Array(count).fill(FIRST_SQUARE);
  const targets = sides.map((side) => (side === 0 ? Number.NaN : side > 0 ? 1 : 0));
  const packed = new Int32Array(groups.length * 4);
  const packedWeights = new Float32Array(packed.buffer);
  for (const [at, { from, to, isChoice, weight }] of groups.entries()) {
    packed.set([from, to, isChoice ? 1 : 0], at * 4);
    packedWeights[at * 4 + 3] = weight;
  }
  let longest = 0;
  for (let text = 0; text < texts; text += 1)
    longest = Math.max(longest, rows.begins[text + 1]! - rows.begins[text]!);
  const space = new Space(trainKernel);
  const order = space.put(Int32Array.from({ length: texts }, (_, text) => text));
  const into = space.put(spread(features * hidden, 0.12));
  const hiddenBiases = space.room(hidden);
  const out = space.put(spread(columns * hidden, 2 / Math.sqrt(hidden)));
  const outBiases = space.room(columns);
  // In the order of the kernel's Network.
  const places = [
    space.put(rows.features),
    space.put(rows.values),
    space.put(rows.begins),
    space.put(targets),
    space.put(problem.weights),
    into,
    space.put(squares(features)),
    hiddenBiases,
    space.put(squares(hidden)),
    out,
    space.put(squares(columns * hidden)),
    outBiases,
    space.put(squares(columns)),
    space.put(packed),
    groups.length,
    hidden,
    columns,
    space.room(4 * hidden + columns + 2 * longest + 64),
  ];
  const layout = new Int32Array(places.length + 3);
  layout.set(places);
  const { featureDropout, hiddenDropout, smoothing } = problem;
  new Float32Array(layout.buffer).set([featureDropout, hiddenDropout, smoothing], places.length);
  const network = space.put(layout);
  const { buffer, exports } = instantiate(trainKernel, space);
  const kernel = exports as Kernel;
  kernel.seed(seed);
  const fall = rate / (epochs * texts);
  for (let epoch = 0; epoch < epochs; epoch += 1) {
    kernel.shuffle(order, texts);
    kernel.descend(network, order, texts, rate - fall * epoch * texts, fall);
  }
  return {
    into: new Float32Array(buffer, into, features * hidden),
    hiddenBiases: new Float32Array(buffer, hiddenBiases, hidden),
    out: new Float32Array(buffer, out, columns * hidden),
    outBiases: new Float32Array(buffer, outBiases, columns),
    hidden,
  };
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
