// Series: a place at some level, a theme, a family of themes or all, a product or all. What is known of each is a row of columns of numbers,
// so that fifty thousand of them are gone through in milliseconds.
import { chainOf, createPlaces, root, type Places } from './places.ts';
import { placeLevels, type Sighting } from '../sighting.ts';

/** Blocks of time at which dispersion is measured, in buckets. */
export const blocks = { hour: 4, fourHours: 16, day: 96 } as const;

const columnNames = [
  // What it is. Theme and product count from 1; 0 is all. A family is a theme with a number of its own. The parent's number is below its own; -1 for the first.
  'node', 'theme', 'product', 'parent', 'children', 'sort',
  // Level: weighted counts and exposure, in buckets of an average hour; and what follows, the mean count of such a bucket.
  'learnt', 'exposure', 'level',
  // Sightings ever learnt, and the number of its own profile; -1 for its parent's.
  'total', 'profile',
  // Of blocks: counts and means of the one under way, and sums for the dispersion.
  'hourCount', 'fourCount', 'fourMean', 'dayCount', 'dayMean',
  'hourOver', 'hourSquare', 'fourOver', 'fourSquare', 'dayOver', 'daySquare',
  // Exponentially weighted: counts, means, what a mean shares with the hour after it, and variances; and the bucket since when counts are above means.
  'drift', 'driftMean', 'driftCarry', 'driftVariance', 'driftSince',
  // Counts of the last 1, 4, 16 and 96 buckets.
  'last1', 'last4', 'last16', 'last96',
] as const; // prettier-ignore
export type ColumnName = (typeof columnNames)[number];
export type Columns = Record<ColumnName, Float64Array>;

export interface Series {
  size: number;
  columns: Columns;
  readonly places: Places;
  /** Number of each theme and product, from 1. */
  readonly themes: Map<string, number>;
  readonly products: Map<string, number>;
  /** The bucket in which each node, theme and product came up. */
  readonly bornNodes: number[];
  readonly bornThemes: number[];
  readonly bornProducts: number[];
  /** By number of a theme: that of its family; 0 where it has none. */
  readonly familyOf: number[];
  readonly known: Map<number, number>;
  /** By node: its series of one theme and all products. */
  readonly byTheme: number[][];
}

/** Names beyond these, and series beyond so many, count in what is known alone: what a source calls a product is its own affair. */
const most = { themes: 1_000, products: 2_000, series: 400_000 };
const themeFactor = 1_024;
const productFactor = 2_048;

const first = 1_024;

export function createSeries(): Series {
  return {
    size: 0,
    columns: columnsOf(first),
    places: createPlaces(),
    themes: new Map(),
    products: new Map(),
    bornNodes: [],
    bornThemes: [],
    bornProducts: [],
    familyOf: [],
    known: new Map(),
    byTheme: [],
  };
}

function columnsOf(size: number): Columns {
  const columns: Partial<Columns> = {};
  for (const name of columnNames) columns[name] = new Float64Array(size);
  return columns as Columns;
}

/** The sighting's place in the series: numbers of the nodes from the root down, of its theme, family and product. */
export interface Located {
  readonly chain: readonly number[];
  readonly theme: number;
  readonly family: number;
  readonly product: number;
}

/** Names of the families of themes, by theme. */
export type Families = ReadonlyMap<string, string>;

/** Before the name of a family, so that it is no theme's. */
const familyMark = '\u0001';

/** New nodes, themes and products are born in this bucket. */
export function locate(
  series: Series,
  sighting: Pick<Sighting, 'place' | 'theme' | 'product'>,
  bucket: number,
  families: Families = new Map(),
): Located {
  const chain = chainOf(series.places, sighting.place);
  while (series.bornNodes.length < series.places.parents.length) series.bornNodes.push(bucket);
  const { themes, products, bornThemes, bornProducts } = series;
  const theme = numberOf(themes, sighting.theme, most.themes, bornThemes, bucket);
  const family = families.get(sighting.theme);
  if (theme > 0)
    series.familyOf[theme] ??=
      family === undefined
        ? 0
        : numberOf(themes, `${familyMark}${family}`, most.themes, bornThemes, bucket);
  const { product } = sighting;
  return {
    chain,
    theme,
    family: series.familyOf[theme] ?? 0,
    product:
      product === null ? 0 : numberOf(products, product, most.products, bornProducts, bucket),
  };
}

