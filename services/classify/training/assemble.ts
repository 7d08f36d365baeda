// Puts a fit and its calibration together as the numbers of a model: a known word's row holds its character n-grams, both
// parts stand side by side in it, and weights are whole numbers.
import type { ModelParts } from '../artifact.ts';
import type { Mix } from './calibrate.ts';
import type { Corpus } from './corpus.ts';
import type { Fit } from './fit.ts';
import type { Network } from './solvers.ts';

type Numbers = Omit<ModelParts, 'name' | 'tasks' | 'context' | 'trained'>;

/** `mixes`: one for each column. */
export function assemble(corpus: Corpus, fitted: Fit, mixes: readonly Mix[]): Numbers {
  const { vocabulary, separators, networks } = fitted;
  const { kept, factors, numbers } = vocabulary;
  const columns = Math.ceil(mixes.length / 16) * 16;
  const hidden = networks.reduce((sum, network) => sum + network.hidden, 0);
  const linear = new Float32Array(kept.length * columns);
  const inner = new Float32Array(kept.length * hidden);
  const squares = new Float32Array(kept.length);
  const addRow = (into: number, from: number): void => {
    const factor = factors[from]!;
    squares[into]! += factor * factor;
    for (let column = 0; column < mixes.length; column += 1) {
      const weight = separators.weights[from * separators.width + column]!;
      linear[into * columns + column]! += weight * factor * mixes[column]!.separators;
    }
    let unit = into * hidden;
    for (const network of networks) {
      const start = from * network.hidden;
      for (let at = 0; at < network.hidden; at += 1)
        inner[unit++]! += network.into[start + at]! * factor;
    }
  };
  for (const [number, feature] of kept.entries()) {
    addRow(number, number);
    for (let at = corpus.gramBegins[feature]!; at < corpus.gramBegins[feature + 1]!; at += 1) {
      const gram = numbers[corpus.grams[at]!]!;
      if (gram >= 0) addRow(number, gram);
    }
  }
  const biases = new Float32Array(columns);
  for (const [column, { separators: factor, networks: other, offset }] of mixes.entries()) {
    const said = networks.reduce((sum, network) => sum + network.outBiases[column]!, 0);
    const mean = networks.length === 0 ? 0 : said / networks.length;
    biases[column] = separators.biases[column]! * factor + mean * other + offset;
  }
  const coarse = quantise(linear, columns, 32_767, Int16Array);
  const fine = quantise(inner, hidden, 127, Int8Array);
  return {
    columns,
    hidden,
    keys: Uint32Array.from(kept, (feature) => corpus.keys[feature]!),
    squares,
    scales: coarse.scales,
    biases,
    innerScales: fine.scales,
    innerBiases: joined(networks.map(({ hiddenBiases }) => hiddenBiases)),
    out: outOf(networks, mixes, columns, hidden),
    linear: coarse.whole,
    inner: fine.whole,
  };
}

/** A row of `columns` a hidden unit, the mix of each column folded in. */
function outOf(
  networks: readonly Network[],
  mixes: readonly Mix[],
  columns: number,
  hidden: number,
): Float32Array {
  const out = new Float32Array(hidden * columns);
  let unit = 0;
  for (const network of networks) {
    for (let at = 0; at < network.hidden; at += 1, unit += 1) {
      for (const [column, { networks: factor }] of mixes.entries()) {
        const weight = network.out[column * network.hidden + at]!;
        out[unit * columns + column] = (weight * factor) / networks.length;
      }
    }
  }
  return out;
}

function joined(arrays: readonly Float32Array[]): Float32Array {
  return Float32Array.from(arrays.flatMap((array) => [...array]));
}

/** Whole numbers with one scale per column: the largest weight of a column becomes `largest`. */
function quantise<A extends Int8Array | Int16Array>(
  full: Float32Array,
  width: number,
  largest: number,
  type: new (length: number) => A,
): { readonly whole: A; readonly scales: Float32Array } {
  const scales = new Float32Array(width).fill(1e-9);
  for (let at = 0; at < full.length; at += 1) {
    const column = at % width;
    scales[column] = Math.max(scales[column]!, Math.abs(full[at]!));
  }
  for (let column = 0; column < width; column += 1) scales[column]! /= largest;
  const whole = new type(full.length);
  for (let at = 0; at < full.length; at += 1)
    whole[at] = Math.round(full[at]! / scales[at % width]!);
  return { whole, scales };
}
