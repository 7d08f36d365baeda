// The gazetteer as rows, so that the database knows subscribers and where areas are.
import { sql } from 'kysely';
import type { Db } from '#core/store/postgres.ts';
import { lockKeys } from '#core/store/retention.ts';
import type { GazetteerRow } from '#core/store/tables.ts';
import { namesOf, unnested, type Column } from '#core/store/unnest.ts';
import { storable } from '#core/store/stored-names.ts';

/** A line of the gazetteer; null is unknown. */
export type GazetteerLine = Readonly<Omit<GazetteerRow, 'row'>>;
type Numbered = GazetteerLine & { readonly row: number };

const columns: readonly Column<Numbered>[] = [
  { name: 'row', type: 'integer', of: ({ row }) => row },
  { name: 'country', type: 'text', of: ({ country }) => text(country) },
  { name: 'region', type: 'text', of: ({ region }) => text(region) },
  { name: 'city', type: 'text', of: ({ city }) => text(city) },
  { name: 'area', type: 'text', of: ({ area }) => text(area) },
  { name: 'postcode', type: 'text', of: ({ postcode }) => text(postcode) },
  { name: 'lat', type: 'double precision', of: ({ lat }) => lat },
  { name: 'lon', type: 'double precision', of: ({ lon }) => lon },
  { name: 'subscribers', type: 'double precision', of: ({ subscribers }) => subscribers },
  { name: 'technology', type: 'text', of: ({ technology }) => text(technology) },
];
const portion = 5000;

/**
 * Makes `lines` the database's gazetteer, all at once, unless it is there already.
 * @param digest of the lines, to tell whether they are
 * @returns whether it was replaced
 */
export async function storeGazetteer(
  db: Db,
  lines: readonly GazetteerLine[],
  digest: string,
  now: () => number = Date.now,
): Promise<boolean> {
  return db.query.transaction().execute(async (tx) => {
    await sql`SELECT pg_advisory_xact_lock(${sql.lit(lockKeys.gazetteer)})`.execute(tx);
    const read = await tx.selectFrom('signpost.gazetteer_read').select('digest').executeTakeFirst();
    if (read?.digest === digest) return false;
    await sql`DELETE FROM signpost.gazetteer`.execute(tx);
    const rows = lines.map((line, row) => ({ ...line, row }));
    for (let from = 0; from < rows.length; from += portion) {
      await sql`
        INSERT INTO signpost.gazetteer (${namesOf(columns)})
        SELECT * FROM ${unnested(columns, rows.slice(from, from + portion))} AS new`.execute(tx);
    }
    await sql`
      INSERT INTO signpost.gazetteer_read (digest, read_at) VALUES (${digest}, ${new Date(now())})
      ON CONFLICT (one) DO UPDATE SET digest = EXCLUDED.digest, read_at = EXCLUDED.read_at`.execute(
      tx,
    );
    return true;
  });
}

function text(value: string | null): string | null {
  return value === null ? null : storable(value);
}
