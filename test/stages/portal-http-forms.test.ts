// The forms of an answer: JSON, CSV that no spreadsheet runs, GeoJSON and Parquet; tags, and what is sent compressed.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import { parquetMetadata, parquetReadObjects, parquetSchema } from 'hyparquet';
import { cellToBoundary, cellToLatLng, getRes0Cells, cellToCenterChild, latLngToCell } from 'h3-js';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type {
  AggregatesAnswer,
  InsightsAnswer,
  RankAnswer,
} from '../../services/portal/api/answers.ts';
import { examples } from '../../services/portal/http/examples.ts';
import { outlineOf } from '../../services/portal/http/outline.ts';
import { openPortal, type TestPortal } from '../support/portal.ts';

let portal: TestPortal;
let aggregates: AggregatesAnswer;
let insights: InsightsAnswer;
let waves = examples.waves;
const rank: RankAnswer = examples.rank;
beforeAll(async () => {
  portal = await openPortal({
    queries: {
      aggregates: async () => aggregates,
      insights: async () => insights,
      waves: async () => waves,
    },
  });
  aggregates = examples.aggregates;
  insights = examples.insights;
});
afterAll(() => portal[Symbol.asyncDispose]());

const row = examples.aggregates.rows[0]!;
const rowAt = (place: Partial<NonNullable<typeof row.place>> | null) => ({
  ...row,
  place: place === null ? null : { ...row.place!, ...place },
});

