// Sightings as rows of the store: written once each, and read slice by slice.
import { sql, type Kysely, type Transaction } from 'kysely';
import {
  createDepartmentBits,
  createLabelNumbers,
  createPlaceNumbers,
} from '#core/store/name-numbers.ts';
import { nameOf, placeNamed, type placeFields } from '#core/store/stored-names.ts';
import type { Tables } from '#core/store/tables.ts';
import { namesOf, unnested, type Column } from '#core/store/unnest.ts';
import { sliceMs } from './detect/detection.ts';
import { countsAt, isInTime, type Lateness } from './in-time.ts';
import type { Sighting } from './sighting.ts';
import { sliceStartOf, type Counted } from './slices.ts';

type Tx = Transaction<Tables>;

/** A sighting and the ticket or post that it is of. */
export interface Seen {
  readonly sighting: Sighting;
  readonly entity: string;
}

export interface SightingRows {
  /** Writes those that are not there. @returns of each source how many new ones came too late */
  write(seen: readonly Seen[], tx: Tx): Promise<ReadonlyMap<string, number>>;
}

interface Row extends Seen {
  readonly source: number;
  readonly theme: number;
  readonly product: number | null;
  readonly place: number;
  readonly departments: bigint;
  readonly countsAt: number;
  readonly isLate: boolean;
}

const columns: readonly Column<Row>[] = [
  { name: 'id', type: 'text', of: ({ sighting }) => nameOf(sighting.id, sighting.id) },
  { name: 'entity', type: 'uuid', of: ({ entity }) => entity },
  { name: 'at', type: 'moment', of: ({ sighting }) => sighting.at },
  { name: 'received_at', type: 'moment', of: ({ sighting }) => sighting.receivedAt },
  { name: 'source', type: 'integer', of: ({ source }) => source },
  { name: 'place', type: 'integer', of: ({ place }) => place },
  { name: 'theme', type: 'integer', of: ({ theme }) => theme },
  { name: 'product', type: 'integer', of: ({ product }) => product },
  { name: 'customer', type: 'text', of: ({ sighting }) => sighting.customer },
  { name: 'departments', type: 'bigint', of: ({ departments }) => departments },
  { name: 'counts_at', type: 'moment', of: (row) => row.countsAt },
  { name: 'is_late', type: 'boolean', of: ({ isLate }) => isLate },
];

export function createSightingRows(lateness: Lateness): SightingRows {
  const themes = createLabelNumbers('theme');
  const sources = createLabelNumbers('source');
  const products = createLabelNumbers('product');
  const places = createPlaceNumbers();
  const departments = createDepartmentBits();

  return {
    async write(seen, tx) {
      if (seen.length === 0) return new Map();
      const said = seen.map(({ sighting }) => sighting);
      // In the order in which every stage asks for names, so that copies wait for each other and not in a circle.
      const theme = await themes(
        said.map((one) => nameOf(one.theme, 'none')),
        tx,
      );
      const source = await sources(
        said.map((one) => nameOf(one.source, 'unknown')),
        tx,
      );
      const named = [...new Set(said.flatMap(({ product }) => product ?? []))].filter(
        (name) => name !== '',
      );
      const product = await products(
        named.map((name) => nameOf(name, name)),
        tx,
      );
      const place = await places(
        said.map((one) => placeNamed(one.place)),
        tx,
      );
      const bits = await departments(
        said.flatMap((one) => one.departments),
        tx,
      );
      const evaluatedUntil = await shareDetector(tx);
      const since = await heardSince(
        said.map(({ receivedAt }, i) => ({ source: source[i]!, receivedAt })),
        tx,
      );
      let bit = 0;
      const rows = seen.map((one, i): Row => {
        const { sighting } = one;
        let received = 0n;
        for (const _ of sighting.departments) received |= 1n << BigInt(bits[bit++]!);
        const countedAt = countsAt(sighting, lateness);
        const isLate =
          sliceStartOf(countedAt) + sliceMs <= evaluatedUntil ||
          !isInTime(sighting, lateness, since.get(source[i]!)!);
        const at = named.indexOf(sighting.product ?? '');
        return {
          ...one,
          theme: theme[i]!,
          source: source[i]!,
          product: at < 0 ? null : product[at]!,
          place: place[i]!,
          departments: received,
          countsAt: countedAt,
          isLate,
        };
      });
      return insert(rows, tx);
    },
  };
}

