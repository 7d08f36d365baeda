// The two solvers of training, over columns side by side: what one text moves is contiguous in memory, so four (SIMD) columns
// are worked on at once. Pointers are byte offsets into the module's memory; the caller lays everything out.

/** Where the static data ends: the caller’s memory begins here. */
export function heapBase(): usize {
  return __heap_base;
}

/** State of a xorshift generator; never zero. */
let state: u32 = 1;

export function seed(value: u32): void {
  // Neighbouring seeds must not begin alike (the finaliser of MurmurHash3).
  let mixed = value + 0x9e3779b9;
  mixed = (mixed ^ (mixed >> 16)) * 0x85ebca6b;
  mixed = (mixed ^ (mixed >> 13)) * 0xc2b2ae35;
  mixed ^= mixed >> 16;
  state = mixed == 0 ? 1 : mixed;
}

/** Marsaglia, "Xorshift RNGs", Journal of Statistical Software 8 (2003). */
function next(): u32 {
  let mixed = state;
  mixed ^= mixed << 13;
  mixed ^= mixed >> 17;
  mixed ^= mixed << 5;
  state = mixed;
  return mixed;
}

/** Fisher-Yates over `count` 32-bit numbers. */
export function shuffle(order: usize, count: i32): void {
  for (let at = count - 1; at > 0; at -= 1) {
    const other = <i32>(next() % <u32>(at + 1));
    const kept = load<i32>(order + ((<usize>at) << 2));
    store<i32>(order + ((<usize>at) << 2), load<i32>(order + ((<usize>other) << 2)));
    store<i32>(order + ((<usize>other) << 2), kept);
  }
}

/** sums[0..width) = start[0..width) + Σ value × row; `width` is a multiple of 16, rows lie `width` floats apart. */
function gather(
  sums: usize,
  start: usize,
  rows: usize,
  features: usize,
  values: usize,
  count: i32,
  width: i32,
): void {
  const stride = (<usize>width) << 2;
  for (let block: usize = 0; block < stride; block += 64) {
    let a = v128.load(start + block);
    let b = v128.load(start + block, 16);
    let c = v128.load(start + block, 32);
    let d = v128.load(start + block, 48);
    for (let at = 0; at < count; at += 1) {
      const row = rows + <usize>load<i32>(features + ((<usize>at) << 2)) * stride + block;
      const value = f32x4.splat(load<f32>(values + ((<usize>at) << 2)));
      a = f32x4.add(a, f32x4.mul(value, v128.load(row)));
      b = f32x4.add(b, f32x4.mul(value, v128.load(row, 16)));
      c = f32x4.add(c, f32x4.mul(value, v128.load(row, 32)));
      d = f32x4.add(d, f32x4.mul(value, v128.load(row, 48)));
    }
    v128.store(sums + block, a);
    v128.store(sums + block, b, 16);
    v128.store(sums + block, c, 32);
    v128.store(sums + block, d, 48);
  }
}

/** Each row of the features moves by value × steps. */
function scatter(
  steps: usize,
  rows: usize,
  features: usize,
  values: usize,
  count: i32,
  width: i32,
): void {
  const stride = (<usize>width) << 2;
  for (let block: usize = 0; block < stride; block += 64) {
    const a = v128.load(steps + block);
    const b = v128.load(steps + block, 16);
    const c = v128.load(steps + block, 32);
    const d = v128.load(steps + block, 48);
    for (let at = 0; at < count; at += 1) {
      const row = rows + <usize>load<i32>(features + ((<usize>at) << 2)) * stride + block;
      const value = f32x4.splat(load<f32>(values + ((<usize>at) << 2)));
      v128.store(row, f32x4.add(v128.load(row), f32x4.mul(value, a)));
      v128.store(row, f32x4.add(v128.load(row, 16), f32x4.mul(value, b)), 16);
      v128.store(row, f32x4.add(v128.load(row, 32), f32x4.mul(value, c)), 32);
      v128.store(row, f32x4.add(v128.load(row, 48), f32x4.mul(value, d)), 48);
    }
  }
}

