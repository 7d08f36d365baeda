// What scoring a text does with numbers: rows of whole numbers added up, the hidden units opened or shut, and the way each
// row took into a score. Four to sixteen (SIMD) lanes at a time. Pointers are byte offsets into the module's memory.

/** Where a model lies in memory; the caller fills it in once. Columns and hidden units are multiples of 16. */
@unmanaged
class Layout {
  /** 16-bit weights, one row of `columns` a key. */
  linear: usize = 0;
  /** 8-bit weights, one row of `hidden` a key. */
  inner: usize = 0;
  columns: i32 = 0;
  hidden: i32 = 0;
  /** Per column and per hidden unit: what one whole number of a row is worth, and the bias. */
  scales: usize = 0;
  biases: usize = 0;
  innerScales: usize = 0;
  innerBiases: usize = 0;
  /** One row of `columns` floats a hidden unit. */
  out: usize = 0;
  /** What one whole number of each hidden unit's row is worth to a column: one row of `hidden` floats a column. */
  worths: usize = 0;
  /** Squared norm of each row. */
  squares: usize = 0;
  /** Results: a float a column, a float a hidden unit, and room for a float a hidden unit. */
  values: usize = 0;
  opened: usize = 0;
  blended: usize = 0;
}

/** Where the static data ends: the caller's memory begins here. */
export function heapBase(): usize {
  return __heap_base;
}

/** Scores of the text whose row numbers stand at `rows`; returns 1 ÷ its norm, or 0 when it has no row. */
export function score(layout: Layout, rows: usize, count: i32): f32 {
  let square: f32 = 0;
  for (let at = 0; at < count; at += 1) {
    const row = <usize>load<i32>(rows + (<usize>at << 2));
    square += load<f32>(layout.squares + (row << 2));
  }
  const inverse: f32 = square > 0 ? 1 / sqrt<f32>(square) : 0;
  addLinear(layout, rows, count, inverse);
  if (layout.hidden > 0) {
    addInner(layout, rows, count, inverse);
    addOpened(layout);
  }
  return inverse;
}

function addLinear(layout: Layout, rows: usize, count: i32, inverse: f32): void {
  const stride = <usize>layout.columns << 1;
  const factor = f32x4.splat(inverse);
  for (let block: usize = 0; block < stride; block += 32) {
    let a = i32x4.splat(0);
    let b = a;
    let c = a;
    let d = a;
    for (let at = 0; at < count; at += 1) {
      const row =
        layout.linear + <usize>load<i32>(rows + (<usize>at << 2)) * stride + block;
      const first = v128.load(row);
      const second = v128.load(row, 16);
      a = i32x4.add(a, i32x4.extend_low_i16x8_s(first));
      b = i32x4.add(b, i32x4.extend_high_i16x8_s(first));
      c = i32x4.add(c, i32x4.extend_low_i16x8_s(second));
      d = i32x4.add(d, i32x4.extend_high_i16x8_s(second));
    }
    const at = block << 1;
    store16(layout.values + at, layout.scales + at, layout.biases + at, factor, a, b, c, d);
  }
}

function addInner(layout: Layout, rows: usize, count: i32, inverse: f32): void {
  const stride = <usize>layout.hidden;
  const factor = f32x4.splat(inverse);
  for (let block: usize = 0; block < stride; block += 16) {
    let a = i32x4.splat(0);
    let b = a;
    let c = a;
    let d = a;
    for (let at = 0; at < count; ) {
      // 16-bit sums of up to 256 rows of 8 bits cannot overflow.
      const until = min(count, at + 256);
      let low = i16x8.splat(0);
      let high = low;
      for (; at < until; at += 1) {
        const row = v128.load(
          layout.inner + <usize>load<i32>(rows + (<usize>at << 2)) * stride + block,
        );
        low = i16x8.add(low, i16x8.extend_low_i8x16_s(row));
        high = i16x8.add(high, i16x8.extend_high_i8x16_s(row));
      }
      a = i32x4.add(a, i32x4.extend_low_i16x8_s(low));
      b = i32x4.add(b, i32x4.extend_high_i16x8_s(low));
      c = i32x4.add(c, i32x4.extend_low_i16x8_s(high));
      d = i32x4.add(d, i32x4.extend_high_i16x8_s(high));
    }
    const at = block << 2;
    store16(
      layout.opened + at,
      layout.innerScales + at,
      layout.innerBiases + at,
      factor,
      a,
      b,
      c,
      d,
    );
  }
}

