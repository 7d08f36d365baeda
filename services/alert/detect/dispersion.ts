// By how much counts vary more than Poisson counts do: the dispersion of the negative binomial, measured at blocks of an
// hour, four hours and a day. What one series alone can tell of it is little; all series of one sort tell it together.
import { sortCount, sortsPerLevel, type ColumnName, type Columns } from './series.ts';

type Block = 'hour' | 'four' | 'day';

interface Pooled {
  readonly over: Float64Array;
  readonly square: Float64Array;
  /** What follows from both. */
  readonly spread: Float64Array;
}

/** By sort of series. */
export type Dispersions = Readonly<Record<Block, Pooled>>;

interface BlockSums {
  readonly over: ColumnName;
  readonly square: ColumnName;
  readonly decay: number;
}
/** Half-life of six weeks. */
const hourDecay = 2 ** (-1 / (42 * 24));
const sums: Readonly<Record<Block, BlockSums>> = {
  hour: { over: 'hourOver', square: 'hourSquare', decay: hourDecay },
  four: { over: 'fourOver', square: 'fourSquare', decay: hourDecay ** 4 },
  day: { over: 'dayOver', square: 'daySquare', decay: hourDecay ** 24 },
};

/** What its sort's dispersion counts as for a series: so many blocks whose mean is 1. */
const sortBlocks = 30;
/** The same for a sort, of the same sort one level up. */
const levelBlocks = 10;
/** Dispersion before anything is known. */
const firstSpread = 0.05;
/** Standardized residuals above this count less. */
const farOutlying = 4;
/** Below so many, one or a few sightings are no outbreak, however rare they are. */
const fewest = 4;

export function createDispersions(): Dispersions {
  const pooled = (): Pooled => ({
    over: new Float64Array(sortCount),
    square: new Float64Array(sortCount),
    spread: new Float64Array(sortCount).fill(firstSpread),
  });
  return { hour: pooled(), four: pooled(), day: pooled() };
}

/** Of a series at blocks of a length: its own, drawn towards that of its sort. */
export function dispersionOf(
  dispersions: Dispersions,
  columns: Columns,
  number: number,
  block: Block,
): number {
  const { over, square } = sums[block];
  const prior = dispersions[block].spread[columns.sort[number]!]!;
  return Math.max(
    0,
    (columns[over][number]! + sortBlocks * prior) / (columns[square][number]! + sortBlocks),
  );
}

export interface Counted {
  readonly count: number;
  readonly mean: number;
  /** Since the epoch. */
  readonly hour: number;
}

/** Takes an hour of a series, and the longer blocks that end with it. */
export function takeBlocks(
  dispersions: Dispersions,
  columns: Columns,
  number: number,
  { count, mean, hour }: Counted,
): void {
  takeBlock(dispersions, columns, number, 'hour', count, mean);
  columns.fourCount[number]! += count;
  columns.fourMean[number]! += mean;
  columns.dayCount[number]! += count;
  columns.dayMean[number]! += mean;
  if (hour % 4 === 3) {
    const { fourCount, fourMean } = columns;
    takeBlock(dispersions, columns, number, 'four', fourCount[number]!, fourMean[number]!);
    fourCount[number] = 0;
    fourMean[number] = 0;
  }
  if (hour % 24 === 23) {
    const { dayCount, dayMean } = columns;
    takeBlock(dispersions, columns, number, 'day', dayCount[number]!, dayMean[number]!);
    dayCount[number] = 0;
    dayMean[number] = 0;
  }
}

/**
 * Dispersion by moments: of counts y with means m, Σ((y − m)² − y) / Σ m² (N. E. Breslow, "Extra-Poisson variation in
 * log-linear models", Applied Statistics 33, 1984, with y in place of m: a mean that is wrong by a little is then wrong
 * by the square of it, however small it is), weighted so that busy blocks do not decide alone.
 */
function takeBlock(
  dispersions: Dispersions,
  columns: Columns,
  number: number,
  block: Block,
  count: number,
  mean: number,
): void {
  const known = dispersionOf(dispersions, columns, number, block);
  const weight = weightOf(residualOf(count, mean, known), farOutlying) ** 2 / (1 + 0.2 * mean) ** 2;
  const over = weight * ((count - mean) ** 2 - count);
  const square = weight * mean ** 2;
  const { decay, ...own } = sums[block];
  columns[own.over][number] = columns[own.over][number]! * decay + over;
  columns[own.square][number] = columns[own.square][number]! * decay + square;
  const sort = columns.sort[number]!;
  dispersions[block].over[sort]! += over;
  dispersions[block].square[sort]! += square;
}

/** What all series of each sort tell together, after an hour. A sort's is drawn towards that of the same one level up. */
export function pool(dispersions: Dispersions, hour: number): void {
  poolBlock(dispersions, 'hour');
  if (hour % 4 === 3) poolBlock(dispersions, 'four');
  if (hour % 24 === 23) poolBlock(dispersions, 'day');
}

function poolBlock(dispersions: Dispersions, block: Block): void {
  const { over, square, spread } = dispersions[block];
  const { decay } = sums[block];
  for (let sort = 0; sort < sortCount; sort += 1) {
    const above = sort === 0 ? firstSpread : spread[Math.max(0, sort - sortsPerLevel)]!;
    spread[sort] = Math.max(0, (over[sort]! + levelBlocks * above) / (square[sort]! + levelBlocks));
    over[sort]! *= decay;
    square[sort]! *= decay;
  }
}

/** Standardized Anscombe residual of a count that is Poisson but for its dispersion (Noufaily et al. 2013, section 2). */
export function residualOf(count: number, mean: number, spread: number): number {
  if (count <= mean || (count < fewest && mean < 1)) return 0;
  return (
    (1.5 * (count ** (2 / 3) - mean ** (2 / 3))) / (mean ** (1 / 6) * Math.sqrt(1 + spread * mean))
  );
}

export function weightOf(residual: number, from: number): number {
  return residual > from ? (from / residual) ** 2 : 1;
}
