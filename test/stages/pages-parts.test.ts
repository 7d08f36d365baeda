// The pure parts of the pages: addresses, time ranges, numbers in words, files, evidence.
import * as fc from 'fast-check';
import { parse } from 'csv-parse/sync';
import { describe, expect, test } from 'vitest';
import {
  changed,
  elsewhere,
  parseAddress,
} from '../../services/portal/pages/src/address/address.ts';
import { ignoredIn } from '../../services/portal/pages/src/address/ignored.ts';
import {
  parsePlaceKey,
  placeFilters,
  placeTitle,
} from '../../services/portal/pages/src/address/place-key.ts';
import { rangeAsked, rangeTitle } from '../../services/portal/pages/src/address/range.ts';
import { addressOf, listIn, listText } from '../../services/portal/pages/src/api/get.ts';
import { csvOf } from '../../services/portal/pages/src/show/csv.ts';
import { segmentsOf } from '../../services/portal/pages/src/show/evidence-segments.ts';
import {
  changeText,
  decimalText,
  intervalText,
  shareText,
} from '../../services/portal/pages/src/show/figures.ts';
import { paletteKeysOn } from '../../services/portal/pages/src/shell/palette-keys.ts';
import { poissonQuantile } from '../../services/portal/pages/src/show/poisson.ts';
import { numberTicks, timeTicks } from '../../services/portal/pages/src/show/ticks.ts';
import { parseKey, keyOf } from '../../services/portal/queries/place-keys.ts';

const at = (text: string) => {
  const url = new URL(text, 'http://signpost.test');
  return parseAddress(url);
};

test.each([
  ['Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/131.0.0.0 Safari/537.36', 'Ctrl K'],
  ['Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Edg/131.0.0.0', 'Ctrl K'],
  ['Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Safari/605.1.15', '⌘K'],
  ['Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15', '⌘K'],
])('on %s the palette opens by %s', (userAgent, keys) => {
  expect(paletteKeysOn(userAgent)).toBe(keys);
});

describe('addresses', () => {
  test('time range, place and department follow to another page; what is asked of one page alone does not', () => {
    const map = at('/map?last=28d&place=region:US/Ohio&department=planning&level=city&open=x');
    expect(elsewhere(map, '/streams', { q: 'no signal' })).toBe(
      '/streams?last=28d&place=region:US/Ohio&department=planning&q=no+signal',
    );
  });

  test('a change keeps what else is asked, and null takes a name away', () => {
    expect(changed(at('/map?level=city&open=x'), { open: null, theme: 'outage' })).toBe(
      '/map?level=city&theme=outage',
    );
  });

  test('what is none of what it may say is told, and the rest is not', () => {
    const { query } = at('/map?level=foo&measure=rate&from=zz&to=2026-11-01&last=12d&wave=Nope');
    expect(ignoredIn(query, { level: ['region', 'area'], measure: ['rate'] })).toEqual([
      { name: 'level', value: 'foo' },
      { name: 'from', value: 'zz' },
      { name: 'last', value: '12d' },
    ]);
    expect(ignoredIn(at('/streams?level=foo&last=28d&from=').query)).toEqual([]);
  });

  test('a list of names is read back as it was written, commas and all', () => {
    const names = fc.array(fc.string({ minLength: 1 }).filter((name) => !/\\/.test(name)));
    fc.assert(
      fc.property(names, (list) => {
        expect(listIn(listText(list))).toEqual(list);
      }),
    );
  });

  test('what is undefined or empty is not asked', () => {
    expect(addressOf('/v1/x', { a: undefined, b: [], c: '', d: ['x,y', 'z'] })).toBe(
      `/v1/x?d=${encodeURIComponent('x\\,y,z')}`,
    );
  });
});

describe('the time range', () => {
  const known = { from: '2026-01-05T10:00:00.000Z', to: '2026-11-29T04:00:00.000Z' };

  test('a preset ends with the day of the newest signal', () => {
    expect(rangeAsked(at('/?last=7d'), known)).toEqual({
      from: '2026-11-23T00:00:00.000Z',
      to: '2026-11-30T00:00:00.000Z',
    });
  });

  test('a preset does not begin before the first signal', () => {
    const young = { from: '2026-11-27T10:00:00.000Z', to: '2026-11-29T04:00:00.000Z' };
    expect(rangeAsked(at('/'), young)).toEqual(rangeAsked(at('/?last=all'), young));
  });

  test('everything is from the first day to the end of the last', () => {
    expect(rangeAsked(at('/?last=all'), known)).toEqual({
      from: '2026-01-05T00:00:00.000Z',
      to: '2026-11-30T00:00:00.000Z',
    });
  });

  test('days of the address win over a preset, and one of them may stand alone', () => {
    expect(rangeAsked(at('/?last=7d&from=2026-02-01'), known)).toEqual({
      from: '2026-02-01T00:00:00Z',
    });
  });

  test('an address that makes no sense asks for the usual range', () => {
    expect(rangeAsked(at('/?last=forever'), known)).toEqual(rangeAsked(at('/'), known));
    expect(rangeAsked(at('/?from=yesterday'), known)).toEqual({});
  });

  test('the title names the last day, not the exclusive end', () => {
    expect(rangeTitle(at('/?from=2026-02-01&to=2026-03-01'))).toBe('2026-02-01 – 2026-02-28');
  });
});

