// Which days of a finished wave are compared, and what a comparison says.
import { describe, expect, it } from 'vitest';
import {
  comparedDays,
  middleDay,
  verdictOf,
  windowsAround,
} from '../../services/portal/queries/wave-effect.ts';
import { wavesOf, type Wave } from '../../services/portal/queries/wave-plan.ts';

const day = (text: string): number => Date.parse(`${text}T00:00:00Z`);
const finished = (...days: readonly string[]): Wave =>
  wavesOf(
    days.map((finishedOn, i) => ({
      wave: 'W',
      area: `A${i}`,
      technology: '5G',
      plannedOn: '2026-01-01',
      finishedOn,
    })),
  )[0]!;

describe('the days compared', () => {
  const known = { from: day('2026-01-01'), to: day('2026-11-28') };

  it.each([
    ['2026-11-19', 7, 'eight days are one week'],
    ['2026-11-20', 7, 'seven days are one week, the newest day not among them'],
    ['2026-11-21', 0, 'six days are too few'],
    ['2026-09-04', 84, 'twelve weeks are the most'],
    ['2026-01-20', 14, 'there are no more days before'],
    ['2026-01-05', 0, 'there is no week before'],
  ])('of a wave finished on %s are %d: %s', (finishedOn, days) => {
    expect(comparedDays(finished(finishedOn), known)).toBe(days);
  });

  it('are those that the first and the last of its areas have', () => {
    expect(comparedDays(finished('2026-10-01', '2026-11-10'), known)).toBe(14);
    expect(comparedDays(finished('2026-01-10', '2026-06-01'), known)).toBe(7);
  });

  it('are as many before as after, without the day of work', () => {
    expect(windowsAround('2026-11-10', 14)).toEqual({
      beforeFrom: day('2026-10-27'),
      beforeTo: day('2026-11-10'),
      afterFrom: day('2026-11-11'),
      afterTo: day('2026-11-25'),
    });
  });

  it('of other areas are around the day by which half of the wave was finished', () => {
    expect(middleDay(finished('2026-03-01'))).toBe('2026-03-01');
    expect(middleDay(finished('2026-05-01', '2026-03-01', '2026-04-01'))).toBe('2026-04-01');
    expect(middleDay(finished('2026-05-01', '2026-03-01'))).toBe('2026-03-01');
  });
});

describe('the verdict', () => {
  it.each([
    [{ low: 0.4, high: 0.9 }, { low: 0.95, high: 1.1 }, 'fewer'],
    [{ low: 0.4, high: 0.9 }, { low: 0.5, high: 0.7 }, 'no-clear-change'],
    [{ low: 0.4, high: 1.01 }, { low: 1.2, high: 1.3 }, 'no-clear-change'],
    [{ low: 1.2, high: 2 }, { low: 0.8, high: 1.1 }, 'more'],
    [{ low: 1.2, high: 2 }, { low: 1.3, high: 1.6 }, 'no-clear-change'],
    [{ low: 0.4, high: 0.9 }, null, 'fewer'],
    [null, { low: 0.8, high: 1.1 }, 'no-clear-change'],
  ] as const)('of %j beside %j is %s', (ratio, elsewhere, verdict) => {
    expect(verdictOf(ratio, elsewhere)).toBe(verdict);
  });
});
