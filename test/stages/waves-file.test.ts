// A file of rollout waves: what it may say, and what is told of one that is wrong.
import { describe, expect, it } from 'vitest';
import { changeOf } from '../../services/portal/waves/change.ts';
import { recognise } from '../../services/portal/waves/known-areas.ts';
import type { PlannedArea, PlanLine } from '../../services/portal/waves/plan.ts';
import { maxPlanBytes, maxPlanLines, readWaves } from '../../services/portal/waves/read-waves.ts';

const now = Date.parse('2026-11-29T12:00:00Z');
const read = (text: string) => readWaves(Buffer.from(text), now);
const header = 'area,wave,technology,planned,finished\n';
/** `line column reason` of each flaw. */
const flawsOf = (text: string): string[] => {
  const plan = read(text);
  return plan.ok
    ? []
    : plan.flaws.map(({ line, column, reason }) => `${line} ${column ?? '-'} ${reason}`);
};
const lineOf = (text: string, wanted = 0): PlanLine | undefined => {
  const plan = read(text);
  return plan.ok ? plan.lines[wanted] : undefined;
};

describe('a plan', () => {
  it('is its lines, with the line each stands on', () => {
    expect(
      read(
        `${header}Old Mint,Wave 1,5G,2026-03-01,2026-04-02\nAirfield,Wave 2,fibre,2027-01-05,\n`,
      ),
    ).toEqual({
      ok: true,
      passedOver: [],
      lines: [
        {
          line: 2,
          area: 'Old Mint',
          wave: 'Wave 1',
          technology: '5G',
          plannedOn: '2026-03-01',
          finishedOn: '2026-04-02',
        },
        {
          line: 3,
          area: 'Airfield',
          wave: 'Wave 2',
          technology: 'fibre',
          plannedOn: '2027-01-05',
          finishedOn: null,
        },
      ],
    });
  });

  it.each([
    ['with date for planned and without finished', 'area,wave,technology,date\nA,1,5G,2026-03-01'],
    ['with columns in another order and case', 'Wave, Planned ,AREA,Technology\n1,2026-03-01,A,5G'],
    ['with semicolons', 'area;wave;technology;date\nA;1;5G;2026-03-01'],
    ['with tabs', 'area\twave\ttechnology\tdate\nA\t1\t5G\t2026-03-01'],
    ['with a byte order mark and CRLF', '\ufeffarea,wave,technology,date\r\nA,1,5G,2026-03-01\r\n'],
    ['with empty lines and rows of a spreadsheet', `${header}\nA,1,5G,2026-03-01,\n,,,,\n`],
  ])('is read %s', (_name, text) => {
    expect(lineOf(text)).toMatchObject({
      area: 'A',
      wave: '1',
      technology: '5G',
      plannedOn: '2026-03-01',
      finishedOn: null,
    });
  });

  it('keeps separators and quotes of a name, and its letters in one form', () => {
    expect(lineOf(`${header}"Mint, ""Old""", Wave 1 ,5G,2026-03-01,`)?.area).toBe('Mint, "Old"');
    expect(lineOf(`${header}Cafe\u0301,1,5G,2026-03-01,`)?.area).toBe('Caf\u00e9');
  });

  it('tells the columns that mean nothing', () => {
    const plan = read('area,wave,technology,date,budget\nA,1,5G,2026-03-01,9');
    expect(plan).toMatchObject({ ok: true, passedOver: ['budget'] });
  });
});

