// One fit: a vocabulary, separators and networks learnt from some texts of a corpus, and what they say of others. Plain data
// in and out, so that fits can run in threads side by side.
import { countVocabulary, rowsOf, unknownWords } from './corpus.ts';
import type { Corpus, Vocabulary } from './corpus.ts';
import type { Recipe } from './recipe.ts';
import { trainNetwork, trainSeparators } from './solvers.ts';
import type { ColumnGroup, Network, Separators, SparseRows } from './solvers.ts';

export interface FitProblem {
  readonly corpus: Corpus;
  /** Texts before this number are the data's own; those behind are field knowledge. */
  readonly own: number;
  /** Row-major by column: 1 it holds, -1 it does not, 0 nobody knows. */
  readonly sides: Float32Array;
  readonly columns: number;
  readonly groups: readonly ColumnGroup[];
  readonly recipe: Recipe;
}

export interface Fit {
  readonly vocabulary: Vocabulary;
  readonly separators: Separators;
  readonly networks: readonly Network[];
}

/** What a fit says of texts, row-major by column: margins of the separators, mean scores of the networks. */
export interface Said {
  readonly texts: Int32Array;
  readonly margins: Float32Array;
  readonly scores: Float32Array;
  readonly words: number;
  readonly unknown: number;
}

/** Learns from the texts named. */
export function fit(problem: FitProblem, texts: Int32Array): Fit {
  const { corpus, own, columns, groups, recipe } = problem;
  const vocabulary = countVocabulary(corpus, texts, recipe);
  const hasKnowledge = corpus.begins.length - 1 > own;
  const copies = hasKnowledge ? recipe.ownCopies : 0;
  const rows = rowsOf(corpus, texts, vocabulary, { isOwn: (text) => text < own, copies });
  const features = vocabulary.kept.length * (copies > 0 ? 2 : 1);
  const sides = new Float32Array(texts.length * columns);
  for (const [row, text] of texts.entries())
    sides.set(problem.sides.subarray(text * columns, (text + 1) * columns), row * columns);
  const weights = Float32Array.from(texts, (text) => (text < own ? 1 : recipe.knowledgeWeight));
  const common = { rows, features, sides, columns, weights };
  const { count, ...network } = recipe.networks;
  return {
    vocabulary,
    separators: collapse(
      trainSeparators({ ...common, ...recipe.separators, seed: recipe.seed }),
      vocabulary.kept.length,
      copies,
    ),
    networks: Array.from({ length: count }, (_, number) =>
      collapseNetwork(
        trainNetwork({ ...common, ...network, groups, seed: recipe.seed + 1 + number }),
        vocabulary.kept.length,
        copies,
      ),
    ),
  };
}

/** What the fit says of texts, as texts of the data's own kind. */
export function say({ corpus, columns }: FitProblem, fitted: Fit, texts: Int32Array): Said {
  const { vocabulary, separators, networks } = fitted;
  const rows = rowsOf(corpus, texts, vocabulary, { isOwn: () => false, copies: 0 });
  const margins = new Float32Array(texts.length * columns);
  const scores = new Float32Array(texts.length * columns);
  for (let row = 0; row < texts.length; row += 1) {
    addMargins(separators, rows, row, margins.subarray(row * columns, (row + 1) * columns));
    for (const network of networks) {
      const own = scores.subarray(row * columns, (row + 1) * columns);
      addScores(network, rows, row, own, 1 / networks.length);
    }
  }
  return { texts, margins, scores, ...unknownWords(corpus, texts, vocabulary) };
}

function addMargins(
  { weights, biases, width }: Separators,
  { begins, features, values }: SparseRows,
  row: number,
  into: Float32Array,
): void {
  into.set(biases.subarray(0, into.length));
  for (let at = begins[row]!; at < begins[row + 1]!; at += 1) {
    const base = features[at]! * width;
    const value = values[at]!;
    for (let column = 0; column < into.length; column += 1)
      into[column]! += weights[base + column]! * value;
  }
}

function addScores(
  { into, hiddenBiases, out, outBiases, hidden }: Network,
  { begins, features, values }: SparseRows,
  row: number,
  scores: Float32Array,
  share: number,
): void {
  const units = hiddenBiases.slice();
  for (let at = begins[row]!; at < begins[row + 1]!; at += 1) {
    const base = features[at]! * hidden;
    const value = values[at]!;
    for (let unit = 0; unit < hidden; unit += 1) units[unit]! += into[base + unit]! * value;
  }
  for (let column = 0; column < scores.length; column += 1) {
    let sum = outBiases[column]!;
    for (let unit = 0; unit < hidden; unit += 1)
      if (units[unit]! > 0) sum += out[column * hidden + unit]! * units[unit]!;
    scores[column]! += sum * share;
  }
}

/** The two copies of each feature as one: what is scored is of the data's own kind and would have both. */
function collapse(separators: Separators, kept: number, copies: number): Separators {
  const { weights, width } = separators;
  return { ...separators, weights: joined(weights, kept * width, copies) };
}

function collapseNetwork(network: Network, kept: number, copies: number): Network {
  return { ...network, into: joined(network.into, kept * network.hidden, copies) };
}

function joined(weights: Float32Array, length: number, copies: number): Float32Array {
  const sum = weights.slice(0, length);
  if (copies > 0) for (let at = 0; at < length; at += 1) sum[at]! += weights[length + at]! * copies;
  return sum;
}
