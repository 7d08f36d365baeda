// Packed weeks are a cache that is never wrong: for random questions, and whoever writes or packs at the same time.
import { randomUUID } from 'node:crypto';
import * as fc from 'fast-check';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectPostgres, type Db } from '#core/store/postgres.ts';
import { aggregatesBySql, type PlainRow } from '../../scripts/bench/query-by-sql.ts';
import { endsAt, loadSignals } from '../../scripts/bench/query-data.ts';
import { packChangedWeeks, packWeek } from '../../services/aggregate/pack-weeks.ts';
import {
  aggregatesQuestion,
  buckets,
  dimensions,
  placeLevels,
} from '../../services/portal/api/questions.ts';
import { aggregates } from '../../services/portal/queries/aggregates.ts';
import type { Reader } from '../../services/portal/reader.ts';
import { postgresServer } from '../support/servers.ts';
import { openStore, storeNames } from '../support/stores.ts';

const everyone: Reader = {
  name: 'planner',
  role: 'planner',
  departments: null,
  suppressBelow: 0,
  mayJudge: false,
};
const dayMs = 86_400_000;
const signals = 3000;

const question = fc.record({
  fromDay: fc.integer({ min: 0, max: 729 }),
  days: fc.double({ min: 0.1, max: 400, noNaN: true }),
  groupBy: fc
    .uniqueArray(fc.constantFrom(...dimensions), { maxLength: 3 })
    .filter((all) => all.filter((one) => placeLevels.some((level) => level === one)).length <= 1),
  bucket: fc.constantFrom(...buckets),
  theme: fc.option(fc.subarray(['theme 1', 'theme 2', 'theme 9'], { minLength: 1 })),
  technology: fc.option(fc.subarray(['4G', 'DSL', 'pigeon'], { minLength: 1 })),
  kind: fc.option(fc.subarray(['ticket', 'post', 'survey'] as const, { minLength: 1 })),
  area: fc.option(fc.subarray(['Area 1', 'Area 2', 'Area 7'], { minLength: 1 }), { freq: 2 }),
  region: fc.option(fc.subarray(['Region 0', 'Region 3'], { minLength: 1 })),
});
type Asked = typeof question extends fc.Arbitrary<infer T> ? T : never;