/**
 * One pass of dual coordinate descent for L2-regularised support vector machines with squared hinge loss (Hsieh et al.,
 * "A Dual Coordinate Descent Method for Large-scale Linear SVM", ICML 2008), all columns on one text before the next.
 * `sides`: per text and column +1, -1, or 0 for a text without a label; `yes`/`no`: 1 ÷ 2C of the two sides of a column;
 * `ease`: 1 ÷ weight of a text; `squares`: Σ squared values + 1. Returns the widest span of projected gradients over the columns.
 */
export function separate(
  order: usize,
  texts: i32,
  begins: usize,
  features: usize,
  values: usize,
  squares: usize,
  ease: usize,
  sides: usize,
  alphas: usize,
  yes: usize,
  no: usize,
  weights: usize,
  biases: usize,
  width: i32,
  margins: usize,
  highest: usize,
  lowest: usize,
): f32 {
  const stride = (<usize>width) << 2;
  const zero = f32x4.splat(0);
  const one = f32x4.splat(1);
  for (let at: usize = 0; at < stride; at += 16) {
    v128.store(highest + at, f32x4.splat(-1e30));
    v128.store(lowest + at, f32x4.splat(1e30));
  }
  for (let turn = 0; turn < texts; turn += 1) {
    const text = <usize>load<i32>(order + ((<usize>turn) << 2));
    const begin = load<i32>(begins + (text << 2));
    const count = load<i32>(begins + (text << 2), 4) - begin;
    const textFeatures = features + ((<usize>begin) << 2);
    const textValues = values + ((<usize>begin) << 2);
    gather(margins, biases, weights, textFeatures, textValues, count, width);
    const square = f32x4.splat(load<f32>(squares + (text << 2)));
    const eased = f32x4.splat(load<f32>(ease + (text << 2)));
    const textSides = sides + text * stride;
    const textAlphas = alphas + text * stride;
    let moves = zero;
    for (let at: usize = 0; at < stride; at += 16) {
      const side = v128.load(textSides + at);
      const alpha = v128.load(textAlphas + at);
      const diagonal = f32x4.mul(
        v128.bitselect(v128.load(yes + at), v128.load(no + at), f32x4.gt(side, zero)),
        eased,
      );
      const gradient = f32x4.add(
        f32x4.sub(f32x4.mul(side, v128.load(margins + at)), one),
        f32x4.mul(diagonal, alpha),
      );
      const labelled = f32x4.ne(side, zero);
      const projected = v128.and(
        v128.bitselect(f32x4.min(gradient, zero), gradient, f32x4.eq(alpha, zero)),
        labelled,
      );
      v128.store(highest + at, f32x4.max(v128.load(highest + at), projected));
      v128.store(lowest + at, f32x4.min(v128.load(lowest + at), projected));
      const moved = f32x4.max(
        f32x4.sub(alpha, f32x4.div(gradient, f32x4.add(square, diagonal))),
        zero,
      );
      const step = f32x4.mul(f32x4.sub(moved, alpha), side);
      v128.store(textAlphas + at, v128.bitselect(moved, alpha, labelled));
      v128.store(margins + at, step);
      v128.store(biases + at, f32x4.add(v128.load(biases + at), step));
      moves = v128.or(moves, f32x4.abs(step));
    }
    if (v128.any_true(f32x4.gt(moves, zero)))
      scatter(margins, weights, textFeatures, textValues, count, width);
  }
  let widest: f32 = 0;
  for (let at: usize = 0; at < stride; at += 4) {
    const span = load<f32>(highest + at) - load<f32>(lowest + at);
    if (span > widest) widest = span;
  }
  return widest;
}

/** Where a network lies in memory. Groups are four 32-bit fields each: first column, column behind the last, 1 when exactly one
 * of them holds (softmax) or 0 when each is yes or no (sigmoid), and the weight of its loss. */