describe('which form', () => {
  test.each([
    ['*/*', 'application/json'],
    ['text/html,application/xhtml+xml,*/*;q=0.8', 'application/json'],
    ['text/csv', 'text/csv'],
    ['text/*', 'text/csv'],
    ['application/geo+json, application/json;q=0.5', 'application/geo+json'],
    ['application/json;q=0.1, application/vnd.apache.parquet', 'application/vnd.apache.parquet'],
    ['TEXT/CSV;Q=0.9, application/json;q=0', 'text/csv'],
  ])('Accept: %s gives %s', async (accept, type) => {
    const answer = await portal.get('/v1/areas/rank', { accept });
    expect(answer.statusCode).toBe(200);
    expect(String(answer.headers['content-type']).split(';')[0]).toBe(type);
    expect(answer.headers['vary']).toContain('Accept');
  });

  test('?format= goes before Accept', async () => {
    const { headers } = await portal.get('/v1/waves?format=csv', { accept: 'application/json' });
    expect(headers['content-type']).toBe('text/csv; charset=utf-8; header=present');
  });

  test.each([
    ['/v1/aggregates', ['JSON', 'CSV', 'GeoJSON', 'Parquet']],
    ['/v1/areas/rank', ['JSON', 'CSV', 'GeoJSON', 'Parquet']],
    ['/v1/insights', ['JSON', 'CSV', 'Parquet']],
    ['/v1/waves', ['JSON', 'CSV']],
    ['/v1/areas/x', ['JSON']],
    ['/v1/area-status?area=x', ['JSON']],
    ['/v1/facets', ['JSON']],
    ['/v1/overview', ['JSON']],
    ['/v1/me', ['JSON']],
  ])('what %s cannot be is 406 with what there is', async (url, names) => {
    const answer = await portal.get(url, { accept: 'image/png, application/json;q=0' });
    expect(answer.statusCode).toBe(406);
    const { error } = answer.json<{ error: { code: string; hint: string } }>();
    expect(error.code).toBe('not-acceptable');
    expect([...error.hint.matchAll(/(\w+) \(/g)].map(([, name]) => name)).toEqual(
      expect.arrayContaining(names),
    );
    expect(error.hint.match(/\?format=/g)).toHaveLength(names.length);
  });
});

describe('CSV', () => {
  const cells = async (url: string): Promise<Record<string, string>[]> => {
    const { body } = await portal.get(url);
    return parse(body, { columns: true, record_delimiter: '\r\n' });
  };

  test('has a column for each figure and for both ends of its interval', async () => {
    const [first] = await cells('/v1/aggregates?format=csv');
    expect(first).toMatchObject({
      place: 'area:93722',
      place_within: 'US / California / Fresno',
      theme: 'coverage',
      technology: '',
      suppressed: 'false',
      opened: '57',
      mean_sentiment: '-0.42',
      nps: '-18',
      severities: '{"major":12,"minor":45}',
      rate: '3.1',
      rate_low: '2.35',
      rate_high: '4.02',
    });
    const [place] = await cells('/v1/areas/rank?format=csv');
    expect(place).toMatchObject({ rank: '1', term_lower_end_points: '0.282', spikes: '1' });
    const [wave] = await cells('/v1/waves?format=csv');
    expect(wave).toMatchObject({
      wave: '2',
      share_low: '0.327',
      ratio: '',
      planned_on: '2027-03-01',
    });
  });

  test('what is suppressed is empty, not zero', async () => {
    aggregates = { ...aggregates, rows: [{ ...row, suppressed: true, opened: null, rate: null }] };
    const [first] = await cells('/v1/aggregates?format=csv');
    expect(first).toMatchObject({ suppressed: 'true', opened: '', rate: '', rate_low: '' });
    aggregates = examples.aggregates;
  });

  test.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '＝1', '-2+3,"x"\r\n=4'])(
    'a text that begins as %j is no formula, and comes back whole',
    async (text) => {
      insights = { ...insights, insights: [{ ...examples.insights.insights[0]!, text }] };
      const { body } = await portal.get('/v1/insights?format=csv');
      const [first] = parse<Record<string, string>>(body, {
        columns: true,
        record_delimiter: '\r\n',
      });
      expect(first?.['text']).toBe(`'${text.replace('\t=', "\t'=")}`);
      // Outside of quotes no line begins with a formula either.
      expect(first?.['sentiment']).toBe('-1');
    },
  );

  test('where semicolons or tabs part the cells no formula begins either, in lists neither', async () => {
    const [wave] = examples.waves.waves;
    waves = { ...examples.waves, waves: [{ ...wave!, areas: ['A', '=1+1', '@B'] }] };
    expect((await portal.get('/v1/waves?format=csv')).body).toContain(`,"A;'=1+1;'@B",`);
    const text = 'a\t=1;-2; b';
    insights = { ...insights, insights: [{ ...examples.insights.insights[0]!, text }] };
    expect((await portal.get('/v1/insights?format=csv')).body).toContain(`,"a\t'=1;'-2; b",`);
    waves = examples.waves;
    insights = examples.insights;
  });

  test('any text comes back as it was, apart from the apostrophe', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), async (text) => {
        insights = { ...insights, insights: [{ ...examples.insights.insights[0]!, text }] };
        const { body } = await portal.get('/v1/insights?format=csv');
        const records = parse<Record<string, string>>(body, {
          columns: true,
          record_delimiter: '\r\n',
        });
        expect(records).toHaveLength(1);
        expect(records[0]!['text']!.replaceAll(/(^|[;\t])'(?=[=+\-@\t\r\n＝＋－＠])/g, '$1')).toBe(
          text,
        );
      }),
      { numRuns: 200 },
    );
    insights = examples.insights;
  });

  test('has the columns that are documented, in their order', async () => {
    const docs = await readFile(join(import.meta.dirname, '../../docs/query-api.md'), 'utf8');
    for (const [path, title] of [
      ['aggregates', 'Aggregates'],
      ['areas/rank', 'Ranking'],
      ['insights', 'Insights'],
      ['waves', 'Waves'],
    ] as const) {
      const { body } = await portal.get(`/v1/${path}?format=csv`);
      const [head = ''] = body.split('\r\n');
      const told = new RegExp(`\\*\\*${title}\\*\\*: (.*)`).exec(docs)?.[1] ?? '';
      expect([...told.matchAll(/`(\w+)`/g)].map(([, name]) => name)).toEqual(head.split(','));
    }
  });

  test('is saved under a name that tells the range, and says where it goes on', async () => {
    const { headers } = await portal.get('/v1/insights?format=csv&theme=coverage&limit=1');
    expect(headers['content-disposition']).toBe(
      'attachment; filename="signpost-insights-2026-08-31-2026-11-29.csv"',
    );
    expect(headers['link']).toBe(
      '</v1/insights?format=csv&theme=coverage&limit=1&cursor=WyIyMDI2LTExLTI3Il0>; rel="next"',
    );
    expect((await portal.get('/v1/aggregates?format=csv')).headers['link']).toBeUndefined();
  });

  test('says in a header what it has no column for: names that nothing has', async () => {
    const message = 'No signal has the theme Fehler\u{1F4F6}ü\r\nset-cookie: x.';
    const notice = { field: 'theme', value: 'x', nearest: null, message };
    const long = { ...notice, message: 'é'.repeat(5000) };
    insights = { ...insights, notices: [long, notice] };
    const { headers } = await portal.get('/v1/insights?format=csv');
    insights = examples.insights;
    const told = String(headers['signpost-notices']);
    expect(told).toMatch(/^[ -~]+$/);
    expect(JSON.parse(told)).toEqual([{ field: 'theme', message }]);
    expect((await portal.get('/v1/insights?format=csv')).headers).not.toHaveProperty(
      'signpost-notices',
    );
  });
});

