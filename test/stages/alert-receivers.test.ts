// Who is told of an alert: by department, theme, level, state and size, and to the end of what they were told of.
import { describe, expect, it } from 'vitest';
import type { Alert } from '#schemas/alert.ts';
import { receiversOf } from '../../services/alert/deliver/receivers.ts';
import { checkTargets, type Target } from '../../services/alert/deliver/targets.ts';
import { exampleAlert } from '../support/alert-notices.ts';

function targetsWith(...filters: readonly object[]): readonly Target[] {
  const targets = filters.map((filter, index) => ({
    name: `t${index}`,
    kind: 'slack',
    url: 'https://hooks.example/',
    filter,
  }));
  return checkTargets({ targets }, 'the targets', '.', {}).targets;
}

const told = (alert: Partial<Alert>, filter: object, before: readonly string[] = []) =>
  receiversOf({ ...exampleAlert, ...alert }, targetsWith(filter), new Set(before)).length === 1;

describe('a target', () => {
  it.each([
    [{}, true],
    [{ departments: ['operations'] }, true],
    [{ departments: ['marketing', 'customer-service'] }, true],
    [{ departments: ['marketing'] }, false],
    [{ themes: ['speed'] }, true],
    [{ themes: ['billing'] }, false],
    [{ levels: ['area', 'site'] }, true],
    [{ levels: ['everywhere'] }, false],
    [{ minCustomers: 57 }, true],
    [{ minCustomers: 58 }, false],
    [{ states: ['resolved'] }, false],
    [{ themes: ['speed'], levels: ['city'] }, false],
  ])('that asks for %j is told of the example: %s', (filter, expected) => {
    expect(told({}, filter)).toBe(expected);
  });

  it('that asks for everywhere is told of what is everywhere, and no country', () => {
    const everywhere = { place: 'everywhere', placeLevel: 'country' };
    expect(told(everywhere, { levels: ['everywhere'] })).toBe(true);
    expect(told(everywhere, { levels: ['country'] })).toBe(false);
  });

  it('is not told of what is silenced unless it asks', () => {
    expect(told({ state: 'suppressed' }, {})).toBe(false);
    expect(told({ state: 'suppressed' }, { states: ['suppressed'] })).toBe(true);
  });

  it('that was told of an incident is told of its end, however small it became', () => {
    const end = { state: 'resolved', customers: 3, themes: [] } as const;
    expect(told(end, { minCustomers: 10, themes: ['speed'] }, ['t0'])).toBe(true);
  });

  it('that was told of nothing is not told that it is over, unless ends are all it asks for', () => {
    expect(told({ state: 'resolved' }, {})).toBe(false);
    expect(told({ state: 'resolved' }, { states: ['resolved'] })).toBe(true);
  });
});