@unmanaged
class Network {
  features: usize = 0;
  values: usize = 0;
  begins: usize = 0;
  targets: usize = 0;
  weights: usize = 0;
  into: usize = 0;
  intoSquares: usize = 0;
  hiddenBias: usize = 0;
  hiddenBiasSquares: usize = 0;
  out: usize = 0;
  outSquares: usize = 0;
  outBias: usize = 0;
  outBiasSquares: usize = 0;
  groups: usize = 0;
  groupCount: i32 = 0;
  hidden: i32 = 0;
  columns: i32 = 0;
  scratch: usize = 0;
  featureDropout: f32 = 0;
  hiddenDropout: f32 = 0;
  smoothing: f32 = 0;
}

/**
 * One epoch of stochastic gradient descent over `texts` in `order` for a network with one hidden layer of rectified units:
 * AdaGrad (Duchi et al., JMLR 2011; one accumulator a feature in the first layer), dropout of features and of hidden units
 * (Srivastava et al., JMLR 2014), smoothed labels (Szegedy et al., CVPR 2016). The rate falls from `rate` by `fall` a text.
 */
export function descend(network: Network, order: usize, texts: i32, rate: f32, fall: f32): void {
  const hidden = network.hidden;
  const bytes = (<usize>hidden) << 2;
  const hiddenAt = network.scratch;
  const mask = hiddenAt + bytes;
  const back = mask + bytes;
  const errors = back + bytes;
  const keptFeatures = errors + ((<usize>network.columns) << 2);
  const featureKeep = <u32>(<f64>(1 - network.featureDropout) * 4294967295.0);
  const hiddenKeep = <u32>(<f64>(1 - network.hiddenDropout) * 4294967295.0);
  const featureScale: f32 = 1 / (1 - network.featureDropout);
  const hiddenScale: f32 = 1 / (1 - network.hiddenDropout);
  for (let turn = 0; turn < texts; turn += 1) {
    const text = <usize>load<i32>(order + ((<usize>turn) << 2));
    const now: f32 = rate - fall * <f32>turn;
    const weight = load<f32>(network.weights + (text << 2));
    if (weight == 0) continue;
    const begin = <usize>load<i32>(network.begins + (text << 2));
    const end = <usize>load<i32>(network.begins + (text << 2), 4);
    const keptValues = keptFeatures + ((end - begin) << 2);
    let count = 0;
    for (let at = begin; at < end; at += 1) {
      if (next() > featureKeep) continue;
      store<i32>(keptFeatures + ((<usize>count) << 2), load<i32>(network.features + (at << 2)));
      store<f32>(
        keptValues + ((<usize>count) << 2),
        load<f32>(network.values + (at << 2)) * featureScale,
      );
      count += 1;
    }
    gather(hiddenAt, network.hiddenBias, network.into, keptFeatures, keptValues, count, hidden);
    for (let at: usize = 0; at < bytes; at += 4) {
      const open = load<f32>(hiddenAt + at) > 0 && next() <= hiddenKeep;
      const factor: f32 = open ? hiddenScale : 0;
      store<f32>(mask + at, factor);
      store<f32>(hiddenAt + at, load<f32>(hiddenAt + at) * factor);
      store<f32>(back + at, 0);
    }
    const targets = network.targets + ((text * <usize>network.columns) << 2);
    for (let group = 0; group < network.groupCount; group += 1) {
      learnGroup(network, network.groups + ((<usize>group) << 4), targets, weight, now);
    }
    let square: f32 = 0;
    for (let at: usize = 0; at < bytes; at += 4) {
      const slope = load<f32>(back + at) * load<f32>(mask + at);
      if (slope != 0) {
        square += slope * slope;
        const sum = load<f32>(network.hiddenBiasSquares + at) + slope * slope;
        store<f32>(network.hiddenBiasSquares + at, sum);
        const moved = load<f32>(network.hiddenBias + at) - (now * 0.1 * slope) / sqrt<f32>(sum);
        store<f32>(network.hiddenBias + at, moved);
      }
      store<f32>(back + at, slope);
    }
    if (square == 0) continue;
    square /= <f32>hidden;
    for (let at = 0; at < count; at += 1) {
      const value = load<f32>(keptValues + ((<usize>at) << 2));
      const sums =
        network.intoSquares + ((<usize>load<i32>(keptFeatures + ((<usize>at) << 2))) << 2);
      const sum = load<f32>(sums) + value * value * square;
      store<f32>(sums, sum);
      store<f32>(keptValues + ((<usize>at) << 2), (-now * value) / sqrt<f32>(sum));
    }
    scatter(back, network.into, keptFeatures, keptValues, count, hidden);
  }
}

