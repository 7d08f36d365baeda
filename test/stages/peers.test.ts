// The comparison with other classifiers: its counting against values worked out by hand, its parts, and its run with a
// program that stands for the command.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { compare, readPredictions, readReport } from '../../scripts/peers/compare.ts';
import { auroc, f1s, measure, recallOutside } from '../../scripts/peers/measures.ts';
import { whatWentWrong } from '../../scripts/peers/processes.ts';
import { allSystems } from '../../scripts/peers/systems.ts';
import { renderComparison } from '../../scripts/peers/table.ts';
import { PARTS, peerTasks, readRows, splitRows, type PeerTask } from '../../scripts/peers/tasks.ts';
import { averagePrecision, calibrationError } from '../../services/classify/training/quality.ts';
import { root } from '../support/command.ts';

const taskOf = (name: string): PeerTask => peerTasks.find((task) => task.name === name)!;
const theme = taskOf('theme');
const departments = taskOf('departments');
const clinc = taskOf('clinc150');

describe('measures', () => {
  test('F1 of all labels together, and its mean over labels that are true or said', () => {
    // a: 1 hit, 1 wrong → 2/3. b: 0 hits → 0. c: 1 hit, 1 wrong (missed) → 2/3. Together 4 ÷ (4 + 4).
    const said = [['a', 'b'], ['a'], ['c'], []];
    const truth = [['a'], ['b'], ['c'], ['c']];
    const { microF1, macroF1 } = f1s(said, truth);
    expect(microF1).toBeCloseTo(4 / 8, 12);
    expect(macroF1).toBeCloseTo((2 / 3 + 0 + 2 / 3) / 3, 12);
  });

  test('average precision counts steps of recall, equal scores together', () => {
    expect(averagePrecision([0.9, 0.8, 0.7, 0.6], [true, false, true, false])).toBeCloseTo(
      5 / 6,
      12,
    );
    expect(averagePrecision([0.5, 0.5, 0.5, 0.5], [true, false, false, false])).toBe(0.25);
    expect(averagePrecision([-Infinity, -Infinity, 1], [false, false, true])).toBe(1);
  });

  test('calibration error weighs ten equal bins by their rows', () => {
    // The last bin said 2.9 of 2 true, the second 0.15 of 0.
    expect(calibrationError([0.95, 0.95, 1, 0.15], [true, false, true, false])).toBeCloseTo(
      (0.9 + 0.15) / 4,
      12,
    );
  });

  test('out-of-scope recall at the highest threshold that leaves 92 % accepted and right', () => {
    const inside = Array.from({ length: 100 }, (_, at) => ({
      score: 1 - at / 100,
      right: at < 95,
    }));
    // The 92nd right one has 0.09; only what lies below is rejected.
    expect(recallOutside(inside, [0.5, 0.09, 0.08, 0.01])).toBe(0.5);
    expect(recallOutside(inside.slice(10), [0.01])).toBe(1);
    expect(recallOutside(inside.slice(60), [0.01])).toBeNull();
  });

  test('AUROC: pairs in the right order, equal ones half', () => {
    expect(auroc([0.9, 0.5], [0.5, 0.1])).toBe(3.5 / 4);
    expect(auroc([0.2, 0.3], [0.1])).toBe(1);
  });

  test('one label: the highest score, unless the system says otherwise; a margin has no calibration', () => {
    const judged = [
      { scores: { a: 0.9, b: 0.1 }, truth: ['a'] },
      { scores: { a: 0.6, b: 0.4 }, truth: ['b'] },
      { scores: { a: 0.6, b: 0.4 }, labels: ['b'], truth: ['b'] },
      { scores: {}, truth: ['a'] },
    ];
    const quality = measure(judged, { kind: 'single', scoreKind: 'probability' });
    expect(quality).toMatchObject({ tested: 4, accuracy: 0.5, microF1: null });
    // a: 1 hit, 2 wrong → 1/2. b: 1 hit, 1 wrong → 2/3.
    expect(quality.macroF1).toBeCloseTo(7 / 12, 12);
    const margins = measure(judged, { kind: 'single', scoreKind: 'margin' });
    expect(margins).toMatchObject({ accuracy: 0.5, ece: null });
  });

  test('accuracy leaves out what is out of scope', () => {
    const judged = [
      { scores: { a: 0.9 }, truth: ['a'] },
      { scores: { a: 0.2 }, truth: ['oos'] },
      { scores: { a: 0.95 }, truth: ['oos'] },
    ];
    const options = { kind: 'single', scoreKind: 'probability', outOfScope: 'oos' } as const;
    expect(measure(judged, options)).toMatchObject({
      accuracy: 1,
      macroF1: 1,
      outOfScopeRecall: 0.5,
      outOfScopeAuroc: 0.5,
    });
  });

  test('several labels: all from 0.5, of margins all from 0', () => {
    const judged = [
      { scores: { a: 0.5, b: 0.4 }, truth: ['a'] },
      { scores: { a: 0.1, b: 0.6 }, truth: [] },
    ];
    const quality = measure(judged, { kind: 'multi-label', scoreKind: 'probability' });
    // Bins: 0.1 of 0, 0.4 of 0, 0.5 of 1, 0.6 of 0.
    const expected = { microF1: 2 / 3, macroF1: 1 / 2, meanAveragePrecision: 1, accuracy: null };
    expect(quality).toMatchObject(expected);
    expect(quality.ece).toBeCloseTo((0.1 + 0.4 + 0.5 + 0.6) / 4, 12);
    const margins = measure(judged, { kind: 'multi-label', scoreKind: 'margin' });
    expect(margins).toMatchObject({ microF1: 2 / 5, ece: null });
  });
});

