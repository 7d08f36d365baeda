// Times of import files: each form, each refusal, and the hours that clock changes skip or repeat.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createTimeReader, isPlausible } from '../../services/gateway/mapping/time.ts';
import { isZone, toUtc } from '../../services/gateway/mapping/zone.ts';

function read(format: string, text: string, zone?: string): string {
  const found = createTimeReader(format).read(text, zone);
  return typeof found === 'number' ? new Date(found).toISOString() : found;
}

describe('forms', () => {
  test.each([
    ['iso', '2015-04-01T00:18:47Z', undefined, '2015-04-01T00:18:47.000Z'],
    ['iso', '2015-04-01 00:18:47z', undefined, '2015-04-01T00:18:47.000Z'],
    ['iso', '2015-04-01T00:18:47.5+05:30', undefined, '2015-03-31T18:48:47.500Z'],
    ['iso', '2015-04-01T00:18:47.123456789-0330', undefined, '2015-04-01T03:48:47.123Z'],
    ['iso', '2015-04-01T00:18+02', undefined, '2015-03-31T22:18:00.000Z'],
    ['iso', '2015-04-01T00:18', 'UTC', '2015-04-01T00:18:00.000Z'],
    ['iso', '2015-04-01T00:18:47', 'America/Chicago', '2015-04-01T05:18:47.000Z'],
    ['iso', '2025-09-18', 'Africa/Nairobi', '2025-09-18T00:00:00.000Z'],
    ['iso', '2019-09', 'Asia/Kolkata', '2019-09-01T00:00:00.000Z'],
    ['iso', '2019-09-18', 'America/Chicago', '2019-09-18T00:00:00.000Z'],
    ['yyyy-MM-dd XXX', '2019-09-18 +05:30', undefined, '2019-09-18T00:00:00.000Z'],
    ['iso', '2015-04-01T00:18:47', '-03:00', '2015-04-01T03:18:47.000Z'],
    ['iso', '2024-02-29T00:00:00Z', undefined, '2024-02-29T00:00:00.000Z'],
    ['epoch-seconds', '1427865527', undefined, '2015-04-01T05:18:47.000Z'],
    ['epoch-seconds', '1427865527.25', undefined, '2015-04-01T05:18:47.250Z'],
    ['epoch-milliseconds', '1427865527000', undefined, '2015-04-01T05:18:47.000Z'],
    [
      'EEE MMM dd HH:mm:ss Z yyyy',
      'Tue Aug 15 12:03:54 +0000 2017',
      undefined,
      '2017-08-15T12:03:54.000Z',
    ],
    ["yyyy-MM-dd'T'HH:mm:ss", '2015-04-01T00:18:47', 'UTC', '2015-04-01T00:18:47.000Z'],
    [
      "yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
      '2015-04-01T00:18:47.120+01:00',
      undefined,
      '2015-03-31T23:18:47.120Z',
    ],
    ['d/M/yyyy H:mm', '1/4/2015 9:05', 'Europe/Madrid', '2015-04-01T07:05:00.000Z'],
    ['MM/dd/yyyy hh:mm:ss a', '04/01/2015 12:00:00 AM', 'UTC', '2015-04-01T00:00:00.000Z'],
    ['M/d/yyyy h:mm a', '4/1/2015 12:30 pm', 'UTC', '2015-04-01T12:30:00.000Z'],
    ['EEEE, d MMMM yyyy', 'Wednesday, 1 April 2015', 'UTC', '2015-04-01T00:00:00.000Z'],
    ["dd MMM yyyy 'at' HH'h'''mm", "01 apr 2015 at 10h'30", 'UTC', '2015-04-01T10:30:00.000Z'],
    ['yyyyMMddHHmmss', '20150401001847', 'UTC', '2015-04-01T00:18:47.000Z'],
  ])('%s reads %s (%s)', (format, text, zone, expected) => {
    expect(read(format, text, zone)).toBe(expected);
  });

  test.each([
    ['iso', '2015-04-01T00:18:47', undefined, 'time-without-zone'],
    ['iso', '2015-04-01', undefined, 'time-without-zone'],
    ['yyyy-MM', '2015-04', undefined, 'time-without-zone'],
    ['iso', '2015-02-29', 'UTC', 'invalid-time'],
    ['iso', '1900-02-29', 'UTC', 'invalid-time'],
    ['iso', '2015-13', 'UTC', 'invalid-time'],
    ['iso', '2015-00-10', 'UTC', 'invalid-time'],
    ['iso', '2015-04-31T00:00:00Z', undefined, 'invalid-time'],
    ['iso', '2015-04-01T24:00:00Z', undefined, 'invalid-time'],
    ['iso', '2015-04-01T00:60:00Z', undefined, 'invalid-time'],
    ['iso', '2015-04-01T00:00:00+19:00', undefined, 'invalid-time'],
    ['iso', '2015-04-01T00:00:00+05:61', undefined, 'invalid-time'],
    ['iso', '2015-04-01T00:00:00.Z', undefined, 'invalid-time'],
    ['iso', '2015-04-01T00:00:00Zx', undefined, 'invalid-time'],
    ['iso', '0095-04-01', 'UTC', 'invalid-time'],
    ['iso', '２０１５-04-01', 'UTC', 'invalid-time'],
    ['iso', '01/04/2015', 'UTC', 'invalid-time'],
    ['iso', '', 'UTC', 'invalid-time'],
    ['epoch-seconds', '1e9', undefined, 'invalid-time'],
    ['epoch-seconds', '0x10', undefined, 'invalid-time'],
    ['EEE yyyy-MM-dd', 'Mon 2015-04-01', 'UTC', 'invalid-time'],
    ['MM/dd/yyyy', '15/04/2015', 'UTC', 'invalid-time'],
    ['M/d/yyyy h:mm a', '4/1/2015 13:30 pm', 'UTC', 'invalid-time'],
    ['d MMM yyyy', '1 Avr 2015', 'UTC', 'invalid-time'],
  ])('%s refuses %s (%s): %s', (format, text, zone, expected) => {
    expect(read(format, text, zone)).toBe(expected);
  });

  test.each([
    ['YYYY-MM-dd', /"YYYY" is no time token/],
    ['yy-MM-dd', /"yy" is no time token/],
    ['dd/MM', /needs yyyy/],
    ['yyyy HH:mm', /needs yyyy and a month/],
    ['yyyy-MM HH:mm', /hours but no day/],
    ['yyyy-MM-dd hh:mm', /both h and a/],
    ['yyyy-MM-dd HH:mm a', /both h and a/],
    ["yyyy-MM-dd 'T", /not closed/],
  ])('the pattern %s is refused', (pattern, message) => {
    expect(() => createTimeReader(pattern)).toThrow(message);
  });

  test.each([
    ['iso', '2019-09', 'month'],
    ['iso', '2019-09-18', 'day'],
    ['iso', '2019-09-18T10:00', 'instant'],
    ['yyyy-MM', '2019-09', 'month'],
    ['d.M.yyyy', '1.9.2019', 'day'],
    ['epoch-seconds', '1427865527', 'instant'],
  ])('%s tells that %s is a %s', (format, text, precision) => {
    const reader = createTimeReader(format);
    reader.read(text, 'UTC');
    expect(reader.precision()).toBe(precision);
  });
});