describe.each(storeNames)('packed weeks on %s', (name) => {
  let db: Db;
  beforeAll(async () => {
    db = await openStore(name);
    await loadSignals(db, signals);
  });
  afterAll(() => db.close());

  async function bothAnswers(asked: Asked): Promise<readonly [Comparable, Comparable]> {
    const { fromDay, days, groupBy, bucket, ...optional } = asked;
    const from = new Date(endsAt.getTime() - (730 - fromDay) * dayMs);
    // Now and then at midnight, and so with whole days alone.
    const to = new Date(
      from.getTime() + (days > 1 && days < 200 ? Math.floor(days) : days) * dayMs,
    );
    const filters = Object.fromEntries(
      Object.entries(optional).filter(([, value]) => value !== null),
    );
    const parsed = aggregatesQuestion.parse({
      from: from.toISOString(),
      to: to.toISOString(),
      bucket,
      limit: 10_000,
      ...(groupBy.length > 0 ? { groupBy } : {}),
      ...filters,
    });
    const plain = await db.query
      .transaction()
      .execute((tx) => aggregatesBySql(tx, { ...parsed, from, to }));
    const { rows } = await aggregates(db, everyone, parsed, endsAt);
    const answered = rows.map((row): PlainRow => {
      const { place, start, suppressed: _, severities: __, rate: ___, ...rest } = row;
      const by = groupBy.map((each) => {
        const isPlace = placeLevels.some((level) => level === each);
        return [`by_${each}`, isPlace ? (place?.name ?? null) : rest[each as 'theme']];
      });
      const { theme: _t, technology: _y, department: _d, kind: _k, ...figures } = rest;
      // Intervals are no aggregates of SQL.
      const told = Object.entries(figures).filter(([each]) => !each.endsWith('Interval'));
      return { start, ...Object.fromEntries(by), ...Object.fromEntries(told) } as PlainRow;
    });
    return [
      comparable(answered, (value) => value),
      comparable(plain, (value) => expect.closeTo(value, 9)),
    ];
  }

  const check = (runs: number) =>
    fc.assert(
      fc.asyncProperty(question, async (asked) => {
        const [answered, plain] = await bothAnswers(asked);
        expect(answered).toEqual(plain);
      }),
      { numRuns: runs },
    );

  it('give no other answer than plain SQL does, whether packed or not or changed since', async () => {
    await check(8);
    await packChangedWeeks(db);
    expect(await marks(db)).toBe(0);
    await check(20);
    // Moved in time and place, judged anew, gone: what is packed is wrong about each of these.
    await sql`
      UPDATE signpost.signals SET at = at + interval '30 days' WHERE source_id LIKE '%7'`.execute(
      db.query,
    );
    await sql`
      UPDATE signpost.signals SET place = (SELECT min(id) FROM signpost.places), theme = (
        SELECT min(id) FROM signpost.labels WHERE kind = 'theme') WHERE source_id LIKE '%11'`.execute(
      db.query,
    );
    await sql`DELETE FROM signpost.signals WHERE source_id LIKE '%23'`.execute(db.query);
    await check(20);
    await packChangedWeeks(db);
    await check(8);
  });

  it('are emptied with the facts', async () => {
    await packChangedWeeks(db);
    await sql`TRUNCATE signpost.signals`.execute(db.query);
    const { rows } = await aggregates(
      db,
      everyone,
      aggregatesQuestion.parse({ from: '2024-01-01', to: '2026-12-01' }),
      endsAt,
    );
    expect(rows).toEqual([]);
    await packChangedWeeks(db);
  });
});