/** Since when each source is heard of; what is new or earlier is written down, and nothing is locked otherwise. */
async function heardSince(
  rows: readonly { readonly source: number; readonly receivedAt: number }[],
  tx: Tx,
): Promise<ReadonlyMap<number, number>> {
  const earliest = new Map<number, number>();
  for (const { source, receivedAt } of rows)
    earliest.set(source, Math.min(receivedAt, earliest.get(source) ?? Infinity));
  const known = await sql<{ source: number; since: number }>`
    SELECT source, date_part('epoch', first_received_at) * 1000 AS since FROM signpost.sighting_sources
    WHERE source IN (${sql.join([...earliest.keys()])})`.execute(tx);
  const since = new Map(known.rows.map((row) => [row.source, Math.round(row.since)]));
  for (const [source, at] of [...earliest].toSorted(([a], [b]) => a - b)) {
    if ((since.get(source) ?? Infinity) <= at) continue;
    const { rows: kept } = await sql<{ since: number }>`
      INSERT INTO signpost.sighting_sources AS s (source, first_received_at) VALUES (${source}, ${new Date(at)})
      ON CONFLICT (source) DO UPDATE SET first_received_at = LEAST(s.first_received_at, EXCLUDED.first_received_at)
      RETURNING date_part('epoch', first_received_at) * 1000 AS since`.execute(tx);
    since.set(source, Math.round(kept[0]!.since));
  }
  return since;
}

/** @returns the end of the last slice evaluated, which stays so until the transaction ends; -Infinity before the first */
async function shareDetector(tx: Tx): Promise<number> {
  const { rows } = await sql<{ until: number | null }>`
    SELECT date_part('epoch', evaluated_until) * 1000 AS until FROM signpost.detector FOR SHARE`.execute(
    tx,
  );
  return rows[0]!.until ?? -Infinity;
}

async function insert(rows: readonly Row[], tx: Tx): Promise<ReadonlyMap<string, number>> {
  const { rows: inserted } = await sql<{ id: string; is_late: boolean }>`
    INSERT INTO signpost.sightings (${namesOf(columns)})
    SELECT DISTINCT ON (id) * FROM ${unnested(columns, rows)} AS new
    ON CONFLICT (id) DO NOTHING
    RETURNING id, is_late`.execute(tx);
  const late = new Set(inserted.filter((row) => row.is_late).map(({ id }) => id));
  const bySource = new Map<string, number>();
  if (late.size === 0) return bySource;
  for (const { sighting } of rows) {
    if (!late.delete(nameOf(sighting.id, sighting.id))) continue;
    bySource.set(sighting.source, (bySource.get(sighting.source) ?? 0) + 1);
  }
  return bySource;
}

type StoredSighting = Record<(typeof placeFields)[number], string | null> & {
  readonly id: string;
  readonly at: number;
  readonly counts_at: number;
  readonly received_at: number;
  readonly source: string;
  readonly theme: string;
  readonly product: string | null;
  readonly customer: string | null;
  readonly departments: string;
};

/** Those in time that count from `from` to before `to` (milliseconds since the epoch), in order. */
export async function readSightings(
  queries: Kysely<Tables>,
  from: number,
  to: number,
  which: 'in-time' | 'all' = 'in-time',
): Promise<readonly Counted[]> {
  const bits = await queries
    .selectFrom('signpost.departments')
    .selectAll()
    .orderBy('bit')
    .execute();
  const { rows } = await sql<StoredSighting>`
    SELECT s.id, date_part('epoch', s.at) * 1000 AS at, date_part('epoch', s.counts_at) * 1000 AS counts_at, date_part('epoch', s.received_at) * 1000 AS received_at,
      source.name AS source, theme.name AS theme, product.name AS product, s.customer, s.departments,
      p.country, p.region, p.city, p.area, p.postcode, p.site
    FROM signpost.sightings s
    JOIN signpost.places p ON p.id = s.place
    JOIN signpost.labels source ON source.id = s.source
    JOIN signpost.labels theme ON theme.id = s.theme
    LEFT JOIN signpost.labels product ON product.id = s.product
    WHERE s.counts_at >= ${new Date(from)} AND s.counts_at < ${new Date(to)} AND (${which === 'all'} OR NOT s.is_late)
    ORDER BY s.counts_at, s.id`.execute(queries);
  return rows.map((row) => {
    const received = BigInt(row.departments);
    const { country, region, city, area, postcode, site } = row;
    return {
      id: row.id,
      at: Math.round(row.at),
      countsAt: Math.round(row.counts_at),
      receivedAt: Math.round(row.received_at),
      source: row.source,
      place: { country, region, city, area, postcode, site },
      theme: row.theme,
      product: row.product,
      customer: row.customer,
      departments: bits.filter(({ bit }) => (received >> BigInt(bit)) & 1n).map(({ name }) => name),
    };
  });
}
