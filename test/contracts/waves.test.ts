// Rollout waves in the database, on PostgreSQL and on PGlite: the plan, what it would answer, and what it did.
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Db } from '#core/store/postgres.ts';
import {
  importWaves,
  listWaves,
  removeWave,
  type ImportedWaves,
} from '../../services/portal/waves/store-waves.ts';
import { openStore, storeNames } from '../support/stores.ts';

const now = Date.parse('2026-11-29T12:00:00Z');
const header = 'area,wave,technology,planned,finished\n';

describe.each(storeNames)('the rollout plan on %s', (name) => {
  let db: Db;
  beforeAll(async () => {
    db = await openStore(name);
  }, 180_000);
  afterAll(() => db.close());
  beforeEach(async () => {
    await sql`TRUNCATE signpost.waves, signpost.gazetteer, signpost.places`.execute(db.query);
  });

  const bring = async (
    lines: string,
    options: { replace?: 'none' | 'wave' | 'all'; dryRun?: boolean } = {},
  ): Promise<ImportedWaves> => {
    const { replace = 'none', dryRun = false } = options;
    const done = await importWaves(db, Buffer.from(header + lines), { replace, dryRun, now });
    if (!done.ok) throw new Error(JSON.stringify(done.flaws));
    return done.imported;
  };
  const plan = async (): Promise<string[]> =>
    (await listWaves(db)).map(({ wave, area, technology, plannedOn, finishedOn }) =>
      [wave, area, technology, plannedOn, finishedOn].join(' '),
    );

  it('is what was imported, as days and not as moments', async () => {
    const imported = await bring('A,1,5G,2026-03-01,2026-04-02\nB,1,fibre,2027-01-31,');
    expect(imported).toMatchObject({ lines: 2, waves: ['1'], added: 2, areasChecked: false });
    expect(await plan()).toEqual(['1 A 5G 2026-03-01 2026-04-02', '1 B fibre 2027-01-31 ']);
  });

  it('is changed by another import line by line, wave by wave, or as a whole', async () => {
    await bring('A,1,5G,2026-03-01,\nB,1,5G,2026-03-01,\nC,2,5G,2026-06-01,');
    const days = 'A,1,5G,2026-03-01,2026-03-09';
    expect(await bring(days)).toMatchObject({ added: 0, changed: 1, unchanged: 0, removed: 0 });
    expect(await bring(days)).toMatchObject({ added: 0, changed: 0, unchanged: 1, removed: 0 });
    expect(await bring(days, { replace: 'wave' })).toMatchObject({ unchanged: 1, removed: 1 });
    expect(await plan()).toEqual(['1 A 5G 2026-03-01 2026-03-09', '2 C 5G 2026-06-01 ']);
    expect(await bring(days, { replace: 'all' })).toMatchObject({ unchanged: 1, removed: 1 });
    expect(await plan()).toEqual(['1 A 5G 2026-03-01 2026-03-09']);
  });

  it('stays as it is in a dry run and when one line of a file is wrong', async () => {
    await bring('A,1,5G,2026-03-01,');
    const dry = await bring('B,1,5G,2026-03-01,', { replace: 'all', dryRun: true });
    expect(dry).toMatchObject({ added: 1, removed: 1, dryRun: true });
    await expect(bring('B,1,5G,2026-03-01,\nC,1,5G,soon,')).rejects.toThrow('not-a-day');
    expect(await plan()).toEqual(['1 A 5G 2026-03-01 ']);
  });

  it('takes areas of the gazetteer and of signals as known, and the rest with a word', async () => {
    await db.query
      .insertInto('signpost.gazetteer')
      .values({ row: 1, area: 'Old Mint', ...unknownPlace })
      .execute();
    await db.query
      .insertInto('signpost.places')
      .values({
        area: 'Airfield',
        country: 'XV',
        region: null,
        city: null,
        postcode: null,
        site: null,
      })
      .execute();
    const imported = await bring(
      'old mint,1,5G,2026-03-01,\nAirfield,1,5G,2026-03-01,\nAirfeld,2,5G,2026-03-01,',
    );
    expect(imported).toMatchObject({
      areasChecked: true,
      respelt: [{ area: 'old mint', known: 'Old Mint' }],
      unknownAreas: [{ area: 'Airfeld', line: 4, nearest: 'Airfield' }],
      unknownAreaCount: 1,
    });
    expect(await plan()).toEqual([
      '1 Airfield 5G 2026-03-01 ',
      '1 Old Mint 5G 2026-03-01 ',
      '2 Airfeld 5G 2026-03-01 ',
    ]);
    const twice = 'Old Mint,1,5G,2026-03-01,\nOld  Mint,1,5G,2026-03-01,';
    await expect(bring(twice)).rejects.toThrow('duplicate');
  });

  it('keeps names that look like SQL as they are', async () => {
    const hostile = `'; DROP TABLE signpost.waves; --`;
    await bring(`"${hostile}",=1+1,5G,2026-03-01,`);
    expect(await plan()).toEqual([`=1+1 ${hostile} 5G 2026-03-01 `]);
    expect(await removeWave(db, hostile)).toBe(0);
    expect(await removeWave(db, '=1+1')).toBe(1);
    expect(await plan()).toEqual([]);
  });

  it('is whole after two imports at once', async () => {
    const lines = (wave: string): string =>
      Array.from({ length: 200 }, (_, i) => `${i},${wave},5G,2026-03-01,`).join('\n');
    const both = ['1', '2'].map((wave) => bring(lines(wave), { replace: 'all' }));
    await Promise.all(both);
    expect(new Set((await listWaves(db)).map(({ wave }) => wave)).size).toBe(1);
    expect(await plan()).toHaveLength(200);
  });
});

const unknownPlace = {
  country: null,
  region: null,
  city: null,
  postcode: null,
  lat: null,
  lon: null,
  subscribers: null,
  technology: null,
};