describe('parts', () => {
  const texts = Array.from({ length: 200 }, (_, at) => `text ${at}`);
  const jsonl = (rows: readonly object[]): string =>
    rows.map((row) => `${JSON.stringify(row)}\n`).join('');

  test('each text is held out once, whatever the order', () => {
    const rows = readRows(jsonl(texts.map((text) => ({ text, theme: 'price' }))), theme);
    const held = [...Array(PARTS).keys()].flatMap((part) => {
      const split = splitRows(rows, theme, part, true);
      const backwards = splitRows(rows.toReversed(), theme, part, true);
      expect(backwards.test.toReversed()).toEqual(split.test);
      expect(split.train.length + split.test.length).toBe(rows.length);
      return split.test.map(({ text }) => text);
    });
    expect(held.toSorted()).toEqual(texts.toSorted());
  });

  test('the held-out fifth stays what it is: figures of record stand on it', () => {
    const rows = readRows(jsonl(texts.map((text) => ({ text, theme: 'price' }))), theme);
    const { test: held } = splitRows(rows, theme, 0, false);
    expect(held.slice(0, 3).map(({ text }) => text)).toEqual(['text 3', 'text 4', 'text 9']);
  });

  test('what is out of scope is never trained on: all of it is tested, by folds once', () => {
    const rows = readRows(
      jsonl(texts.map((text, at) => ({ text, intent: at % 10 === 0 ? 'oos' : 'pay' }))),
      clinc,
    );
    const outside = (part: number, everyPart: boolean) => {
      const split = splitRows(rows, clinc, part, everyPart);
      expect(split.train.some(({ labels }) => labels[0] === 'oos')).toBe(false);
      return split.test.filter(({ labels }) => labels[0] === 'oos').length;
    };
    expect(outside(0, false)).toBe(20);
    expect([0, 1, 2, 3, 4].reduce((sum, part) => sum + outside(part, true), 0)).toBe(20);
  });

  test('labels are text; a row without one is told by its line', () => {
    const [row] = readRows('{"text":"x","sentiment":-1}\n', taskOf('sentiment'));
    expect(row!.labels).toEqual(['-1']);
    expect(() => readRows('\n{"text":"x"}\n', theme)).toThrow(/line 2: no text with theme/);
    expect(() => readRows('{"text":"x","departments":"it"}', departments)).toThrow(/multi-label/);
  });
});

