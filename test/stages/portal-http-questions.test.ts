// What is asked of the query API: every parameter means what it says, and what is refused is named with what is allowed.
import * as fc from 'fast-check';
import { DatabaseError } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { SignpostError } from '#core/errors.ts';
import { QuestionRefused } from '../../services/portal/api/queries.ts';
import { writeCursor } from '../../services/portal/queries/pages.ts';
import { openPortal, type TestPortal } from '../support/portal.ts';

let portal: TestPortal;
let failure: unknown;
beforeAll(async () => {
  portal = await openPortal({
    portal: { requestsPerMinute: 1_000_000 },
    queries: {
      rank: async () => {
        throw failure;
      },
      place: async () => null,
      areaStatus: async () => null,
      nearestArea: async (_reader, { area }) => (area === 'Dale Fot' ? 'Dale Foot' : null),
    },
  });
});
afterAll(() => portal[Symbol.asyncDispose]());
beforeEach(() => void portal.asked.splice(0));

interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly field?: string;
}

async function refusal(url: string): Promise<Refusal & { readonly status: number }> {
  const answer = await portal.get(url);
  const { error } = answer.json<{ error: Refusal }>();
  return { status: answer.statusCode, ...error };
}
const questionAsked = () => portal.asked[0]?.rest.at(-1);

test('a question comes to the store checked, with its defaults', async () => {
  const { statusCode } = await portal.get(
    '/v1/aggregates?from=2026-09-01&to=2026-10-01T00:00:00%2B02:00&groupBy=area,theme&kind=ticket&kind=post&order=-rate',
  );
  expect(statusCode).toBe(200);
  expect(questionAsked()).toEqual({
    from: new Date('2026-09-01'),
    to: new Date('2026-09-30T22:00:00Z'),
    groupBy: ['area', 'theme'],
    kind: ['ticket', 'post'],
    bucket: 'none',
    order: '-rate',
    limit: 1000,
  });
});

test('a comma within a name stands after a backslash', async () => {
  await portal.get('/v1/aggregates?area=Washington%5C,%20DC,Reno');
  expect(questionAsked()).toMatchObject({ area: ['Washington, DC', 'Reno'] });
});

test('a place is asked for by a name that looks the same', async () => {
  await portal.get('/v1/aggregates?area=%20Harbour%20%20North%20&city=Cafe%CC%81');
  expect(questionAsked()).toMatchObject({ area: ['Harbour North'], city: ['Caf\u00e9'] });
  expect(await refusal('/v1/aggregates?area=%20')).toMatchObject({ status: 400, field: 'area' });
});

test('the key of a place is percent-encoded, however long it becomes', async () => {
  const key = `area:IN/${'महाराष्ट्र'.repeat(6)}/Pune/411001?x=1`;
  expect((await portal.get(`/v1/areas/${encodeURIComponent(key)}`)).statusCode).toBe(404);
  expect(portal.asked[0]).toMatchObject({ name: 'place', rest: [key, {}] });
});

