// The pure parts of Streams and Home: rows that wait, what the address asks for, events in pieces, bands of the picture.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseAddress } from '../../services/portal/pages/src/address/address.ts';
import { flowLayout, halvesOf, sidesOf } from '../../services/portal/pages/src/home/flow-layout.ts';
import { columnsOf, isPast, toggled } from '../../services/portal/pages/src/streams/asked.ts';
import {
  arrived,
  asked,
  begun,
  continued,
  cut,
  emptyColumn,
  mostWaiting,
  type Column,
} from '../../services/portal/pages/src/streams/column.ts';
import { createEventParser } from '../../services/portal/pages/src/streams/event-parser.ts';
import { examples } from '../../services/portal/http/examples.ts';

const [example] = examples.insights.insights;
const row = (id: string, thing = id) => ({ ...example!, id, thing });
const idsOf = (rows: readonly { readonly id: string }[]): string[] => rows.map(({ id }) => id);
const at = (text: string) => parseAddress(new URL(text, 'http://signpost.test'));

describe('rows of a feed', () => {
  const shown: Column = begun(emptyColumn, [row('b'), row('a')], 'older');

  test('wait until they are asked for', () => {
    const column = arrived(arrived(shown, row('c')), row('d'));
    expect(idsOf(column.shown)).toEqual(['b', 'a']);
    expect(idsOf(column.waiting)).toEqual(['d', 'c']);
    expect(idsOf(asked(column).shown)).toEqual(['d', 'c', 'b', 'a']);
  });

  test('are shown at once where there is nothing that could move', () => {
    expect(idsOf(arrived(begun(emptyColumn, [], null), row('c')).shown)).toEqual(['c']);
  });

  test('that came in while the first page was asked for are there once', () => {
    const early = arrived(arrived(emptyColumn, row('b')), row('c'));
    const column = begun(early, [row('b'), row('a')], null);
    expect(idsOf(column.shown)).toEqual(['b', 'a']);
    expect(idsOf(column.waiting)).toEqual(['c']);
    expect(idsOf(arrived(column, row('a')).waiting)).toEqual(['c']);
  });

  test('are replaced by what updates them, once that is asked for', () => {
    const column = arrived(shown, row('a-2', 'a'));
    expect(idsOf(column.shown)).toEqual(['b', 'a']);
    expect(idsOf(asked(column).shown)).toEqual(['a-2', 'b']);
    expect(idsOf(continued(asked(column), [row('a', 'a'), row('z')], null).shown)).toEqual([
      'a-2',
      'b',
      'z',
    ]);
  });

  test('beyond what is kept are asked for anew', () => {
    let column = shown;
    for (let index = 0; index <= mostWaiting; index++) column = arrived(column, row(`n${index}`));
    expect(column).toEqual(cut(shown));
    expect(arrived(column, row('later')).waiting).toEqual([]);
  });
});

describe('the address', () => {
  const known = ['billing', 'marketing', 'operations', 'planning'];

  test.each([
    ['/streams', 4, ['billing', 'marketing', 'operations']],
    ['/streams', 1, ['billing']],
    ['/streams?beside=planning,billing', 4, ['planning', 'billing']],
    ['/streams?beside=planning,billing', 1, ['planning']],
    ['/streams?beside=gone', 2, ['billing', 'marketing']],
    ['/streams?department=operations&beside=planning', 4, ['operations']],
  ])('%s where %i fit shows %j', (address, fit, columns) => {
    expect(columnsOf(at(address), known, fit)).toEqual(columns);
  });

  test('keeps at least one feed, and as many as fit', () => {
    expect(toggled(['billing'], 'billing', 3)).toBe('billing');
    expect(toggled(['billing', 'planning'], 'billing', 3)).toBe('planning');
    expect(toggled(['billing', 'planning'], 'operations', 2)).toBe('billing,operations');
    expect(toggled(['billing'], 'planning', 1)).toBe('planning');
  });

  test('of a range that has ended is not live', () => {
    const now = Date.parse('2026-11-29T12:00:00Z');
    expect(isPast(at('/streams?from=2026-10-01&to=2026-11-01'), now)).toBe(true);
    expect(isPast(at('/streams?from=2026-10-01&to=2026-12-01'), now)).toBe(false);
    expect(isPast(at('/streams?last=7d'), now)).toBe(false);
  });
});

test('events are the same in whatever pieces they come', () => {
  const text =
    ': comment\n\nevent: insight\nid: 5:7:6\ndata: {"text":"a\\n\\nb"}\n\nevent: beat\r\ndata: {}\r\n\r\nid: 8\n\n';
  const events = [
    { event: 'insight', id: '5:7:6', data: '{"text":"a\\n\\nb"}' },
    { event: 'beat', id: null, data: '{}' },
  ];
  fc.assert(
    fc.property(fc.array(fc.nat(text.length)), (cuts) => {
      const ends = [0, ...cuts.toSorted((a, b) => a - b), text.length];
      const parse = createEventParser();
      const heard = ends.slice(1).flatMap((end, index) => parse(text.slice(ends[index], end)));
      expect(heard).toEqual(events);
    }),
  );
});

test('bands fill their sources and departments, and none lies over another at its ends', () => {
  const count = fc.integer({ min: 0, max: 1000 });
  const flows = fc.uniqueArray(
    fc.record({
      source: fc.constantFrom('a', 'b', 'c'),
      department: fc.constantFrom('x', 'y', null),
      today: count,
      week: count,
    }),
    { selector: ({ source, department }) => `${source} ${department}` },
  );
  fc.assert(
    fc.property(flows, (given) => {
      const sum = (of: typeof given) => of.reduce((all, { week }) => all + week, 0);
      const layout = flowLayout(
        {
          flows: given,
          sources: ['a', 'b', 'c'].map((source) => {
            const week = sum(given.filter((flow) => flow.source === source));
            return { source, today: week, week };
          }),
          departments: ['x', 'y'].map((department) => {
            const week = sum(given.filter((flow) => flow.department === department));
            return { department, today: week, week, change: null };
          }),
        },
        'week',
      );
      expect(layout.bands.reduce((all, band) => all + band.count, 0)).toBe(sum(given));
      for (const [nodes, side, endOf] of [
        [layout.sources, 'source', 'from'],
        [layout.departments, 'department', 'to'],
      ] as const) {
        for (const node of nodes) {
          const own = layout.bands.filter((band) => (band[side] ?? '') === node.name);
          const thick = own.reduce((all, band) => all + band.thick, 0);
          expect(thick).toBeCloseTo(node.height, 6);
          let top = node.top;
          for (const band of own.toSorted((a, b) => a[endOf] - b[endOf])) {
            expect(band[endOf] - band.thick / 2).toBeCloseTo(top, 6);
            top += band.thick;
          }
          expect(top).toBeLessThanOrEqual(layout.height + 1e-6);
        }
      }
    }),
  );
});

test('names of sources that begin alike keep their ends where room is scarce', () => {
  expect(halvesOf('brindlewave-care')).toEqual(['brindlewave-', 'care']);
  expect(halvesOf('us-isp-complaints')).toEqual(['us-isp-compl', 'aints']);
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (name) => halvesOf(name).join('') === name),
  );
});

test('a department and its number have room within the page, on a telephone and on a desk', () => {
  for (const width of [288, 358, 639, 640, 1056]) {
    const { left, right } = sidesOf(width);
    expect(right).toBeGreaterThanOrEqual(Math.min(208, width * 0.4));
    expect(width - left - right).toBeGreaterThan(80);
  }
});
