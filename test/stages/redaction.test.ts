// What the redactor promises: the table, idempotence, nothing outside a find touched, bounded work.
import { array, assert, constantFrom, oneof, property, string } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRedactor } from '../../services/normalize/redact.ts';
import { redactionTypes } from '../../services/normalize/redaction/span.ts';
import { positiveCases, type RedactionCase } from './redaction.cases.ts';
import { negativeCases } from './redaction-negatives.cases.ts';

const redactors = new Map(
  (['US', 'KE', 'ES', 'DE', 'GB'] as const).map((region) => [region, createRedactor({ region })]),
);
const redact = (item: Pick<RedactionCase, 'text' | 'region'>) =>
  redactors.get(item.region ?? 'US')!(item.text);

describe('the table of cases', () => {
  test.each(positiveCases.filter(({ knownMiss }) => knownMiss === undefined))(
    'redacts $text',
    (item) => {
      expect(redact(item).text).toBe(item.expected);
    },
  );

  test.each(negativeCases.filter(({ knownMiss }) => knownMiss === undefined))(
    'keeps $text',
    (item) => {
      expect(redact(item)).toEqual({ text: item.text, counts: null });
    },
  );

  test('a known miss that is found now is to be taken off the list of misses', () => {
    const healed = [...positiveCases, ...negativeCases].filter(
      (item) => item.knownMiss !== undefined && redact(item).text === item.expected,
    );
    expect(healed).toEqual([]);
  });

  test('holds at least ten finds of every type', () => {
    for (const type of redactionTypes) {
      const finds = positiveCases.filter(({ expected }) => expected.includes(`[${type}]`));
      expect({ type, enough: finds.length >= 10 }).toEqual({ type, enough: true });
    }
  });
});

const cues = [
  'my name is',
  'call',
  'ticket',
  '[phone]',
  '[name]',
  ' ',
  '-',
  '.',
  '+',
  '(',
  '12',
  '@',
];
const words = constantFrom(...cues, ...positiveCases.concat(negativeCases).map(({ text }) => text));
const hostile = array(oneof(words, string({ unit: 'binary', maxLength: 12 })), {
  maxLength: 6,
}).chain((parts) => constantFrom('', ' ', ', ').map((glue) => parts.join(glue)));

test('redacting a redacted text changes nothing', () => {
  assert(
    property(hostile, (text) => {
      const once = redact({ text }).text;
      expect(redact({ text: once })).toEqual({ text: once, counts: null });
    }),
    { numRuns: 2_000 },
  );
});

test('the counts are those of the placeholders added', () => {
  const { text, counts } = redact({ text: '[phone] 212-555-0123, 303-555-0142, a@example.com' });
  expect(text).toBe('[phone] [phone], [phone], [email]');
  expect(counts).toMatchObject({ phone: 2, email: 1, card: 0 });
});

test('whatever stands outside a find is left as it was, disguised characters too', () => {
  const { text } = redact({
    text: 'caf\u00e9\u200b \u2014 ５ bars \ud83d\ude00 212\u2011555\u20110123 \u00ad!',
  });
  expect(text).toBe('caf\u00e9\u200b \u2014 ５ bars \ud83d\ude00 [phone] \u00ad!');
});

test('a lone surrogate, NUL or a bidirectional override breaks nothing', () => {
  expect(redact({ text: '\ud800 212-555-0123 \u0000' }).text).toBe('\ud800 [phone] \u0000');
  expect(redact({ text: '\u202e212-555-0123\u202c' }).text).toContain('[phone]');
});

test('a region that does not exist is refused', () => {
  expect(() => createRedactor({ region: 'XX' })).toThrow(/country/i);
});

// Growth, not time: twice the text may take twice as long, and noise half as much again; the square
// of it would take sixteen times as long at four times the length. What other processes take of the time is not counted.
test.each(
  ['1', '1 ', '12 ', '22 ', '212 ', '1-', 'a@', 'a.', '12 oak ', '12 oak st ', 'av a 1 ', 'DE89 ']
    .concat([
      'my name is ',
      'I am John Smith ',
      'this is Xi Yo ',
      "I'm De La ",
      'regards ',
      'thanks, ',
      'im sam ',
      'they call me Sam ',
      '4111 1111\n',
      '1 \n',
      'Ngong Road ',
      '2125551234 ',
      'x at y dot ',
      'ab:',
      '"@',
      '+1 ',
      '(1)',
    ])
    .concat(['12:', 'calle a ', 'strasse ', '٣', '\u200b1', 'mac ', '1.', 'https://a/1234567890?']),
)('the work on %j repeated grows no faster than its length', (unit) => {
  const measure = (size: number) => {
    const text = unit.repeat(size / unit.length);
    let best = Infinity;
    for (let round = 0; round < 3; round += 1) {
      const before = process.threadCpuUsage();
      redact({ text });
      const { user, system } = process.threadCpuUsage(before);
      best = Math.min(best, (user + system) / 1000);
    }
    return best;
  };
  measure(10_000);
  const small = measure(25_000);
  const large = measure(100_000);
  expect(large).toBeLessThan(Math.max(6, small) * 10);
});
