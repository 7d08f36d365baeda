// Pure parts of the Alerts page: the live list that does not jump, the chart's places, words.
import { describe, expect, test } from 'vitest';
import type { AlertRow } from '../../services/portal/alerts/answers.ts';
import { charted } from '../../services/portal/alerts/counts-by-hour.ts';
import { alertExamples } from '../../services/portal/http/alert-examples.ts';
import { bandFrame, hourTicks } from '../../services/portal/pages/src/alerts/band-frame.ts';
import { begun, continued, heardSince } from '../../services/portal/pages/src/alerts/live-list.ts';
import {
  aboutText,
  alertIn,
  alertPath,
  chanceText,
  lastedText,
  themesTitle,
} from '../../services/portal/pages/src/alerts/words.ts';

const alert = (id: string, state: AlertRow['state'], startedAt = '2026-11-29T06:00:00.000Z') => ({
  ...alertExamples.alerts.alerts[0]!,
  id,
  state,
  startedAt,
});
const ids = (alerts: readonly AlertRow[]) => alerts.map(({ id }) => id);

describe('the live list', () => {
  const older = '2026-11-20T06:00:00.000Z';
  const heard = {
    standing: [alert('mine', 'acknowledged'), alert('fire', 'firing', older)],
    over: [alert('past', 'resolved', older)],
  };

  test('begins with what fires', () => {
    expect(ids(begun(heard).standing)).toEqual(['fire', 'mine']);
  });

  test('moves nothing: a new alert waits, a known one changes where it stands', () => {
    const list = heardSince(begun(heard), {
      standing: [alert('new', 'firing'), alert('fire', 'acknowledged', older), heard.standing[0]!],
      over: heard.over,
    });
    expect(ids(list.standing)).toEqual(['fire', 'mine']);
    expect(list.standing[0]!.state).toBe('acknowledged');
    expect(list.waiting).toEqual(['new']);
  });

  test('an alert that is over stays in its row, as over', () => {
    const list = heardSince(begun(heard), {
      standing: [heard.standing[0]!],
      over: [alert('fire', 'resolved', older), ...heard.over],
    });
    expect(list.standing.map(({ id, state }) => [id, state])).toEqual([
      ['fire', 'resolved'],
      ['mine', 'acknowledged'],
    ]);
    expect(list.waiting).toEqual([]);
  });

  test('one that rises again waits, for it belongs above', () => {
    const list = heardSince(begun(heard), {
      standing: [...heard.standing, alert('past', 'reopened', older)],
      over: [],
    });
    expect(list.over[0]!.state).toBe('resolved');
    expect(list.waiting).toEqual(['past']);
  });

  test('where nothing is shown the first is shown at once', () => {
    const list = heardSince(begun({ standing: [], over: [] }), heard);
    expect(ids(list.standing)).toEqual(['fire', 'mine']);
    expect(list.waiting).toEqual([]);
  });

  test('older ones come below, each once, and are not new when a page moves', () => {
    const long = continued(begun(heard), [
      heard.over[0]!,
      alert('old', 'resolved', '2026-10-01T00:00:00.000Z'),
    ]);
    expect(ids(long.over)).toEqual(['past', 'old']);
    const moved = heardSince(begun(heard), {
      ...heard,
      over: [...heard.over, alert('old', 'resolved', '2026-10-01T00:00:00.000Z')],
    });
    expect(moved.waiting).toEqual([]);
  });
});

describe('counts of days', () => {
  const quarters = Array.from({ length: 200 }, (_, index) => ({
    start: new Date(Date.parse('2026-11-20T00:15:00Z') + index * 900_000).toISOString(),
    customers: 2,
    expected: index < 4 ? null : 1,
    low: index < 4 ? null : 0,
    high: index < 4 ? null : 3,
  }));

  test('are charted by whole hours, with the band of their sum', () => {
    const { counts, bucket } = charted(quarters);
    expect(bucket).toBe('hour');
    expect(counts[0]).toEqual({
      start: '2026-11-20T01:00:00.000Z',
      customers: 8,
      expected: null,
      low: null,
      high: null,
    });
    expect(counts[1]).toMatchObject({ customers: 8, expected: 4, low: 2, high: 8 });
    expect(counts).toHaveLength(49);
  });

  test('are left as they are where there are fewer than two days', () => {
    expect(charted(quarters.slice(0, 191))).toMatchObject({ bucket: 'quarter' });
    expect(charted(quarters.slice(0, 191)).counts).toHaveLength(191);
  });
});