describe('refused', () => {
  test.each([
    ['/v1/aggregates?bucket=dy', 'bucket', /one of none, hour, day, week, month; perhaps day/],
    ['/v1/aggregates?from=yesterday', 'from', /a moment .* or a day/],
    ['/v1/aggregates?from=2026-02-30', 'from', /a moment .* or a day/],
    ['/v1/aggregates?from=2026-03-01&to=2026-03-01', 'to', /after from/],
    ['/v1/aggregates?limit=0', 'limit', /at least 1/],
    ['/v1/aggregates?limit=10001', 'limit', /at most 10000/],
    ['/v1/aggregates?limit=many', 'limit', /a number/],
    ['/v1/aggregates?limit=1.5', 'limit', /a whole number/],
    ['/v1/aggregates?bucket=day&bucket=week', 'bucket', /once/],
    ['/v1/aggregates?from=2026-01-01&from=2026-02-01', 'from', /once/],
    ['/v1/aggregates?groupBy=area,theme,kind,region', 'groupBy', /at most 3 values/],
    ['/v1/aggregates?groupBy=arrea', 'groupBy', /of country, .*; perhaps area was meant/],
    ['/v1/aggregates?theme=', 'theme', /not be empty/],
    ['/v1/aggregates?theme=a%00b', 'theme', /control characters/],
    ['/v1/aggregates?h3=88', 'h3', /an H3 cell/],
    ['/v1/aggregates?department=planing', 'department', /perhaps planning was meant/],
    ['/v1/areas/rank?level=village', 'level', /one of country, region/],
    ['/v1/areas/rank?by=volume', 'by', /one of score, rate, lowerEnd, count/],
    ['/v1/insights?q=%20', 'q', /not be empty/],
    [`/v1/insights?q=${'x'.repeat(201)}`, 'q', /at most 200 characters/],
    ['/v1/area-status', 'area', /a postcode, or lat and lon/],
    ['/v1/area-status?lat=&lon=', 'lat', /a number/],
    ['/v1/area-status?lat=1&lon=%20', 'lon', /a number/],
    ['/v1/area-status?lat=1', 'lon', /must be said with lat/],
    ['/v1/area-status?lon=1', 'lat', /must be said with lon/],
    ['/v1/area-status?area=x&postcode=1', 'postcode', /beside an area/],
    ['/v1/area-status?postcode=1&lat=1&lon=1', 'lat', /beside a postcode/],
    ['/v1/area-status?lat=91&lon=0', 'lat', /at most 90/],
    ['/v1/insights?format=geojson', 'format', /one of json, csv, parquet/],
    ['/v1/me?format=csv', 'format', /one of json/],
  ])('%s names the parameter and what is allowed', async (url, field, message) => {
    const { message: said, ...rest } = await refusal(url);
    expect(rest).toMatchObject({ status: 400, code: 'invalid-parameter', field });
    expect(said).toMatch(message);
    expect(said).toMatch(new RegExp(`^${field} .*\\.$`));
    expect(portal.asked).toEqual([]);
  });

  test('several parameters are all told of', async () => {
    const { field, message } = await refusal('/v1/aggregates?limit=0&bucket=x&to=never');
    expect(field).toBe('to');
    expect(message).toMatch(/to must be .* bucket must be .* limit must be/);
  });

  test('unknown parameters, departments and cursors are told of beside others', async () => {
    expect(await refusal('/v1/aggregates?limit=-1&frm=2')).toMatchObject({
      code: 'unknown-parameter',
      field: 'frm',
      message: 'There is no parameter frm here. limit must be at least 1.',
      hint: expect.stringMatching(/^Did you mean from\?/),
    });
    const { code, message } = await refusal(
      '/v1/insights?format=cvs&cursor=zzz&limit=-1&department=planing',
    );
    expect(code).toBe('invalid-parameter');
    expect(message).toMatch(
      /limit must be .* department must be .* cursor must be `next` .* format must be/,
    );
    expect((await refusal('/v1/waves?from=2026-03-01&to=2026-02-01&h3=88')).message).toMatch(
      /h3 must be .* to must be after from/,
    );
    expect(portal.asked).toEqual([]);
  });

  test('an unknown parameter is told with the nearest one that there is', async () => {
    expect(await refusal('/v1/aggregates?groupby=area')).toMatchObject({
      status: 400,
      code: 'unknown-parameter',
      field: 'groupby',
      hint: expect.stringMatching(/^Did you mean groupBy\? There are from, to, /),
    });
    expect(await refusal('/v1/facets?theme=x')).toMatchObject({ field: 'theme' });
    expect(await refusal('/v1/me?x=1')).toMatchObject({ field: 'x' });
  });

  test.each(['__proto__', 'constructor', 'toString', 'a%0D%0Ab', '%1B[31m'])(
    'the parameter %s is as unknown as any',
    async (name) => {
      const { status, code, message } = await refusal(`/v1/waves?${name}=1`);
      expect({ status, code }).toEqual({ status: 400, code: 'unknown-parameter' });
      // eslint-disable-next-line no-control-regex
      expect(message).not.toMatch(/[\u0000-\u001f]/);
    },
  );

  test('places that nobody knows are 404', async () => {
    expect(await refusal('/v1/areas/area:XX')).toMatchObject({
      status: 404,
      code: 'place-unknown',
    });
    expect(await refusal('/v1/area-status?postcode=1')).toMatchObject({
      status: 404,
      field: 'postcode',
      message: 'There is no such place.',
      hint: expect.stringMatching(/by area .* postcode, .* lat and lon/),
    });
    expect(await refusal('/v1/area-status?area=Dale%20Fot')).toMatchObject({
      field: 'area',
      message: 'There is no such place; perhaps Dale Foot is meant.',
    });
  });

  test('a wrong method and a wrong address are told apart', async () => {
    const wrong = await portal.gateway.inject({ method: 'PUT', url: '/v1/aggregates' });
    expect([wrong.statusCode, wrong.headers['allow']]).toEqual([405, 'GET, HEAD']);
    expect((await portal.get('/v1/aggregate')).statusCode).toBe(404);
  });
});

