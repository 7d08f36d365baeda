// The query API on a real database: answers are as documented, in every form the same, and each reader's own.
import { parse } from 'csv-parse/sync';
import { parquetReadObjects } from 'hyparquet';
import { latLngToCell } from 'h3-js';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectPostgres, type Db } from '#core/store/postgres.ts';
import * as answers from '../../services/portal/api/answers.ts';
import { overview } from '../../services/portal/queries/overview.ts';
import { createQueries } from '../../services/portal/queries/queries.ts';
import { addFacts, setGazetteer } from '../support/planner-facts.ts';
import { openPortal, type TestPortal } from '../support/portal.ts';
import { postgresServer } from '../support/servers.ts';
import { openStore } from '../support/stores.ts';

let db: Db;
let portal: TestPortal;
let planner: string;
let reader: string;
const now = Date.UTC(2026, 10, 29, 8);
const hostile = '=cmd|"/C calc"!A1,\n<script>alert(1)</script>';

beforeAll(async () => {
  db = await openStore('PGlite');
  await setGazetteer(db, [
    { country: 'US', region: 'California', area: 'A', lat: 36.79, lon: -119.88, subscribers: 4000 },
    { country: 'US', region: 'California', area: 'B', lat: 37.1, lon: -120.1, subscribers: 1000 },
    { country: 'US', region: 'Nevada', area: hostile, subscribers: 500 },
  ]);
  const california = { country: 'US', region: 'California', theme: 'coverage' };
  await addFacts(db, [
    {
      ...california,
      area: 'A',
      at: '2026-10-05T10:00:00Z',
      count: 20,
      departments: ['planning'],
      h3: latLngToCell(36.79, -119.88, 9),
    },
    { ...california, area: 'B', at: '2026-10-14T19:00:00Z', count: 9, departments: ['planning'] },
    { ...california, area: 'B', at: '2026-11-02T19:00:00Z', count: 3, departments: ['operations'] },
    {
      country: 'US',
      region: 'Nevada',
      area: hostile,
      theme: 'outage',
      at: '2026-11-03T00:00:00Z',
      count: 2,
      departments: ['planning'],
    },
    { theme: 'coverage', at: '2026-11-04T00:00:00Z', count: 4, departments: ['planning'] },
    {
      ...california,
      area: 'A',
      kind: 'survey',
      at: '2026-11-05T00:00:00Z',
      count: 6,
      scale: 'csat',
      score: 2,
      departments: ['planning'],
    },
  ]);
  portal = await openPortal({
    queries: {
      ...createQueries(db, () => now),
      overview: (who) => overview(db, who, new Date(now), []),
    },
    plan: { db, clock: () => now },
    portal: { requestsPerMinute: 100_000 },
  });
  planner = await portal.key({ source: 'planner' });
  reader = await portal.key({
    source: 'floor',
    reads: { role: 'reader', departments: ['planning'] },
  });
}, 60_000);
afterAll(async () => {
  await portal[Symbol.asyncDispose]();
  await db.close();
});

const get = (path: string, token = planner) =>
  portal.get(`/v1/${path}`, { authorization: `Bearer ${token}` });
async function json<T>(path: string, token = planner): Promise<T> {
  const answer = await get(path, token);
  expect([answer.statusCode, answer.statusCode === 200 ? '' : answer.body]).toEqual([200, '']);
  return answer.json<T>();
}

test('a plan that was sent is answered for', async () => {
  const sent = await portal.gateway.inject({
    method: 'POST',
    url: '/v1/waves',
    headers: { authorization: `Bearer ${planner}`, 'content-type': 'text/csv' },
    payload: 'area,wave,technology,planned\r\nB,2,5G,2027-03-01\r\n',
  });
  expect(sent.statusCode).toBe(200);
  const { waves } = await json<answers.WavesAnswer>('waves?theme=coverage');
  expect(waves).toMatchObject([{ wave: '2', areas: ['B'], answers: { tickets: 12, of: 36 } }]);
});

test.each([
  ['aggregates?groupBy=area,theme&bucket=week', answers.aggregatesAnswer],
  ['aggregates?groupBy=h3-6', answers.aggregatesAnswer],
  ['areas/rank', answers.rankAnswer],
  ['waves', answers.wavesAnswer],
  ['insights', answers.insightsAnswer],
  ['area-status?area=A', answers.areaStatusAnswer],
  ['facets', answers.facetsAnswer],
  ['overview', answers.overviewAnswer],
  ['me', answers.meAnswer],
] as const)(
  '%s is answered as it is documented, for planners and for readers',
  async (path, schema) => {
    for (const token of [planner, reader]) {
      const answer = await json(path, token);
      expect(schema.parse(answer)).toEqual(answer);
    }
  },
);