// @ts-ignore: decorator
@inline
function store16(
  to: usize,
  scales: usize,
  biases: usize,
  factor: v128,
  a: v128,
  b: v128,
  c: v128,
  d: v128,
): void {
  v128.store(to, value4(a, factor, v128.load(scales), v128.load(biases)));
  v128.store(to, value4(b, factor, v128.load(scales, 16), v128.load(biases, 16)), 16);
  v128.store(to, value4(c, factor, v128.load(scales, 32), v128.load(biases, 32)), 32);
  v128.store(to, value4(d, factor, v128.load(scales, 48), v128.load(biases, 48)), 48);
}

// @ts-ignore: decorator
@inline
function value4(sums: v128, factor: v128, scale: v128, bias: v128): v128 {
  return f32x4.add(f32x4.mul(f32x4.mul(f32x4.convert_i32x4_s(sums), scale), factor), bias);
}

/** Shuts the hidden units below zero and adds what the open ones say to the columns. */
function addOpened(layout: Layout): void {
  const bytes = <usize>layout.columns << 2;
  const end = <usize>layout.hidden << 2;
  for (let at: usize = 0; at < end; at += 4) {
    const value = load<f32>(layout.opened + at);
    if (!(value > 0)) {
      store<f32>(layout.opened + at, 0);
      continue;
    }
    const row = layout.out + (at >> 2) * bytes;
    const wide = f32x4.splat(value);
    for (let column: usize = 0; column < bytes; column += 16) {
      const sum = v128.load(layout.values + column);
      v128.store(layout.values + column, f32x4.add(sum, f32x4.mul(wide, v128.load(row + column))));
    }
  }
}

/**
 * Writes to `parts` what each item added to one column of the text scored last: item i owns the rows
 * `begins[i]` up to `begins[i + 1] - 1`. With the open units held open a network of rectified units is linear, so the parts
 * and `base` sum to the score.
 */
export function explain(
  layout: Layout,
  rows: usize,
  begins: usize,
  items: i32,
  inverse: f32,
  column: i32,
  parts: usize,
): void {
  const hidden = <usize>layout.hidden;
  const scale = load<f32>(layout.scales + (<usize>column << 2));
  blend(layout, column);
  for (let item = 0; item < items; item += 1) {
    const from = load<i32>(begins + (<usize>item << 2));
    const to = load<i32>(begins + (<usize>item << 2), 4);
    let linear = 0;
    let sum = f32x4.splat(0);
    for (let at = from; at < to; at += 1) {
      const row = <usize>load<i32>(rows + (<usize>at << 2));
      linear += <i32>(
        load<i16>(layout.linear + ((row * <usize>layout.columns + <usize>column) << 1))
      );
      const inner = layout.inner + row * hidden;
      for (let unit: usize = 0; unit < hidden; unit += 8) {
        const eight = v128.load8x8_s(inner + unit);
        const blended = layout.blended + (unit << 2);
        const low = f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(eight));
        const high = f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(eight));
        sum = f32x4.add(sum, f32x4.mul(low, v128.load(blended)));
        sum = f32x4.add(sum, f32x4.mul(high, v128.load(blended, 16)));
      }
    }
    const inner =
      f32x4.extract_lane(sum, 0) +
      f32x4.extract_lane(sum, 1) +
      f32x4.extract_lane(sum, 2) +
      f32x4.extract_lane(sum, 3);
    store<f32>(parts + (<usize>item << 2), (<f32>linear * scale + inner) * inverse);
  }
}

