// What the command prints: hostile text does nothing to a terminal, whichever way it is shown.
import * as fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { printImport } from '../../services/cli/import-print.ts';
import type { ImportResult } from '../../services/cli/import-run.ts';
import { createLiveView } from '../../services/cli/live-view.ts';
import type { Pipeline } from '../../services/cli/pipeline.ts';
import { createOutput, sizeOf, toJson } from '../../services/cli/output.ts';
import { nearest } from '#core/nearest.ts';
import { displayWidth, oneLine, pad, safeText, truncate } from '../../services/cli/safe-text.ts';
import { keptText, summarize, topicLines } from '../../services/cli/topics.ts';
import { quoteLines } from '../../services/cli/words.ts';
import { createMemoryReader } from '../support/memory-reader.ts';

const harmful = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;
const hostile = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary', maxLength: 8 }),
      fc.constantFrom(
        '\x1b[2J',
        '\x1b]0;title\x07',
        '\x9b31m',
        '\r\n',
        '\u202e',
        '\u2066',
        '\u200b',
        '\ud800',
        '\u{e0041}',
        '\t',
        'é',
        '漢字',
        '👩‍👩‍👧',
        'word ',
      ),
    ),
    { maxLength: 30 },
  )
  .map((parts) => parts.join(''));

describe('text of data on a terminal', () => {
  it('holds nothing that acts upon a terminal', () => {
    fc.assert(
      fc.property(hostile, fc.integer({ min: 1, max: 80 }), (text, columns) => {
        for (const shown of [
          safeText(text),
          oneLine(text),
          truncate(safeText(text), columns),
          pad(safeText(text), columns),
        ]) {
          expect(shown).not.toMatch(harmful);
        }
      }),
    );
  });

  it('is shown as what it is', () => {
    expect(safeText('\x1b[31mred\x7f\u202eevil\u2028x')).toBe('␛[31mred␡\\u{202e}evil\\u{2028}x');
  });

  it('shows what is hidden the same way in a line, at its ends and among words', () => {
    const hidden = ['\u2028', '\u2029', '\ufeff', '\u200b', '\v', '\f'];
    for (const character of hidden) {
      const shown = safeText(character);
      expect(oneLine(` ${character}a${character}b${character} `)).toBe(
        `${shown}a${shown}b${shown}`,
      );
      const shape = { columns: 75, maxLines: 6, mark: (word: string) => word };
      expect(quoteLines(`a${character}b ${character}`, [], shape)).toEqual([
        `“a${shown}b ${shown}”`,
      ]);
    }
  });

  it('is left as it is where it is harmless', () => {
    for (const text of ['plain', 'größer – 漢字 ¿qué?', 'a👍b']) expect(safeText(text)).toBe(text);
  });

  it('loses marks piled up on one letter', () => {
    expect(safeText(`a${'\u0301'.repeat(500)}b`).length).toBeLessThan(15);
  });

  it('fits the columns it was cut to, wide letters counted twice', () => {
    fc.assert(
      fc.property(hostile, fc.integer({ min: 1, max: 40 }), (text, columns) => {
        expect(displayWidth(truncate(safeText(text), columns))).toBeLessThanOrEqual(columns);
      }),
    );
    expect(truncate('漢字漢字', 5)).toBe('漢字…');
    expect(pad('漢', 4)).toBe('漢  ');
    expect(truncate('exactly', 7)).toBe('exactly');
  });
});

describe('JSON', () => {
  it('parses to the same value and is one line without anything that acts upon a terminal', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const json = toJson({ text });
        expect(json).not.toMatch(harmful);
        expect(JSON.parse(json)).toEqual({ text });
      }),
    );
  });
});

describe('quoted words', () => {
  const shape = { columns: 20, maxLines: 3, mark: (word: string) => `<${word}>` };

  it('are wrapped, and marked where they spoke for a judgement', () => {
    expect(quoteLines('there is no signal here today', [{ start: 9, end: 18 }], shape)).toEqual([
      '“there is <no> <signal>',
      ' here today”',
    ]);
  });

  it('end in an ellipsis when there are too many', () => {
    const lines = quoteLines('word '.repeat(100), [], shape);
    expect(lines).toHaveLength(3);
    expect(lines[2]).toMatch(/…”$/);
  });

  it('cannot break out of their lines', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        for (const line of quoteLines(text, [], shape)) expect(line).not.toMatch(harmful);
      }),
    );
  });
});

describe('colours', () => {
  const sink = (isTTY: boolean) => ({
    isTTY,
    columns: 80,
    write: () => true,
    once: () => undefined,
  });

  it('are for terminals alone, and not where NO_COLOR asks for none', () => {
    expect(createOutput(sink(true), {}).styles.bold('x')).toBe('\x1b[1mx\x1b[22m');
    expect(createOutput(sink(false), {}).styles.bold('x')).toBe('x');
    expect(createOutput(sink(true), { NO_COLOR: '1' }).styles.bold('x')).toBe('x');
    expect(createOutput(sink(true), { TERM: 'dumb' }).styles.bold('x')).toBe('x');
  });
});