function numberOf(
  names: Map<string, number>,
  name: string,
  limit: number,
  born: number[],
  bucket: number,
): number {
  const known = names.get(name);
  if (known !== undefined) return known;
  if (names.size >= limit) return 0;
  const number = names.size + 1;
  names.set(name, number);
  born[number] = bucket;
  return number;
}

export function nameOf(names: ReadonlyMap<string, number>, number: number): string {
  for (const [name, known] of names) if (known === number) return name;
  return '';
}

const keyOf = (node: number, theme: number, product: number): number =>
  (node * themeFactor + theme) * productFactor + product;

export function seriesAt(
  series: Series,
  node: number,
  theme: number,
  product = 0,
): number | undefined {
  return series.known.get(keyOf(node, theme, product));
}

/** Whether what is of one theme is of another one, of its family or of all. */
export function holds({ familyOf }: Series, theme: number, of: number): boolean {
  return theme === 0 || theme === of || familyOf[of] === theme;
}

export type Counts = 'all' | 'theme' | 'family';

/** All and theme, of all products and of one; and the family: at each level of place a sort of series. */
const kinds = [
  { of: 'all', isOfProduct: false },
  { of: 'theme', isOfProduct: false },
  { of: 'all', isOfProduct: true },
  { of: 'theme', isOfProduct: true },
  { of: 'family', isOfProduct: false },
] as const;

/** Sorts of series are numbered level by level, from everywhere on. */
export const sortsPerLevel = kinds.length;
export const sortCount = (1 + placeLevels.length) * sortsPerLevel;

/** Calls `count` with each series that a sighting belongs to, and what it is of; parents come first. */
export function forEachSeries(
  series: Series,
  { chain, theme, family, product }: Located,
  count: (number: number, of: Counts) => void,
): void {
  const themes = { all: 0, theme, family };
  let above: readonly number[] = [];
  for (const node of chain) {
    const here: number[] = [];
    for (const [at, { of, isOfProduct }] of kinds.entries()) {
      if ((of !== 'all' && themes[of] === 0) || (isOfProduct && product === 0)) {
        here.push(-1);
        continue;
      }
      // At the root, what is of one theme or product is a part of what is of all.
      const parent = node === root ? (at === 0 ? -1 : here[at === 3 ? 1 : 0]!) : (above[at] ?? -1);
      const sort = series.places.levels[node]! * sortsPerLevel + at;
      const kind = { node, theme: themes[of], product: isOfProduct ? product : 0, parent, sort };
      const number = find(series, kind, of === 'theme');
      here.push(number);
      if (number >= 0) count(number, of);
    }
    above = here;
  }
}

function find(series: Series, kind: Kind, isOfTheme: boolean): number {
  const { node, theme, product, parent } = kind;
  const key = keyOf(node, theme, product);
  const known = series.known.get(key);
  if (known !== undefined) return known;
  // A series needs its parent: what there is no room for above has none below.
  if (series.size >= most.series || (parent < 0 && series.size > 0)) return -1;
  const number = add(series, key, kind);
  if (isOfTheme && product === 0) (series.byTheme[node] ??= []).push(number);
  return number;
}

interface Kind {
  readonly node: number;
  readonly theme: number;
  readonly product: number;
  readonly parent: number;
  readonly sort: number;
}

function add(series: Series, key: number, { node, theme, product, parent, sort }: Kind): number {
  const number = series.size;
  if (number === series.columns.node.length) grow(series);
  const { columns } = series;
  columns.node[number] = node;
  columns.theme[number] = theme;
  columns.product[number] = product;
  columns.parent[number] = parent;
  columns.sort[number] = sort;
  columns.profile[number] = -1;
  if (parent >= 0) {
    columns.children[parent]! += 1;
    // Nothing was seen of it all the time that anything was seen.
    columns.exposure[number] = columns.exposure[0]!;
  }
  series.known.set(key, number);
  series.size += 1;
  return number;
}

/** Without room for more. */
export function trimmedSeries(series: Series): Series {
  const columns = columnsOf(0);
  for (const name of columnNames) columns[name] = series.columns[name].slice(0, series.size);
  return { ...series, columns };
}

function grow(series: Series): void {
  const larger = columnsOf(Math.max(first, series.columns.node.length * 2));
  for (const name of columnNames) larger[name].set(series.columns[name]);
  series.columns = larger;
}
