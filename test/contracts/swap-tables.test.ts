// Tables filled beside live ones take their place at once, and the database is as it was but for their rows.
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { besideQueries, besideText } from '#core/store/beside/beside-queries.ts';
import { dropReplaced, makeTables, swapTables } from '#core/store/beside/swap-tables.ts';
import type { Db } from '#core/store/postgres.ts';
import { catalogueOf } from '../support/catalogue.ts';
import { freshDatabases } from '../support/fresh-database.ts';

const tables = [
  'packed_weeks',
  'changed_days',
  'signals',
  'words',
  'changed_cells',
  'sightings',
  'sighting_sources',
  'detector',
  'incidents',
  'incident_counts',
  'transitions',
  'alert_deliveries',
];

describe('the text of a statement', () => {
  const rewrite = besideText(['signals', 'words']);

  it('names the table beside, quoted or not, and nothing whose name only begins or ends alike', () => {
    expect(rewrite('SELECT FROM signpost.signals s, "signpost"."words"')).toBe(
      'SELECT FROM signpost_replay.signals s, "signpost_replay"."words"',
    );
    const others = `signpost.signals_by_id signpost.labels my_signpost.words x.signpost.words signpost_views.signals`;
    expect(rewrite(others)).toBe(others);
  });

  it('takes locks of its own', () => {
    expect(rewrite('SELECT pg_try_advisory_xact_lock(7), pg_advisory_xact_lock(8)')).toBe(
      'SELECT pg_try_advisory_xact_lock(1007), pg_advisory_xact_lock(1008)',
    );
  });
});

describe.each(freshDatabases)('on %s', (_, open) => {
  let db: Db;
  beforeAll(async () => {
    db = await open();
    await sql`GRANT UPDATE (text) ON signpost.words TO signpost_reader`.execute(db.query);
    await sql`GRANT SELECT ON signpost.signals TO PUBLIC`.execute(db.query);
    await sql`ALTER TABLE signpost.signals SET (fillfactor = 90)`.execute(db.query);
  }, 60_000);
  afterAll(() => db.close());

  const mark = (queries: Db['query'], day: string) =>
    queries.insertInto('signpost.changed_days').values({ day }).execute();
  const marks = async (): Promise<string[]> => {
    const rows = await db.query.selectFrom('signpost.changed_days').select('day').execute();
    return rows.map(({ day }) => day);
  };

  it('are filled unseen, and in place at once with all that belongs to them', async () => {
    const before = await catalogueOf(db);
    await mark(db.query, '2026-01-01');
    await makeTables(db, tables);
    const beside = besideQueries(db.query, tables);
    await mark(beside, '2026-02-02');
    await beside.transaction().execute((tx) => mark(tx, '2026-02-03'));
    await expect(
      beside.transaction().execute(async (tx) => {
        await mark(tx, '2026-02-04');
        throw new Error('given up');
      }),
    ).rejects.toThrow('given up');
    expect(await marks()).toEqual(['2026-01-01']);
    await swapTables(db, {
      tables,
      // Part of the swap: gone when it fails.
      before: async (tx) => {
        await besideQueries(tx, tables)
          .transaction()
          .execute((inner) => mark(inner, '2026-02-05'));
      },
    });
    expect(await marks()).toEqual(['2026-02-02', '2026-02-03', '2026-02-05']);
    await dropReplaced(db);
    expect(await catalogueOf(db)).toEqual(before);
    await mark(db.query, '2026-03-03');
    expect(await marks()).toHaveLength(4);
  });

  it('have triggers that know of them alone, until they are the live ones', async () => {
    const entity = (queries: Db['query'], id: string) =>
      sql`INSERT INTO signpost.signals SELECT * FROM jsonb_populate_record(NULL::signpost.signals, ${JSON.stringify(
        {
          entity: id,
          id,
          source: 1,
          source_id: id,
          kind: 1,
          revision: 1,
          at: '2026-04-04T12:00:00Z',
          occurred_at: '2026-04-04T12:00:00Z',
          received_at: '2026-04-04T12:00:00Z',
          is_open: false,
          is_exact: true,
          place: 1,
          technology: 1,
          theme: 1,
          departments: 1,
          severity: 1,
          sentiment: 0,
          urgency: 1,
          churn: 0,
          model: 1,
          changed: '1',
        },
      )}::jsonb)`.execute(queries);
    const [first, second] = [
      '00000000-0000-4000-8000-00000000000a',
      '00000000-0000-4000-8000-00000000000b',
    ] as const;
    await sql`DELETE FROM signpost.changed_days`.execute(db.query);
    await makeTables(db, tables);
    await entity(besideQueries(db.query, tables), first);
    expect(await marks()).toEqual([]);
    await swapTables(db, { tables });
    expect(await marks()).toEqual(['2026-04-04']);
    await dropReplaced(db);
    await entity(db.query, second);
    expect(await marks()).toEqual(['2026-04-04', '2026-04-04']);
  });

  it('stay as they were when the swap fails', async () => {
    const before = await catalogueOf(db);
    const held = await marks();
    await makeTables(db, tables);
    const failing = swapTables(db, {
      tables,
      after: () => Promise.reject(new Error('at the very end')),
    });
    await expect(failing).rejects.toThrow('at the very end');
    expect(await marks()).toEqual(held);
    await dropReplaced(db);
    expect(await catalogueOf(db)).toEqual(before);
  });

  it('are not made where something else hangs on them, which would go on showing the old ones', async () => {
    await sql`CREATE MATERIALIZED VIEW public.of_somebody AS SELECT * FROM signpost.signals`.execute(
      db.query,
    );
    const making = makeTables(db, tables);
    await expect(making).rejects.toMatchObject({
      code: 'store-refused',
      message: expect.stringContaining('materialized view public.of_somebody') as string,
    });
    await sql`DROP MATERIALIZED VIEW public.of_somebody`.execute(db.query);
  });
});
