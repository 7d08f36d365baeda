// When a place has good coverage by its customers' word, and when something is wrong there.
import { describe, expect, it } from 'vitest';
import { problemOf, qualityOf } from '../../services/portal/queries/status-rules.ts';

describe('coverage by surveys', () => {
  it.each([
    [20, 14, 'good'],
    [20, 13, 'mixed'],
    [20, 8, 'mixed'],
    [20, 7, 'poor'],
    [19, 19, null],
  ])('of %d answers with %d satisfied is %s', (answers, satisfied, quality) => {
    expect(qualityOf(answers, satisfied)).toBe(quality);
  });

  it('is not told of counts that are suppressed', () => {
    expect(qualityOf(25, 25, 30)).toBeNull();
    expect(qualityOf(30, 30, 30)).toBe('good');
  });
});

describe('a problem', () => {
  const since = new Date('2026-11-29T10:59:59Z');
  const told = (open: number, usual: number, theme = 'outage', suppressBelow = 5, knownDays = 28) =>
    problemOf({ theme, open, usual, knownDays, since }, suppressBelow);

  it('is one where chance alone would bring as many less than once in a thousand', () => {
    // Two days of thirty: P(X >= 5 | n = 5) = 15^-5. Of 25 with p = 1/15: P(X >= 6) = 0.00515, P(X >= 7) = 0.00096.
    expect(told(5, 0)).toEqual({
      subject: 'No service',
      since: '2026-11-29T10:00:00.000Z',
      reports: 'several',
    });
    expect(told(6, 19)).toBeNull();
    expect(told(7, 18)).not.toBeNull();
  });

  it('is compared with the days that are known, and never told of fewer than 14', () => {
    // Four a day: 8 now, and 28 in the seven days before; then 56 in fourteen.
    expect(told(8, 28, 'outage', 5, 7)).toBeNull();
    expect(told(8, 56, 'outage', 5, 14)).toBeNull();
    expect(told(100, 0, 'outage', 5, 13.9)).toBeNull();
    expect(told(30, 56, 'outage', 5, 14)).not.toBeNull();
    expect(told(5, 0, 'outage', 5, 14)).not.toBeNull();
  });

  it('is told as several or many, and not at all of fewer than five', () => {
    expect(told(4, 0)).toBeNull();
    expect(told(19, 0)?.reports).toBe('several');
    expect(told(20, 0)?.reports).toBe('many');
    expect(told(9, 0, 'outage', 10)).toBeNull();
    expect(told(5, 0, 'outage', 0)).not.toBeNull();
    expect(told(4, 0, 'outage', 0)).toBeNull();
  });

  it.each(['billing-error', 'price', 'brand-feeling', 'none', 'toString', '__proto__'])(
    'is never one of %s',
    (theme) => {
      expect(told(100, 0, theme)).toBeNull();
    },
  );
});