describe('packed weeks of PostgreSQL', () => {
  let db: Db;
  beforeAll(async () => {
    db = await openStore('PostgreSQL');
    await loadSignals(db, 500);
    await packChangedWeeks(db);
  });
  afterAll(() => db.close());

  const week = '2026-11-02';
  const inWeek = { from: '2026-11-02', to: '2026-11-09' };
  const said = async (asked: object = inWeek): Promise<number> => {
    const { rows } = await aggregates(db, everyone, aggregatesQuestion.parse(asked), endsAt);
    const [row] = rows;
    return row === undefined ? 0 : row.opened! + row.posts! + row.surveyAnswers!;
  };
  /** A further signal in the week. */
  const adding = (number: string) => sql`
    INSERT INTO signpost.signals
    SELECT (jsonb_populate_record(s, jsonb_build_object('entity', md5(${number}), 'at', '2026-11-04T12:00:00Z', 'resolved_at', NULL, 'reopened_at', NULL))).*
    FROM signpost.signals s LIMIT 1`;

  it('never hide a change that was under way while they were packed', async () => {
    const before = await said();
    const writer = await db.query.startTransaction().execute();
    await adding('under way').execute(writer);
    await packWeek(db, week);
    expect(await said()).toBe(before);
    await writer.commit().execute();
    expect(await said()).toBe(before + 1);
    expect(await marks(db)).toBe(1);
    await packWeek(db, week);
    expect(await marks(db)).toBe(0);
    expect(await said()).toBe(before + 1);
  });

  it('have what was written while they waited for another who packs', async () => {
    const before = await said();
    const other = await db.query.startTransaction().execute();
    await sql`LOCK TABLE signpost.packed_weeks IN SHARE ROW EXCLUSIVE MODE`.execute(other);
    const packing = packWeek(db, week);
    await new Promise((resolve) => setTimeout(resolve, 200));
    await adding('while waiting').execute(db.query);
    await other.commit().execute();
    await packing;
    expect(await marks(db)).toBe(0);
    expect(await said()).toBe(before + 1);
  });

  it('are as before when a change is taken back', async () => {
    const before = await said();
    const writer = await db.query.startTransaction().execute();
    await adding('taken back').execute(writer);
    await writer.rollback().execute();
    expect(await marks(db)).toBe(0);
    expect(await said()).toBe(before);
  });

  it('lose and double nothing while many write, move and pack at once', async () => {
    const whole = { from: '2024-01-01', to: '2027-12-01' };
    const all = await said(whole);
    let [moved, asked, packed] = [0, 0, 0];
    const enough = (): boolean => moved > 20 && asked > 6 && packed > 12;
    const mover = async (seed: number): Promise<void> => {
      for (let at = seed; !enough(); at += 7) {
        // From week to week, so that a change half seen would be one signal more or less.
        await sql`
          UPDATE signpost.signals SET at = timestamptz '2026-09-01' + ${(at * 37) % 80} * interval '1 day'
          WHERE source_id IN (${String(at % 250)}, ${String(250 + (at % 250))})`
          .execute(db.query)
          .catch(ifDeadlock);
        moved += 1;
      }
    };
    const packer = async (): Promise<void> => {
      while (!enough()) packed += (await packChangedWeeks(db)).weeks;
    };
    const asker = async (): Promise<void> => {
      while (!enough()) {
        expect(await said(whole)).toBe(all);
        asked += 1;
      }
    };
    await Promise.all([mover(1), mover(2), packer(), asker()]);
    expect(await said(whole)).toBe(all);
  });

  it('are refused to a role that sees a part of the facts', async () => {
    const role = `half_sighted_${randomUUID().replaceAll('-', '')}`;
    await sql`CREATE ROLE ${sql.id(role)} LOGIN PASSWORD 'of-a-test'`.execute(db.query);
    await sql`GRANT USAGE ON SCHEMA signpost TO ${sql.id(role)}`.execute(db.query);
    await sql`GRANT ALL ON ALL TABLES IN SCHEMA signpost TO ${sql.id(role)}`.execute(db.query);
    const url = new URL((await postgresServer()).url);
    [url.username, url.password] = [role, 'of-a-test'];
    url.pathname = db.where.slice(db.where.indexOf('/'));
    const bound = connectPostgres({ url: url.href });
    const before = await said();
    await adding('seen by its owner').execute(db.query);
    await expect(packWeek(bound, week)).rejects.toMatchObject({ code: 'store-refused' });
    expect(await said()).toBe(before + 1);
    await bound.close();
    await sql`DROP OWNED BY ${sql.id(role)}`.execute(db.query);
    await sql`DROP ROLE ${sql.id(role)}`.execute(db.query);
  });
});

async function marks(db: Db): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    SELECT count(*)::int AS count FROM signpost.changed_days`.execute(db.query);
  return rows[0]!.count;
}

function ifDeadlock(error: unknown): undefined {
  if ((error as { code?: string }).code === 'store-busy') return undefined;
  throw error;
}

type Comparable = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** By what they are grouped by; means are added up in another order here and there. */
function comparable(rows: readonly PlainRow[], near: (value: number) => unknown): Comparable {
  return Object.fromEntries(
    rows.map((row) => {
      const columns = Object.entries(row);
      const by = columns
        .filter(([column]) => column === 'start' || column.startsWith('by_'))
        .map(([column, value]) => [
          column,
          column === 'start' && value !== null ? new Date(value) : value,
        ]);
      const figures = columns.filter(([column]) => column !== 'start' && !column.startsWith('by_'));
      return [
        JSON.stringify(Object.fromEntries(by)),
        Object.fromEntries(
          figures.map(([column, value]) => [
            column,
            typeof value === 'number' && !Number.isInteger(value) ? near(value) : value,
          ]),
        ),
      ];
    }),
  );
}