describe('Parquet', () => {
  const read = async (url: string) => {
    const { rawPayload, headers } = await portal.get(url, { 'accept-encoding': 'gzip' });
    expect(headers['content-encoding']).toBeUndefined();
    const file = rawPayload.buffer.slice(
      rawPayload.byteOffset,
      rawPayload.byteOffset + rawPayload.byteLength,
    ) as ArrayBuffer;
    return {
      rows: await parquetReadObjects({ file }),
      metadata: parquetMetadata(file),
      headers,
    };
  };

  test('keeps types, nulls and intervals', async () => {
    aggregates = {
      ...aggregates,
      rows: [
        { ...row, start: '2026-09-01T00:00:00.000Z' },
        { ...rowAt(null), opened: null, rate: null },
      ],
    };
    const { rows, metadata, headers } = await read('/v1/aggregates?format=parquet');
    expect(rows[0]).toMatchObject({
      start: new Date('2026-09-01'),
      opened: 57n,
      mean_sentiment: -0.42,
      rate_low: 2.35,
      suppressed: false,
      theme: 'coverage',
    });
    expect(rows[1]).toMatchObject({ place: null, opened: null, rate: null });
    const types = Object.fromEntries(
      parquetSchema(metadata).children.map(({ element }) => [
        element.name,
        [element.type, element.converted_type],
      ]),
    );
    expect(types).toMatchObject({
      start: ['INT64', 'TIMESTAMP_MILLIS'],
      place: ['BYTE_ARRAY', 'UTF8'],
      suppressed: ['BOOLEAN', undefined],
      opened: ['INT64', undefined],
      rate: ['DOUBLE', undefined],
    });
    expect(metadata.key_value_metadata).toContainEqual({
      key: 'signpost.notices',
      value: JSON.stringify(examples.aggregates.notices),
    });
    expect(metadata.key_value_metadata).toContainEqual({
      key: 'signpost.from',
      value: '2026-08-31T00:00:00.000Z',
    });
    expect(headers['content-disposition']).toContain('.parquet"');
    aggregates = examples.aggregates;
  });

  test('an answer without rows is a table all the same', async () => {
    insights = { ...insights, insights: [] };
    const { rows, metadata } = await read('/v1/insights?format=parquet');
    expect(rows).toEqual([]);
    expect(parquetSchema(metadata).children.map(({ element }) => element.name)).toContain('text');
    insights = examples.insights;
  });

  test('ranks are read back as they are in JSON', async () => {
    const { rows } = await read('/v1/areas/rank?format=parquet');
    expect(rows[0]).toMatchObject({
      rank: 1n,
      place: rank.places[0]!.place.key,
      score: 0.78,
      term_reach_value: 18_400,
      term_reach_points: 0.07,
    });
  });
});

interface Collection {
  readonly type: string;
  readonly unplaced: number;
  readonly features: readonly {
    readonly geometry: { readonly type: string; readonly coordinates: never } | null;
    readonly properties: Readonly<Record<string, unknown>>;
  }[];
}

/** Twice the area on the plane of degrees; positive when counterclockwise. */
function turning(ring: readonly (readonly number[])[]): number {
  return ring
    .slice(1)
    .reduce((sum, [x1, y1], i) => sum + ring[i]![0]! * y1! - x1! * ring[i]![1]!, 0);
}

