// What `signpost archive replay` says to people when it is done.
import { expect, it } from 'vitest';
import { reportLines } from '../../services/cli/archive/replay/report.ts';

const same = (text: string): string => text;
const styles = {
  bold: same,
  dim: same,
  underline: same,
  red: same,
  green: same,
  yellow: same,
  cyan: same,
};
const asked = { dryRun: false, span: { from: null, to: null }, model: null, rows: 5 };

it.each([false, true])('topics that came back are not to be sent again (dry run: %s)', (dryRun) => {
  const topic = 'insights.shared.v1';
  const counts = { records: 5, expired: 2, there: 0, passedOver: 0 };
  const said = reportLines(
    {
      ...asked,
      dryRun,
      into: 'insights',
      way: 'restored',
      restored: [{ dataset: 'insights', topic, ...counts }],
      fresh: null,
    },
    styles,
  ).join('\n');
  expect(said).toContain('imported or sent again, it is there twice');
  expect(said).toContain('Import only files from after the last archived day');
  expect(said).toContain('ask for their erasure anew');
});

const tables = {
  ...asked,
  into: 'aggregates',
  days: 1,
  firstDay: '2026-11-22',
  lastDay: '2026-11-22',
  live: null,
} as const;
const finished = Date.UTC(2026, 10, 23);

it('what was rebuilt by an earlier run is not said to be rebuilt now', () => {
  const done = { rows: 5, fromTopics: 0, isResumed: true, finished };
  const said = reportLines({ ...tables, done }, styles).join('\n');
  expect(said).toContain('by an earlier run, and are in place since 2026-11-23T00:00:00.000Z');
  expect(said).toContain('Nothing was read again');
});

it('what an earlier run had left behind is said beside what was rebuilt anew', () => {
  const done = { rows: 5, fromTopics: 0, isResumed: false, finished };
  const [first, second] = reportLines({ ...tables, done }, styles);
  expect(first).toContain('aggregates are rebuilt from 5 rows');
  expect(second).toContain('2026-11-23T00:00:00.000Z, had left behind was dropped first');
});