describe('what systems hand over', () => {
  test('a report is the JSON at the end of what was printed', () => {
    const report = readReport('loading {2 files}\n{"textsPerSecond": 5, "way": "all at once"}\n');
    expect(report).toMatchObject({ textsPerSecond: 5 });
    expect(() => readReport('done')).toThrow('printed no JSON with textsPerSecond');
    expect(() => readReport('{"n": 3}')).toThrow('printed no JSON with textsPerSecond');
  });

  test('predictions must be as many as the texts, and numbers', () => {
    const rows = readRows('{"text":"x","theme":"price"}\n', theme);
    const read = readPredictions('{"scores":{"price":0.5}}\n', rows);
    expect(read).toEqual([{ scores: { price: 0.5 }, truth: ['price'] }]);
    expect(() => readPredictions('{"scores":{}}\n{"scores":{}}\n', rows)).toThrow(
      'wrote 2 predictions for 1 texts',
    );
    expect(() => readPredictions('{"scores":{"price":null}}\n', rows)).toThrow(/no number/);
  });

  test('of an error the line that tells it', () => {
    expect(whatWentWrong('Trace\n  at x\nValueError: no rows\n')).toBe('ValueError: no rows');
    const unknown = "signpost: unknown command 'train'\nRun it with --help for what it takes.";
    expect(whatWentWrong(unknown)).toBe("signpost: unknown command 'train'");
    expect(whatWentWrong('')).toBe('it did not say why');
  });
});

describe('a comparison', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'signpost-peers-test-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const fake = [join(root, 'bin/node'), join(root, 'test/support/fake-signpost.ts')];
  const signpost = allSystems(fake).filter(({ name }) => name === 'signpost');
  const limitSeconds = 20;

  test('trains, judges, measures, and shows a row', async () => {
    const rows = Array.from({ length: 40 }, (_, at) => {
      return { text: `text ${at}`, departments: at % 4 === 0 ? ['it', 'billing'] : ['it'] };
    });
    const jsonl = rows.map((row) => JSON.stringify(row)).join('\n');
    const options = { systems: signpost, everyPart: true, limitSeconds, folder };
    const comparison = await compare(departments, jsonl, options);
    expect(comparison).toMatchObject({
      trainRows: 32,
      testRows: 40,
      // Said: `it` of all 40, of 50 that are true.
      results: [
        { system: 'signpost', textsPerSecond: 1234, quality: { microF1: 80 / 90, macroF1: 0.5 } },
      ],
    });
    const table = renderComparison(comparison);
    expect(table).toContain('departments: 32 texts to learn, 40 to judge');
    expect(table).toMatch(/^\| signpost \| 0\.889 +\| 0\.500 +\|/m);
    expect(table).toMatch(/\| 1,200 +\| 0\.0 /);
  });

  test('what cannot be measured has a row that says why', async () => {
    const jsonl = ['a', 'b', 'c', 'd', 'break'].map((text) =>
      JSON.stringify({ text, theme: 'price' }),
    );
    const missing = { name: 'missing', prepare: () => Promise.resolve(commandsOf('/no/such')) };
    const comparison = await compare(theme, jsonl.join('\n'), {
      systems: [...signpost, missing],
      everyPart: true,
      limitSeconds,
      folder,
    });
    const table = renderComparison(comparison);
    expect(table).toMatch(/^\| signpost \| not measured: failed: Error: this text is too much/m);
    expect(table).toMatch(/^\| missing +\| not measured: .*\/no\/such/m);
  });

  test('what takes too long is stopped', async () => {
    const sleeping = { name: 'sleeping', prepare: async () => commandsOf('sleep', '60') };
    const comparison = await compare(theme, '{"text":"x","theme":"price"}', {
      systems: [sleeping],
      everyPart: false,
      limitSeconds: 0.2,
      folder,
    });
    expect(comparison.results).toEqual([
      { system: 'sleeping', notMeasured: 'stopped after 0.2 s' },
    ]);
  });

  const commandsOf = (...command: string[]) => ({ train: () => command, judge: () => command });
});