/** The worths of a column's hidden units: nothing where a unit is shut. */
function blend(layout: Layout, column: i32): void {
  const bytes = <usize>layout.hidden << 2;
  const worths = layout.worths + <usize>column * bytes;
  const zero = f32x4.splat(0);
  for (let at: usize = 0; at < bytes; at += 16) {
    const isOpen = f32x4.gt(v128.load(layout.opened + at), zero);
    v128.store(layout.blended + at, v128.and(v128.load(worths + at), isOpen));
  }
}

/** What a column's score of the text scored last holds beside the parts of its items. */
export function base(layout: Layout, column: i32): f32 {
  const bytes = <usize>layout.columns << 2;
  let sum = load<f32>(layout.biases + (<usize>column << 2));
  for (let unit: usize = 0; unit < <usize>layout.hidden; unit += 1) {
    if (!(load<f32>(layout.opened + (unit << 2)) > 0)) continue;
    const weight = load<f32>(layout.out + unit * bytes + (<usize>column << 2));
    sum += weight * load<f32>(layout.innerBiases + (unit << 2));
  }
  return sum;
}

/**
 * Softmax of `count` scores. `shares` has room for `count` rounded up to a multiple of four.
 * The exponential is that of Cephes (Moshier, `expf`), exact to about two units in the last place of 32 bits.
 */
export function choose(scores: usize, count: i32, shares: usize): void {
  const bytes = <usize>count << 2;
  let most: f32 = -Infinity;
  for (let at: usize = 0; at < bytes; at += 4) {
    const value = load<f32>(scores + at);
    store<f32>(shares + at, value);
    if (value > most) most = value;
  }
  const padded = (bytes + 15) & ~15;
  for (let at = bytes; at < padded; at += 4) store<f32>(shares + at, -1e30);
  const top = f32x4.splat(most);
  let total = f32x4.splat(0);
  for (let at: usize = 0; at < padded; at += 16) {
    const share = exponential(f32x4.sub(v128.load(shares + at), top));
    v128.store(shares + at, share);
    total = f32x4.add(total, share);
  }
  const sum =
    f32x4.extract_lane(total, 0) +
    f32x4.extract_lane(total, 1) +
    (f32x4.extract_lane(total, 2) + f32x4.extract_lane(total, 3));
  const factor = f32x4.splat(1 / sum);
  for (let at: usize = 0; at < padded; at += 16)
    v128.store(shares + at, f32x4.mul(v128.load(shares + at), factor));
}

/** e to the power of numbers of at most zero; 0 below −87. */
// @ts-ignore: decorator
@inline
function exponential(power: v128): v128 {
  const isLeft = f32x4.gt(power, f32x4.splat(-87));
  const bounded = f32x4.max(power, f32x4.splat(-87));
  const whole = f32x4.nearest(f32x4.mul(bounded, f32x4.splat(1.44269504088896341)));
  let rest = f32x4.sub(bounded, f32x4.mul(whole, f32x4.splat(0.693359375)));
  rest = f32x4.add(rest, f32x4.mul(whole, f32x4.splat(2.12194440e-4)));
  let sum = f32x4.splat(1.9875691500e-4);
  sum = f32x4.add(f32x4.mul(sum, rest), f32x4.splat(1.3981999507e-3));
  sum = f32x4.add(f32x4.mul(sum, rest), f32x4.splat(8.3334519073e-3));
  sum = f32x4.add(f32x4.mul(sum, rest), f32x4.splat(4.1665795894e-2));
  sum = f32x4.add(f32x4.mul(sum, rest), f32x4.splat(1.6666665459e-1));
  sum = f32x4.add(f32x4.mul(sum, rest), f32x4.splat(5.0000001201e-1));
  sum = f32x4.add(f32x4.mul(f32x4.mul(sum, rest), rest), f32x4.add(rest, f32x4.splat(1)));
  const exponent = i32x4.shl(
    i32x4.add(i32x4.trunc_sat_f32x4_s(whole), i32x4.splat(127)),
    23,
  );
  return v128.and(f32x4.mul(sum, exponent), isLeft);
}