describe('keys of places', () => {
  test('every key of the API is read as the API reads it', () => {
    const name = fc.string({ minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(name, name, (country, region) => {
        const key = keyOf('region', [country, region]);
        expect(parsePlaceKey(key)?.path).toEqual(parseKey(key)?.parts);
        expect(placeFilters(key)).toEqual({ country: [country], region: [region] });
      }),
    );
  });

  test('a postcode is told apart by its country, an unknown country by nothing', () => {
    expect(placeFilters('postcode:US/94901')).toEqual({ country: ['US'], postcode: ['94901'] });
    expect(placeFilters('postcode:/94901')).toEqual({ postcode: ['94901'] });
  });

  test('an area is told apart by its name, and by its region where the key says it', () => {
    expect(placeFilters('area:Springfield')).toEqual({ area: ['Springfield'] });
    const filters = { country: ['US'], region: ['Oregon'], area: ['Springfield'] };
    expect(placeFilters('area:US/Oregon/Springfield')).toEqual(filters);
    expect(placeFilters('area://Springfield')).toEqual({ area: ['Springfield'] });
    expect(placeTitle('area:US/Oregon/Springfield')).toBe('Springfield');
  });

  test('what is no key filters nothing', () => {
    for (const key of [null, '', 'region', 'region:', 'planet:Mars', 'region:US']) {
      expect(placeFilters(key)).toEqual({});
    }
  });

  test('a country is called by its name', () => {
    expect(placeTitle('country:US')).toBe('United States');
    expect(placeTitle('area:Port Solano, West')).toBe('Port Solano, West');
  });
});

describe('numbers in words', () => {
  test.each([
    [0, '0'],
    [0.034, '0.034'],
    [0.6, '0.60'],
    [3.14, '3.1'],
    [3, '3'],
    [57.4, '57'],
    [1234.5, '1,235'],
    [-31, '−31'],
  ])('%d is %s', (value, text) => expect(decimalText(value)).toBe(text));

  test('shares and changes say their unit once', () => {
    expect(intervalText({ low: 0.24, high: 0.38 }, shareText)).toBe('24–38\u00a0%');
    expect(intervalText({ low: 0.59, high: 0.8 }, changeText)).toBe('−41 to −20\u00a0%');
    expect(intervalText({ low: 2.4, high: 4.02 })).toBe('2.4–4.0');
  });
});

describe('files', () => {
  test('a cell reads back as what it was, and none begins a formula', () => {
    const cell = fc.oneof(
      fc.string(),
      fc.constantFrom('=1+1', '@x', '-2', '+3', '\t=4', 'a\r\n"b"'),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell), { minLength: 1 }), (rows) => {
        const text = csvOf(
          [
            { title: 'a', of: ([a]) => a },
            { title: 'b', of: ([, b]) => b },
          ],
          rows,
        );
        const read: string[][] = parse(text, { record_delimiter: '\r\n' });
        const guarded = (value: string) => (/^[=+\-@\t\r]/.test(value) ? `'${value}` : value);
        expect(read.slice(1)).toEqual(rows.map((row) => row.map(guarded)));
        for (const each of read.flat()) expect(each).not.toMatch(/^[=+\-@\t\r]/);
      }),
    );
  });
});

describe('evidence in a text', () => {
  const evidence = fc.record({
    department: fc.constantFrom('planning', 'operations'),
    text: fc.string(),
    weight: fc.double({ noNaN: true }),
    start: fc.option(fc.integer({ min: -3, max: 40 })),
    end: fc.option(fc.integer({ min: -3, max: 40 })),
  });

  test('the segments are the text, whatever the evidence says of its place', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 30 }), fc.array(evidence), (text, spoke) => {
        const segments = segmentsOf(text, spoke);
        expect(segments.map((segment) => segment.text).join('')).toBe(text);
      }),
    );
  });

  test('words that spoke for two departments are underlined for both', () => {
    const one = { text: '', weight: 1 };
    const segments = segmentsOf('no signal here', [
      { ...one, department: 'planning', start: 0, end: 9 },
      { ...one, department: 'operations', start: 3, end: 14 },
    ]);
    expect(segments.map(({ text, spoke }) => [text, spoke.map((each) => each.department)])).toEqual(
      [
        ['no ', ['planning']],
        ['signal', ['planning', 'operations']],
        [' here', ['operations']],
      ],
    );
  });
});

describe('charts', () => {
  test('ticks are round, begin at 0 and reach the largest value', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-6, max: 1e9, noNaN: true }), (most) => {
        const ticks = numberTicks(most);
        expect(ticks[0]).toBe(0);
        expect(ticks.at(-1)).toBeGreaterThanOrEqual(most * (1 - 1e-9));
        expect(ticks.length).toBeLessThanOrEqual(6);
      }),
    );
  });

  test('an axis of time has no more ticks than there is room for, all within it', () => {
    const start = Date.UTC(2024, 10, 30);
    for (const days of [1, 6, 30, 90, 365, 730, 4000]) {
      const ticks = timeTicks(start, start + days * 86_400_000, 8);
      expect(ticks.length).toBeGreaterThan(0);
      expect(ticks.length).toBeLessThanOrEqual(9);
      for (const tick of ticks) expect(tick.at).toBeGreaterThanOrEqual(start);
    }
  });

  // Quantiles summed up in full; of large means one off is the promise.
  test('the expected band is of the Poisson distribution', () => {
    expect([poissonQuantile(10, 0.005), poissonQuantile(10, 0.995)]).toEqual([3, 19]);
    expect(poissonQuantile(0.7, 0.995)).toBe(4);
    expect(Math.abs(poissonQuantile(900, 0.005) - 824)).toBeLessThanOrEqual(1);
    expect(Math.abs(poissonQuantile(900, 0.995) - 978)).toBeLessThanOrEqual(1);
  });
});
