// Signals column by column, as they are counted: many times smaller and faster to go through than rows. One form in
// memory and in `signpost.packed_weeks`.

/** Whole numbers or fractions, as narrow as they allow. */
export type Column =
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | Int8Array
  | Float32Array
  | Float64Array;

/**
 * What planners count by: when a signal was said (tickets: opened), when a ticket was resolved, when it was opened again.
 * A ticket may be in each once.
 */
export const streamNumbers = { said: 0, resolved: 1, reopened: 2 } as const;
export type Stream = keyof typeof streamNumbers;

/** Of every row in every stream. */
const commonColumns = ['hour', 'spot', 'theme', 'technology', 'kind'] as const;
const saidColumns = [
  'isOpen',
  'isExact',
  'sentiment',
  'severity',
  'churn',
  'scale',
  'score',
  'customerHigh',
  'customerLow',
] as const;
const resolvedColumns = ['durationMs'] as const;
const spotColumns = ['place', 'cell'] as const;
type ColumnName =
  | (typeof commonColumns)[number]
  | (typeof saidColumns)[number]
  | (typeof resolvedColumns)[number]
  | (typeof spotColumns)[number];

/** The columns that a row of a stream has. */
export const columnsOf: Readonly<Record<Stream, readonly ColumnName[]>> = {
  said: [...commonColumns, ...saidColumns],
  resolved: [...commonColumns, ...resolvedColumns],
  reopened: commonColumns,
};

/**
 * `hour`: whole hours after `baseHour`, which counts from the epoch. `spot`: index into `place` (an id) and `cell` (see
 * `cellCode`), which are shorter. `theme`, `technology`, `severity`: ids of labels. `kind`, `scale`: as in SignalRow,
 * 255 for no scale. `customer…`: the first 64 bits of SignalRow.customer, 0 for none. `churn`, `score`: as there.
 * `durationMs`: from `at` to `resolved_at`; 0 where that is one moment, which is no duration: it is not known when such a
 * ticket was opened. Columns that a stream has not are empty.
 */
export type FactColumns = { readonly [Name in ColumnName]: Column } & {
  readonly count: number;
  readonly baseHour: number;
};

export const noScale = 255;

const makers = {
  u1: Uint8Array,
  u2: Uint16Array,
  u4: Uint32Array,
  i1: Int8Array,
  f4: Float32Array,
  f8: Float64Array,
} as const;
type Form = keyof typeof makers;

/** The narrowest column that holds each value exactly. */
export function narrowed(values: ArrayLike<number>): Column {
  const form = (['u1', 'i1', 'u2', 'u4', 'f4', 'f8'] as const).find((each) => {
    const one = new makers[each](1);
    for (let at = 0; at < values.length; at += 1) {
      one[0] = values[at]!;
      if (one[0] !== values[at]) return false;
    }
    return true;
  });
  return makers[form ?? 'f8'].from(values);
}

interface Header {
  readonly count: number;
  readonly baseHour: number;
  /** Form, first byte after the header, and length of each column. */
  readonly columns: Readonly<Record<string, readonly [Form, number, number]>>;
}

const alignment = 8;
const aligned = (bytes: number): number => Math.ceil(bytes / alignment) * alignment;

/** Length of the header, the header in JSON, the columns one after the other; each begins at a multiple of 8 bytes. */
export function packColumns(columns: FactColumns): Uint8Array {
  const layout: Record<string, [Form, number, number]> = {};
  const parts: [number, Column][] = [];
  let end = 0;
  for (const [name, column] of Object.entries(columns)) {
    if (typeof column === 'number' || column.length === 0) continue;
    layout[name] = [formOf(column), end, column.length];
    parts.push([end, column]);
    end = aligned(end + column.byteLength);
  }
  const { count, baseHour } = columns;
  const header: Header = { count, baseHour, columns: layout };
  const text = new TextEncoder().encode(JSON.stringify(header));
  const start = aligned(4 + text.length);
  const bytes = new Uint8Array(start + end);
  new DataView(bytes.buffer).setUint32(0, text.length, true);
  bytes.set(text, 4);
  for (const [offset, { buffer, byteOffset, byteLength }] of parts) {
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), start + offset);
  }
  return bytes;
}

/** What `packColumns` made. The bytes are used, not copied, where they are aligned. */
export function unpackColumns(packed: Uint8Array): FactColumns {
  const bytes = packed.byteOffset % alignment === 0 ? packed : new Uint8Array(packed);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length))) as Header;
  const start = bytes.byteOffset + aligned(4 + length);
  const columns: Record<string, Column> = {};
  for (const [name, [form, offset, count]] of Object.entries(header.columns)) {
    columns[name] = new makers[form](bytes.buffer as ArrayBuffer, start + offset, count);
  }
  return { ...empty, ...columns, count: header.count, baseHour: header.baseHour };
}

function formOf(column: Column): Form {
  const found = Object.entries(makers).find(([, maker]) => column instanceof maker);
  return found![0] as Form;
}

const none = new Uint8Array(0);
const names = [...commonColumns, ...saidColumns, ...resolvedColumns, ...spotColumns];
const empty = Object.fromEntries(names.map((name) => [name, none])) as Record<ColumnName, Column>;

/** Columns by name; those missing are empty. */
export function columnsFrom(
  given: Partial<Record<ColumnName, Column>>,
  count: number,
  baseHour: number,
): FactColumns {
  return { ...empty, ...given, count, baseHour };
}

/** Resolution of the cells of rows. */
export const rowResolution = 9;
/** `cell` of a row without. */
export const noCell = 0;
const unusedBits = 3n * BigInt(15 - rowResolution);
const codeBits = 7n + 3n * BigInt(rowResolution);

/** An H3 cell of resolution 9 without what all such cells have in common: 34 bits, and so a number; plus one. */
export function cellCode(cell: bigint): number {
  return Number((cell >> unusedBits) & ((1n << codeBits) - 1n)) + 1;
}

/** The cell of a resolution up to 9 that a code's cell lies in, as H3 writes it. */
export function cellAt(code: number, resolution: number): string {
  const digits = Math.floor((code - 1) / 8 ** (rowResolution - resolution));
  const unused = 3n * BigInt(15 - resolution);
  const cell =
    (1n << 59n) | (BigInt(resolution) << 52n) | (BigInt(digits) << unused) | ((1n << unused) - 1n);
  return cell.toString(16);
}