test('every place that is ranked can be asked for by its key, whatever it is called', async () => {
  const { places } = await json<answers.RankAnswer>('areas/rank');
  expect(places.map(({ place }) => place.name)).toContain(hostile);
  for (const { place } of places) {
    const answer = await json<answers.PlaceAnswer>(`areas/${encodeURIComponent(place.key)}`);
    expect(answers.placeAnswer.parse(answer)).toEqual(answer);
    expect(answer.place).toEqual(place);
  }
  expect((await get('areas/area:US/Atlantis/Q')).statusCode).toBe(404);
});

test('pages follow each other to the end, and hold what one page would', async () => {
  const whole = await json<answers.AggregatesAnswer>('aggregates?groupBy=area,theme');
  const rows: unknown[] = [];
  let path: string | undefined = 'aggregates?groupBy=area,theme&limit=1';
  while (path !== undefined) {
    const answer = await get(path);
    rows.push(...answer.json<answers.AggregatesAnswer>().rows);
    path = /<\/v1\/([^>]+)>; rel="next"/.exec(String(answer.headers['link']))?.[1];
    expect(rows.length).toBeLessThanOrEqual(whole.rows.length);
  }
  expect(rows).toEqual(whole.rows);
  expect(whole.rows.length).toBeGreaterThan(3);
});

test('a cursor that is made up, or of another question, is a refused parameter', async () => {
  const { next } = await json<answers.AggregatesAnswer>('aggregates?groupBy=area&limit=1');
  for (const path of [
    `aggregates?groupBy=theme&limit=1&cursor=${next}`,
    'aggregates?cursor=abc',
    'areas/rank?cursor=%00',
    `insights?cursor=${next}`,
  ]) {
    const answer = await get(path);
    expect([path, answer.statusCode]).toEqual([path, 400]);
    expect(answer.json()).toMatchObject({ error: { field: 'cursor' } });
  }
});

describe('all forms', () => {
  test('of aggregates hold the same rows', async () => {
    const path = 'aggregates?groupBy=area,theme';
    const { rows } = await json<answers.AggregatesAnswer>(path);
    const csv = parse<Record<string, string>>((await get(`${path}&format=csv`)).body, {
      columns: true,
      record_delimiter: '\r\n',
    });
    const { rawPayload } = await get(`${path}&format=parquet`);
    const parquet = await parquetReadObjects({ file: new Uint8Array(rawPayload).buffer });
    const { features } = (await get(`${path}&format=geojson`)).json<{
      features: { geometry: unknown; properties: Record<string, unknown> }[];
    }>();
    const shown = rows.map((row) => [row.place?.name ?? null, row.theme, row.opened]);
    expect(
      csv.map((row) => [
        row['place_name']!.replace(/^'/, '') || null,
        row['theme'],
        Number(row['opened']),
      ]),
    ).toEqual(shown);
    expect(parquet.map((row) => [row['place_name'], row['theme'], Number(row['opened'])])).toEqual(
      shown,
    );
    expect(
      features.map(({ properties: row }) => [row['place_name'], row['theme'], row['opened']]),
    ).toEqual(shown);
    expect(shown).toContainEqual([hostile, 'outage', 2]);
    expect(features.filter(({ geometry }) => geometry === null).length).toBeGreaterThan(0);
  });

  test('of hexes are outlines', async () => {
    const { features } = (await get('aggregates?groupBy=h3-6&format=geojson')).json<{
      features: { geometry: { type: string } | null; properties: { opened: number } }[];
    }>();
    const hexes = features.filter(({ geometry }) => geometry !== null);
    expect(hexes.map(({ geometry, properties }) => [geometry?.type, properties.opened])).toEqual([
      ['Polygon', 20],
    ]);
  });
});

describe('a reader of one department', () => {
  test('is told of its rows alone, and of small counts nothing', async () => {
    const all = await json<answers.AggregatesAnswer>('aggregates?theme=coverage&area=B');
    const own = await json<answers.AggregatesAnswer>('aggregates?theme=coverage&area=B', reader);
    expect([all.rows[0]?.opened, own.rows[0]?.opened]).toEqual([12, 9]);
    const small = await json<answers.AggregatesAnswer>('aggregates?theme=outage', reader);
    expect(small.rows[0]).toMatchObject({ suppressed: true, opened: null });
    const { body } = await get('insights?format=csv', reader);
    expect(body).not.toContain('operations');
  });

  test('does not change the plan', async () => {
    const answer = await portal.gateway.inject({
      method: 'DELETE',
      url: '/v1/waves/2',
      headers: { authorization: `Bearer ${reader}` },
    });
    expect(answer.statusCode).toBe(403);
  });
});

test('a question that PostgreSQL gives up is told what to narrow', async () => {
  const { url } = await postgresServer();
  const slow = connectPostgres({ url, statementTimeoutMs: 100 });
  await using other = await openPortal({
    queries: {
      facets: async () => {
        await sql`SELECT pg_sleep(10)`.execute(slow.query);
        throw new Error('It was not given up');
      },
    },
  });
  const answer = await other.get('/v1/facets');
  await slow.close();
  expect(answer.statusCode).toBe(503);
  expect(answer.json()).toMatchObject({ error: { code: 'too-slow' } });
}, 60_000);