describe('a plan is refused as a whole', () => {
  it.each([
    ['an empty file', '', ['1 - column-missing']],
    ['a header alone', header, ['1 - no-lines']],
    [
      'missing columns',
      'area,wave\nA,1',
      ['1 technology column-missing', '1 planned column-missing'],
    ],
    [
      'two names of one column',
      'area,wave,technology,date,planned\nA,1,5G,2026-03-01,2026-03-01',
      ['1 planned column-twice'],
    ],
    ['too few cells', `${header}A,1,5G\nB,1,5G,2026-03-01,`, ['2 - cells']],
    ['an open quote', `${header}"A,1,5G,2026-03-01,`, ['2 - quotes']],
    [
      'empty cells, each by itself',
      `${header} ,1,,2026-03-01,\nB,,5G,,`,
      ['2 area empty', '2 technology empty', '3 wave empty', '3 planned empty'],
    ],
    ['a day that is none', `${header}A,1,5G,2026-02-30,`, ['2 planned not-a-day']],
    [
      'a day in another notation',
      `${header}A,1,5G,01.03.2026,\nA,2,5G,2026-3-1,`,
      ['2 planned not-a-day', '3 planned not-a-day'],
    ],
    ['a year that cannot be meant', `${header}A,1,5G,0026-03-01,`, ['2 planned out-of-range']],
    [
      'what is finished later than tomorrow',
      `${header}A,1,5G,2026-03-01,2026-11-30\nB,1,5G,2026-03-01,2026-12-01`,
      ['3 finished not-yet'],
    ],
    [
      'a line twice',
      `${header}A,1,5G,2026-03-01,\nB,1,5G,2026-03-01,\na,1,5G,2026-05-01,`,
      ['4 - duplicate'],
    ],
    ['a control character', `${header}A\u001b[2J,1,5G,2026-03-01,`, ['2 area characters']],
    ['a name too long', `${header}A,${'w'.repeat(201)},5G,2026-03-01,`, ['2 wave too-long']],
  ])('for %s', (_name, text, flaws) => {
    expect(flawsOf(text)).toEqual(flaws);
  });

  it('counts lines as an editor does, whatever stands in quotes', () => {
    expect(flawsOf(`${header}"A\nB",1,5G,2026-03-01,\nC,1,5G,soon,`)).toEqual([
      '3 area characters',
      '4 planned not-a-day',
    ]);
  });

  it('says which line it repeats, and which column was misspelt', () => {
    const twice = read(`${header}A,1,5G,2026-03-01,\nA,1,5G,2026-03-01,`);
    expect(twice.ok ? '' : twice.flaws[0]?.detail).toContain('line 2');
    const misspelt = read('area,wave,tecnology,date\nA,1,5G,2026-03-01');
    expect(misspelt.ok ? '' : misspelt.flaws[0]?.detail).toContain('"tecnology"');
  });

  it('for other bytes than UTF-8, and beyond its bounds', () => {
    const latin = readWaves(Buffer.from(`${header}Caf\xe9,1,5G,2026-03-01,`, 'latin1'), now);
    expect(latin).toMatchObject({ ok: false, flaws: [{ reason: 'not-utf8' }] });
    const large = readWaves(Buffer.alloc(maxPlanBytes + 1, 'a'), now);
    expect(large).toMatchObject({ ok: false, flaws: [{ reason: 'too-large' }] });
    const lines = Array.from({ length: maxPlanLines + 1 }, (_, i) => `${i},1,5G,2026-03-01,`);
    expect(read(header + lines.join('\n'))).toMatchObject({ flaws: [{ reason: 'too-large' }] });
  });
});

const planned = (wave: string, area: string, plannedOn = '2026-03-01'): PlannedArea => ({
  wave,
  area,
  technology: '5G',
  plannedOn,
  finishedOn: null,
});

describe('an import changes', () => {
  const before = [planned('1', 'A'), planned('1', 'B'), planned('2', 'C')];
  const lines = [planned('1', 'A'), planned('1', 'D'), planned('3', 'C')];

  it('nothing of what its lines do not name', () => {
    const moved = planned('1', 'B', '2026-09-01');
    expect(changeOf(before, [...lines, moved], 'none')).toEqual({
      added: [lines[1], lines[2]],
      changed: [moved],
      removed: [],
      unchanged: 1,
    });
  });

  it('the waves it names, with --replace wave', () => {
    expect(changeOf(before, lines, 'wave').removed).toEqual([before[1]]);
  });

  it('the whole plan, with --replace all', () => {
    expect(changeOf(before, lines, 'all').removed).toEqual([before[1], before[2]]);
  });

  it('nothing when it is repeated', () => {
    const again = { added: [], changed: [], removed: [], unchanged: 3 };
    expect(changeOf(before, before, 'all')).toEqual(again);
  });
});

describe('areas of a plan', () => {
  const line = (area: string, at: number): PlanLine => ({ ...planned('1', area), line: at });

  it('are those that are known, however they are written', () => {
    const { lines, respelt, unknown } = recognise(
      [line('old  mint', 2), line('Airfield', 3)],
      ['Old Mint', 'Airfield'],
    );
    expect(lines.map(({ area }) => area)).toEqual(['Old Mint', 'Airfield']);
    expect(respelt).toEqual([{ area: 'old  mint', known: 'Old Mint' }]);
    expect(unknown).toEqual([]);
  });

  it('that are unknown are told once, with the nearest known name', () => {
    const given = [line('Oldmint', 2), line('2134', 3), line('Nowhere', 4), line('Oldmint', 5)];
    expect(recognise(given, ['Old Mint', '02134']).unknown).toEqual([
      { area: 'Oldmint', line: 2, nearest: 'Old Mint' },
      { area: '2134', line: 3, nearest: '02134' },
      { area: 'Nowhere', line: 4, nearest: null },
    ]);
  });

  it('are not told where nothing is known to compare with', () => {
    expect(recognise([line('Nowhere', 2)], []).unknown).toEqual([]);
  });
});