/** Errors of one group of columns, their way back to the hidden units, and the step of the second layer. */
function learnGroup(network: Network, group: usize, targets: usize, weight: f32, now: f32): void {
  const from = load<i32>(group);
  const to = load<i32>(group, 4);
  const isChoice = load<i32>(group, 8) == 1;
  const loss = load<f32>(group, 12) * weight;
  const first = load<f32>(targets + ((<usize>from) << 2));
  // Not a number: this text has no label there.
  if (isChoice && first != first) return;
  const bytes = (<usize>network.hidden) << 2;
  const hiddenAt = network.scratch;
  const back = hiddenAt + bytes * 2;
  const errors = back + bytes;
  let most: f32 = -1e30;
  for (let column = from; column < to; column += 1) {
    const row = network.out + <usize>column * bytes;
    let sum = f32x4.splat(0);
    for (let at: usize = 0; at < bytes; at += 16) {
      sum = f32x4.add(sum, f32x4.mul(v128.load(row + at), v128.load(hiddenAt + at)));
    }
    const score =
      f32x4.extract_lane(sum, 0) +
      f32x4.extract_lane(sum, 1) +
      (f32x4.extract_lane(sum, 2) + f32x4.extract_lane(sum, 3)) +
      load<f32>(network.outBias + ((<usize>column) << 2));
    store<f32>(errors + ((<usize>column) << 2), score);
    if (score > most) most = score;
  }
  const smoothing = network.smoothing;
  if (isChoice) {
    let total: f32 = 0;
    for (let column = from; column < to; column += 1) {
      const share = Mathf.exp(load<f32>(errors + ((<usize>column) << 2)) - most);
      store<f32>(errors + ((<usize>column) << 2), share);
      total += share;
    }
    const low: f32 = smoothing / <f32>(to - from);
    for (let column = from; column < to; column += 1) {
      const at = (<usize>column) << 2;
      const wanted = load<f32>(targets + at) * (1 - smoothing) + low;
      store<f32>(errors + at, load<f32>(errors + at) / total - wanted);
    }
  } else {
    for (let column = from; column < to; column += 1) {
      const at = (<usize>column) << 2;
      const target = load<f32>(targets + at);
      const wanted = target * (1 - smoothing) + smoothing * 0.5;
      const said: f32 = 1 / (1 + Mathf.exp(-load<f32>(errors + at)));
      store<f32>(errors + at, target != target ? 0 : said - wanted);
    }
  }
  const rate = f32x4.splat(now);
  for (let column = from; column < to; column += 1) {
    const error = load<f32>(errors + ((<usize>column) << 2)) * loss;
    if (error == 0) continue;
    const row = network.out + <usize>column * bytes;
    const squares = network.outSquares + <usize>column * bytes;
    const wide = f32x4.splat(error);
    for (let at: usize = 0; at < bytes; at += 16) {
      const weights = v128.load(row + at);
      v128.store(back + at, f32x4.add(v128.load(back + at), f32x4.mul(wide, weights)));
      const slope = f32x4.mul(wide, v128.load(hiddenAt + at));
      const sum = f32x4.add(v128.load(squares + at), f32x4.mul(slope, slope));
      v128.store(squares + at, sum);
      const step = f32x4.div(f32x4.mul(rate, slope), f32x4.sqrt(sum));
      v128.store(row + at, f32x4.sub(weights, step));
    }
    const biasSquares = network.outBiasSquares + ((<usize>column) << 2);
    const sum = load<f32>(biasSquares) + error * error;
    store<f32>(biasSquares, sum);
    const bias = network.outBias + ((<usize>column) << 2);
    store<f32>(bias, load<f32>(bias) - (now * error) / sqrt<f32>(sum));
  }
}