describe('the chart', () => {
  const count = (start: string, customers: number) => ({
    start,
    customers,
    expected: 1,
    low: 0,
    high: 3,
  });
  const counts = [
    count('2026-11-29T22:00:00.000Z', 2),
    count('2026-11-29T22:15:00.000Z', 12),
    count('2026-11-30T02:00:00.000Z', 3),
  ];

  test('begins at zero and holds all counts and the band', () => {
    const frame = bandFrame(counts, [], 500, 200);
    expect(frame.y(0)).toBe(frame.bottom);
    expect(frame.y(12)).toBeGreaterThanOrEqual(frame.top);
    expect(frame.x(Date.parse(counts[0]!.start))).toBe(frame.left);
    expect(frame.x(Date.parse(counts[2]!.start))).toBe(frame.right);
    expect(frame.nearest(frame.right - 3)).toBe(2);
    expect(frame.band).toMatch(/Z$/);
  });

  test('has no band where nothing was judged', () => {
    const early = {
      ...count('2026-11-29T21:45:00.000Z', 1),
      expected: null,
      low: null,
      high: null,
    };
    const { band, line } = bandFrame([early, ...counts], [], 500, 200);
    expect(line.match(/[ML]/g)).toHaveLength(4);
    expect(band.match(/[ML]/g)).toHaveLength(6);
  });

  test('names at its end never cover each other', () => {
    for (const last of [0, 1, 2, 3, 4, 12]) {
      const { names, bottom } = bandFrame(
        [...counts.slice(0, 2), { ...counts[2]!, customers: last }],
        [],
        500,
        200,
      );
      expect(Math.abs(names.line - names.band)).toBeGreaterThanOrEqual(13.99);
      expect(Math.max(names.line, names.band)).toBeLessThanOrEqual(bottom + 5);
    }
  });

  test('one count alone is a dot, and events beyond it are left out', () => {
    const frame = bandFrame(
      [counts[1]!],
      [{ at: Date.parse('2026-11-30T12:00:00Z'), text: 'over' }],
      500,
      200,
    );
    expect(frame.dot).not.toBeNull();
    expect(frame.events).toEqual([]);
  });

  test('its hours are UTC, with the day where it begins', () => {
    const ticks = hourTicks(Date.parse(counts[0]!.start), Date.parse(counts[2]!.start), 5);
    expect(ticks.map(({ text }) => text)).toEqual([
      '29 Nov 22:00',
      '23:00',
      '30 Nov',
      '01:00',
      '02:00',
    ]);
  });
});

test('addresses name alerts, whatever their ids hold', () => {
  for (const id of ['qN7c0Zy3', 'a/b?c#d', '%', 'é']) expect(alertIn(alertPath(id))).toBe(id);
  expect(alertIn('/alerts')).toBeNull();
  expect(alertIn('/alerts/x/y')).toBeNull();
  expect(alertIn('/alerts/%')).toBe('%');
});

test('numbers and themes in words', () => {
  expect([3.6, 37.4, 1945, 12_345].map(aboutText)).toEqual(['4', '37', '1,900', '12,000']);
  expect([1e-9, 2e-4].map(chanceText)).toEqual(['below 1 in 1 million', '1 in 5,000']);
  expect([45, 200, 2880, 4500].map((minutes) => lastedText(minutes * 60_000))).toEqual([
    '45 min',
    '3 h 20 min',
    '2 days',
    '3 days 3 h',
  ]);
  expect(themesTitle(['tv-service', 'a-b', 'c-d', 'e-f', 'g-h'])).toBe(
    'TV service, A b, C d and 2 more',
  );
});