describe('trouble of the store', () => {
  const canceled = Object.assign(new DatabaseError('canceling statement', 1, 'error'), {
    code: '57014',
  });

  test('a question that takes too long is told what to narrow', async () => {
    for (failure of [
      canceled,
      new SignpostError('store-unavailable', 'db.internal', { cause: canceled }),
    ]) {
      const answer = await portal.get('/v1/areas/rank');
      expect(answer.statusCode).toBe(503);
      expect(answer.headers['retry-after']).toBe('2');
      expect(answer.json()).toMatchObject({
        error: { code: 'too-slow', hint: expect.stringContaining('shorter range') },
      });
    }
  });

  test('a store that is away is 503, and its own words stay inside', async () => {
    failure = new SignpostError('store-unavailable', 'Cannot reach the database db.internal');
    const answer = await portal.get('/v1/areas/rank');
    expect(answer.statusCode).toBe(503);
    expect(answer.headers['retry-after']).toBe('2');
    expect(answer.body).toContain('store-unavailable');
    expect(answer.body).not.toContain('db.internal');
  });

  test('a cursor of another question is a refused parameter', async () => {
    failure = new QuestionRefused('cursor', 'must be next of the answer before');
    const [from, to] = [new Date('2026-01-01'), new Date('2026-02-01')];
    const cursor = writeCursor({}, { range: { from, to }, after: [1, 'x'] });
    expect(await refusal(`/v1/areas/rank?cursor=${cursor}`)).toMatchObject({
      status: 400,
      field: 'cursor',
      message: 'cursor must be next of the answer before.',
    });
  });

  test('a bug is 500 and says nothing of the inside', async () => {
    failure = new TypeError('secret is not a function');
    const answer = await portal.get('/v1/areas/rank');
    expect(answer.statusCode).toBe(500);
    expect(answer.body).not.toContain('secret');
  });
});

test('no query makes it answer 500, and what is refused is named', async () => {
  failure = new QuestionRefused('cursor', 'must be next of the answer before');
  const paths = ['aggregates', 'areas/rank', 'areas/x', 'waves', 'insights', 'area-status', 'me'];
  const names =
    'from to kind theme department h3 bucket groupBy order level by limit cursor q lat lon format'.split(
      ' ',
    );
  const values = [
    '',
    '2026-01-01',
    '9999-12-31T23:59:59Z',
    'area',
    '-1',
    '1e999',
    ',',
    '\\,',
    '\0',
    'json',
    'csv',
  ];
  const anyValue = fc.oneof(
    fc.constantFrom(...values),
    fc.string({ unit: 'binary', maxLength: 30 }),
  );
  const anyName = fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom(...names) },
    { weight: 1, arbitrary: fc.string() },
  );
  const pairs = fc.array(fc.tuple(anyName, anyValue), { maxLength: 5 });
  let answered = 0;
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...paths), pairs, async (path, given) => {
      const query = given.map((pair) => pair.map(encoded).join('=')).join('&');
      const answer = await portal.get(`/v1/${path}?${query}`);
      expect([200, 400, 404]).toContain(answer.statusCode);
      answered += answer.statusCode === 200 ? 1 : 0;
      const isNamed = answer.statusCode === 200 || /"field":"/.test(answer.body);
      expect(isNamed).toBe(true);
    }),
    { numRuns: 400 },
  );
  expect(answered).toBeGreaterThan(20);
});

/** Percent-encoded, lone surrogates as what is not Unicode. */
function encoded(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

test('nothing that was asked is ever logged', async () => {
  failure = new TypeError('x');
  await portal.get('/v1/areas/rank?area=Marker-words');
  await portal.get('/v1/insights?q=Marker-words&limit=x');
  expect(portal.logged()).toContain('a request failed');
  expect(portal.logged()).not.toContain('Marker-words');
});