it('the nearest name is one that could have been meant', () => {
  expect(nearest('operatons', ['operations', 'it'])).toBe('operations');
  expect(nearest('xyzzy', ['operations', 'it'])).toBeUndefined();
});

it('a terminal that does not know its size is taken for 80 by 24', () => {
  expect(sizeOf({ columns: 0, rows: 0 })).toEqual({ columns: 80, rows: 24 });
  expect(sizeOf({})).toEqual({ columns: 80, rows: 24 });
  expect(sizeOf({ columns: 132, rows: 50 })).toEqual({ columns: 132, rows: 50 });
});

it('the live view is whole on a terminal that says it has no columns and no rows', async () => {
  let drawn = '';
  const output = {
    isTTY: true,
    columns: 0,
    rows: 0,
    write: (text: string) => (drawn += text) !== '',
  } as unknown as NodeJS.WriteStream;
  const pipeline = {
    log: createMemoryReader([]),
    departments: ['operations'],
  } as unknown as Pipeline;
  const parts = { output, pipeline, url: 'http://localhost', data: '.signpost' };
  await createLiveView({ ...parts, headlines: () => ['A mast is down'] }).draw();
  expect(drawn).toContain('A mast is down');
  expect(drawn).toContain('Ctrl-C ends it');
});

describe('the report of an import', () => {
  const result: ImportResult = {
    accepted: 9000,
    insights: 9000,
    perDepartment: {},
    unsure: 0,
    dropped: {},
    rejected: {},
    seconds: 2,
    recordsPerSecond: 4500,
    resumedAt: 0,
  };
  async function headOf(changed: Partial<ImportResult>): Promise<string> {
    const lines: string[] = [];
    const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      lines.push(String(text));
      return true;
    });
    try {
      await printImport({ ...result, ...changed }, false, { kind: 'embedded', directory: 'd' });
    } finally {
      write.mockRestore();
    }
    return lines
      .slice(
        0,
        lines.findIndex((line) => line.includes('insights')),
      )
      .join('');
  }

  it('tells the rate of what this run brought through, and none where an earlier run had', async () => {
    expect(await headOf({})).toBe('9,000 records in 2 s (4,500/s)\n');
    expect(await headOf({ resumedAt: 5000, recordsPerSecond: 2000 })).toBe(
      'Went on at record 5,001, where an earlier run was cut off.\n9,000 records in 2 s (2,000/s)\n',
    );
    expect(await headOf({ resumedAt: 9000, recordsPerSecond: 0 })).toBe(
      'An earlier run, cut off before its report, had taken in the file.\n9,000 records\n',
    );
    expect(await headOf({ accepted: 0, recordsPerSecond: 0 })).toBe('0 records in 2 s\n');
  });
});

describe('what the log holds', () => {
  const topic = {
    name: 'insights.shared.v1',
    partitions: 4,
    records: 10,
    bytes: 1,
    oldest: null,
    newest: null,
    retentionMs: null,
    lag: {},
  };

  it.each([
    [30 * 86_400_000 - 3_600_000, '29 d 23 h'],
    [30 * 86_400_000, '30 d'],
    [86_400_000 + 60_000, '1 d'],
    [5_400_000, '1 h 30 min'],
    [0, '0 s'],
    [36_500 * 86_400_000, 'for good'],
    [Infinity, 'for good'],
  ])('is kept for a time that reads well: %d ms', (ms, text) => {
    expect(keptText(ms)).toBe(text);
  });

  it('is kept for as long as the log says, else as it should be', async () => {
    const replayed = 'insights-replayed.as-archived.v1';
    const log = createMemoryReader([replayed, 'insights.shared.v1', 'of-others']);
    const topics = await summarize(log, { days: 10 }, new Map([[replayed, 5]]));
    const kept = Object.fromEntries(topics.map(({ name, retentionMs }) => [name, retentionMs]));
    expect(kept).toEqual({
      [replayed]: 5,
      'insights.shared.v1': 10 * 86_400_000,
      'of-others': null,
    });
  });

  it('is counted in offsets on a cluster, where markers of transactions have some', () => {
    const { styles } = createOutput();
    const onCluster = topicLines([topic], styles, 'kafka').join('\n');
    expect(onCluster).toMatch(/^topic +partitions +offsets +size/);
    expect(onCluster).toContain('markers that end transactions');
    const embedded = topicLines([topic], styles, 'embedded').join('\n');
    expect(embedded).toMatch(/^topic +partitions +records +size/);
    expect(embedded).not.toContain('markers');
  });
});