describe('GeoJSON', () => {
  test('places are points, cells are outlines, and what has no place has no geometry', async () => {
    const cell = latLngToCell(18.52, 73.86, 6);
    aggregates = {
      ...aggregates,
      rows: [
        row,
        rowAt({ key: `h3-6:${cell}`, level: 'h3-6' }),
        rowAt({ lat: null, lon: null }),
        rowAt(null),
      ],
    };
    const answer = await portal.get('/v1/aggregates?format=geojson');
    const { type, features, unplaced } = answer.json<Collection>();
    expect(type).toBe('FeatureCollection');
    expect(unplaced).toBe(3);
    expect(features.map(({ geometry }) => geometry?.type)).toEqual([
      'Point',
      'Polygon',
      undefined,
      undefined,
    ]);
    expect(features[0]).toMatchObject({
      geometry: { coordinates: [-119.88, 36.79] },
      properties: { opened: 57, rate_low: 2.35, place_name: '93722' },
    });
    const [ring] = features[1]!.geometry!.coordinates as number[][][];
    expect(ring).toHaveLength(7);
    expect(ring![0]).toEqual(ring!.at(-1));
    expect(turning(ring!)).toBeGreaterThan(0);
    const corners = cellToBoundary(cell).map(([lat, lon]) => [lon.toFixed(5), lat.toFixed(5)]);
    expect(ring!.slice(0, -1).map((at) => at.map((one) => one.toFixed(5)))).toEqual(
      expect.arrayContaining(corners),
    );
    aggregates = examples.aggregates;
  });

  test('what is no cell has no outline', () => {
    expect(outlineOf('8f')).toBeNull();
  });

  test('cells on the antimeridian are cut there, and both parts are narrow and counterclockwise', () => {
    for (const lat of [-60, -17, 0, 52, 71]) {
      const outline = outlineOf(latLngToCell(lat, 180, 4))!;
      expect(outline.type).toBe('MultiPolygon');
      const parts = outline.coordinates as number[][][][];
      expect(parts).toHaveLength(2);
      for (const [ring] of parts) {
        const lons = ring!.map(([lon]) => lon!);
        expect(Math.max(...lons) - Math.min(...lons)).toBeLessThan(10);
        expect(Math.max(...lons.map(Math.abs))).toBe(180);
        expect(turning(ring!)).toBeGreaterThan(0);
        expect(ring![0]).toEqual(ring!.at(-1));
      }
    }
  });

  test('the cells around the poles reach them, over all longitudes', () => {
    for (const pole of [90, -90]) {
      const outline = outlineOf(latLngToCell(pole, 0, 4))!;
      const rings = (outline.type === 'Polygon' ? [outline.coordinates] : outline.coordinates).map(
        ([ring]) => ring!,
      );
      const points = rings.flat();
      expect(points.some(([, lat]) => lat === pole)).toBe(true);
      expect(Math.min(...points.map(([lon]) => lon!))).toBe(-180);
      expect(Math.max(...points.map(([lon]) => lon!))).toBe(180);
      for (const ring of rings) expect(turning(ring)).toBeGreaterThan(0);
    }
  });

  test('outlines everywhere cover the middle of their cell', () => {
    for (const cell of getRes0Cells().map((base) => cellToCenterChild(base, 4))) {
      const outline = outlineOf(cell)!;
      const [lat, lon] = cellToLatLng(cell);
      const rings = (outline.type === 'Polygon' ? [outline.coordinates] : outline.coordinates).map(
        ([ring]) => ring!,
      );
      expect(rings.some((ring) => isWithin([lon, lat], ring))).toBe(true);
    }
  });
});

/** By the parity of crossings. */
function isWithin([x, y]: readonly [number, number], ring: readonly number[][]): boolean {
  let inside = false;
  for (const [i, [x1, y1]] of ring.entries()) {
    const [x0, y0] = ring.at(i - 1)!;
    if (y1! > y !== y0! > y && x < x1! + ((y - y1!) * (x0! - x1!)) / (y0! - y1!)) inside = !inside;
  }
  return inside;
}

describe('tags and encodings', () => {
  test('what has not changed is not sent again', async () => {
    const first = await portal.get('/v1/areas/rank');
    const tag = String(first.headers['etag']);
    expect(tag).toMatch(/^"[\w-]{27}"$/);
    expect(first.headers['cache-control']).toBe('private, no-cache');
    for (const header of [tag, `W/${tag}`, `"other", ${tag}`, '*']) {
      const again = await portal.get('/v1/areas/rank', { 'if-none-match': header });
      expect([again.statusCode, again.body]).toEqual([304, '']);
      expect(again.headers['etag']).toBe(tag);
    }
    expect((await portal.get('/v1/areas/rank', { 'if-none-match': '"other"' })).statusCode).toBe(
      200,
    );
  });

  test('another content, form or encoding has another tag', async () => {
    const tagOf = async (url: string, headers = {}) =>
      (await portal.get(url, headers)).headers['etag'];
    aggregates = { ...aggregates, rows: Array.from({ length: 20 }, () => row) };
    const tags = [
      await tagOf('/v1/aggregates'),
      await tagOf('/v1/aggregates', { 'accept-encoding': 'gzip' }),
      await tagOf('/v1/aggregates', { 'accept-encoding': 'br, gzip' }),
      await tagOf('/v1/aggregates?format=csv'),
    ];
    aggregates = examples.aggregates;
    tags.push(await tagOf('/v1/aggregates'));
    expect(new Set(tags).size).toBe(5);
  });

  test('large answers are compressed as the caller takes it, small ones are not', async () => {
    aggregates = { ...aggregates, rows: Array.from({ length: 100 }, () => row) };
    const plain = (await portal.get('/v1/aggregates')).rawPayload;
    for (const [accept, encoding, unpack] of [
      ['gzip, deflate', 'gzip', gunzipSync],
      ['gzip, br', 'br', brotliDecompressSync],
      ['br;q=0, gzip;q=0.5', 'gzip', gunzipSync],
    ] as const) {
      const packed = await portal.get('/v1/aggregates', { 'accept-encoding': accept });
      expect(packed.headers['content-encoding']).toBe(encoding);
      expect(packed.rawPayload.length).toBeLessThan(plain.length / 4);
      expect(unpack(packed.rawPayload)).toEqual(plain);
    }
    const small = await portal.get('/v1/me', { 'accept-encoding': 'gzip' });
    expect(small.headers['content-encoding']).toBeUndefined();
    aggregates = examples.aggregates;
  });
});