describe('zones', () => {
  test('a local time that occurs twice is the first of the two', () => {
    expect(read('iso', '2025-10-26T02:30:00', 'Europe/Madrid')).toBe('2025-10-26T00:30:00.000Z');
    expect(read('iso', '2025-11-02T01:30:00', 'America/New_York')).toBe('2025-11-02T05:30:00.000Z');
  });

  test('a local time that is skipped is moved on by the change', () => {
    expect(read('iso', '2025-03-30T02:30:00', 'Europe/Madrid')).toBe('2025-03-30T01:30:00.000Z');
    expect(read('iso', '2025-03-09T02:30:00', 'America/New_York')).toBe('2025-03-09T07:30:00.000Z');
    // Midnight itself is skipped here: the day starts at one o'clock.
    expect(read('iso', '2018-11-04T00:00', 'America/Sao_Paulo')).toBe('2018-11-04T03:00:00.000Z');
  });

  test('a change by half an hour is known', () => {
    expect(read('iso', '2025-04-06T01:45:00', 'Australia/Lord_Howe')).toBe(
      '2025-04-05T14:45:00.000Z',
    );
    expect(read('iso', '2025-04-06T02:15:00', 'Australia/Lord_Howe')).toBe(
      '2025-04-05T15:45:00.000Z',
    );
  });

  test('a day that a zone left out altogether moves to the next', () => {
    expect(read('iso', '2011-12-30T12:00:00', 'Pacific/Apia')).toBe('2011-12-30T22:00:00.000Z');
  });

  test('unknown zones are told from known ones', () => {
    expect(['Africa/Nairobi', 'UTC', '+05:30', 'Mars/Olympus', ''].map(isZone)).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
  });

  test('every instant survives the way to local time and back, but for the repeated hour', () => {
    const zones = [
      'America/New_York',
      'Europe/Madrid',
      'Australia/Lord_Howe',
      'Asia/Kolkata',
      'Africa/Casablanca',
      'Pacific/Apia',
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.integer({ min: Date.UTC(1990, 0, 2) / 1000, max: Date.UTC(2037, 0, 1) / 1000 }),
        (zone, seconds) => {
          const utcMs = seconds * 1000;
          const back = toUtc(localOf(utcMs, zone), zone);
          // Either the same instant, or the earlier one with the same local time.
          expect(localOf(back, zone)).toBe(localOf(utcMs, zone));
          expect(back).toBeLessThanOrEqual(utcMs);
          expect(utcMs - back).toBeLessThanOrEqual(3_600_000);
        },
      ),
      { numRuns: 2000 },
    );
  });
});

/** The platform's own conversion, as the oracle. */
function localOf(utcMs: number, zone: string): number {
  const text = new Intl.DateTimeFormat('sv-SE', {
    timeZone: zone,
    dateStyle: 'short',
    timeStyle: 'medium',
  }).format(utcMs);
  return Date.parse(`${text.replace(' ', 'T')}Z`);
}

test('a time is plausible from 1990 on', () => {
  const latestMs = Date.UTC(2026, 0, 2);
  expect(isPlausible(Date.UTC(1990, 0, 1), latestMs)).toBe(true);
  expect(isPlausible(Date.UTC(1990, 0, 1) - 1, latestMs)).toBe(false);
  expect(isPlausible(latestMs, latestMs)).toBe(true);
  expect(isPlausible(latestMs + 1, latestMs)).toBe(false);
});
