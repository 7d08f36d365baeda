// Facts as columns: the database sends each column of many rows as one value, so that no row is an object on its way.
import { sql, type RawBuilder, type Transaction } from 'kysely';
import {
  cellCode,
  columnsFrom,
  narrowed,
  noCell,
  noScale,
  type Column,
  type FactColumns,
  type Stream,
} from './fact-columns.ts';
import type { Tables } from './tables.ts';

export interface FactsOfDepartments {
  /** The set of departments that received all of these, as bits. */
  readonly departments: bigint;
  readonly columns: FactColumns;
}

export interface Moments {
  /** Milliseconds since the epoch; `from` inclusive, `to` exclusive. */
  readonly from: number;
  readonly to: number;
}

const momentColumns = { said: 'at', resolved: 'resolved_at', reopened: 'reopened_at' } as const;
const hourMs = 3_600_000;

/**
 * What happened in a stream within `moments`, by set of departments. Hours count from the first moment's.
 * @param condition on `signpost.signals s`
 */
export async function readFacts(
  tx: Transaction<Tables>,
  stream: Stream,
  { from, to }: Moments,
  condition: RawBuilder<boolean> = sql`true`,
): Promise<readonly FactsOfDepartments[]> {
  const moment = sql.ref(`s.${momentColumns[stream]}`);
  const { rows } = await sql<WireRow>`
    SELECT s.departments::text AS departments, count(*)::int AS count,
      string_agg(timestamptz_send(${moment}), '') AS moment, string_agg(int4send(s.place), '') AS place,
      string_agg(int8send(COALESCE(s.h3, 0)), '') AS cell, string_agg(int4send(s.theme), '') AS theme,
      string_agg(int4send(s.technology), '') AS technology, string_agg(int2send(s.kind), '') AS kind
      ${stream === 'said' ? ofSaid : stream === 'resolved' ? ofResolved : sql``}
    FROM signpost.signals s
    WHERE ${moment} >= ${new Date(from)} AND ${moment} < ${new Date(to)} AND (${condition})
    GROUP BY s.departments`.execute(tx);
  const baseHour = Math.floor(from / hourMs);
  return rows.map((row) => ({
    departments: BigInt(row.departments),
    columns: toColumns(row, baseHour),
  }));
}

const ofSaid = sql`,
      string_agg(int2send((s.is_open::int + 2 * s.is_exact::int)::int2), '') AS flags,
      string_agg(int2send(s.sentiment), '') AS sentiment, string_agg(int4send(s.severity), '') AS severity,
      string_agg(float4send(s.churn), '') AS churn, string_agg(int2send(COALESCE(s.scale, ${sql.lit(noScale)})::int2), '') AS scale,
      string_agg(float4send(COALESCE(s.score, 0)), '') AS score,
      string_agg(uuid_send(COALESCE(s.customer, '00000000-0000-0000-0000-000000000000')), '') AS customer`;
const ofResolved = sql`, string_agg(timestamptz_send(s.at), '') AS opened`;

type Bytes = Uint8Array;
interface WireRow {
  readonly departments: string;
  readonly count: number;
  readonly moment: Bytes;
  readonly place: Bytes;
  readonly cell: Bytes;
  readonly theme: Bytes;
  readonly technology: Bytes;
  readonly kind: Bytes;
  readonly flags?: Bytes;
  readonly sentiment?: Bytes;
  readonly severity?: Bytes;
  readonly churn?: Bytes;
  readonly scale?: Bytes;
  readonly score?: Bytes;
  readonly customer?: Bytes;
  readonly opened?: Bytes;
}

function toColumns(row: WireRow, baseHour: number): FactColumns {
  const { count } = row;
  const moment = momentsMs(row.moment);
  const spots = spotsOf(int32s(row.place), int64s(row.cell));
  const common = {
    hour: narrowed(moment.map((ms) => Math.floor(ms / hourMs) - baseHour)),
    spot: spots.spot,
    place: spots.place,
    cell: spots.cell,
    theme: narrowed(int32s(row.theme)),
    technology: narrowed(int32s(row.technology)),
    kind: narrowed(int16s(row.kind)),
  };
  return columnsFrom({ ...common, ...saidOf(row), ...resolvedOf(row, moment) }, count, baseHour);
}

function saidOf(row: WireRow): Partial<Record<string, Column>> {
  const { flags, sentiment, severity, churn, scale, score, customer } = row;
  if (!flags || !sentiment || !severity || !churn || !scale || !score || !customer) return {};
  const bits = int16s(flags);
  const words = int32s(customer);
  const word = (at: number): Uint32Array =>
    Uint32Array.from({ length: words.length / 4 }, (_, index) => words[4 * index + at]!);
  return {
    isOpen: Uint8Array.from(bits, (value) => value & 1),
    isExact: Uint8Array.from(bits, (value) => value >> 1),
    sentiment: narrowed(int16s(sentiment)),
    severity: narrowed(int32s(severity)),
    churn: narrowed(float32s(churn)),
    scale: narrowed(int16s(scale)),
    score: narrowed(float32s(score)),
    customerHigh: word(0),
    customerLow: word(1),
  };
}

function resolvedOf({ opened }: WireRow, moment: Float64Array): Partial<Record<string, Column>> {
  if (!opened) return {};
  const at = momentsMs(opened);
  return { durationMs: narrowed(moment.map((ms, index) => ms - at[index]!)) };
}

/** Each pair of a place and a cell once. */
function spotsOf(
  places: Int32Array,
  cells: BigInt64Array,
): Record<'spot' | 'place' | 'cell', Column> {
  const byPlace = new Map<number, Map<number, number>>();
  const place: number[] = [];
  const cell: number[] = [];
  const spot = new Uint32Array(places.length);
  for (let row = 0; row < places.length; row += 1) {
    const code = cells[row] === 0n ? noCell : cellCode(cells[row]!);
    let ofPlace = byPlace.get(places[row]!);
    if (ofPlace === undefined) byPlace.set(places[row]!, (ofPlace = new Map()));
    let index = ofPlace.get(code);
    if (index === undefined) {
      index = place.length;
      ofPlace.set(code, index);
      place.push(places[row]!);
      cell.push(code);
    }
    spot[row] = index;
  }
  return { spot: narrowed(spot), place: narrowed(place), cell: narrowed(cell) };
}

// PostgreSQL sends big-endian numbers; they are turned round as a whole.

function turned(bytes: Bytes, width: 2 | 4 | 8): ArrayBuffer {
  const copy = Buffer.from(new ArrayBuffer(bytes.length));
  copy.set(bytes);
  if (width === 2) copy.swap16();
  else if (width === 4) copy.swap32();
  else copy.swap64();
  return copy.buffer;
}

const int16s = (bytes: Bytes): Int16Array => new Int16Array(turned(bytes, 2));
const int32s = (bytes: Bytes): Int32Array => new Int32Array(turned(bytes, 4));
const int64s = (bytes: Bytes): BigInt64Array => new BigInt64Array(turned(bytes, 8));
const float32s = (bytes: Bytes): Float32Array => new Float32Array(turned(bytes, 4));

/** Microseconds since 2000 (PostgreSQL's), as milliseconds since the epoch with their fraction. */
function momentsMs(bytes: Bytes): Float64Array {
  const epoch2000Ms = Date.UTC(2000, 0, 1);
  const words = new Uint32Array(turned(bytes, 8));
  const highs = new Int32Array(words.buffer);
  return Float64Array.from(
    { length: words.length / 2 },
    (_, row) => (highs[2 * row + 1]! * 2 ** 32 + words[2 * row]!) / 1000 + epoch2000Ms,
  );
}
