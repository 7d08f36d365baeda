// The measures of a model, against values worked out by hand.
import { describe, expect, test } from 'vitest';
import type { Task } from '../../services/classify/artifact.ts';
import { calibrationError, measure } from '../../services/classify/training/quality.ts';
import type { Answer } from '../../services/classify/training/answers.ts';

const several: Task = {
  name: 'departments',
  kind: 'multi-label',
  classes: ['a', 'b'],
  none: null,
  from: 0,
  thresholds: [0.5, 0.5],
  outOfScope: null,
};
const one: Task = { ...several, name: 'intent', kind: 'single', thresholds: [] };
const all = (names: string[], scores: number[]): Answer => ({
  label: { kind: 'all', names },
  scores,
});
const single = (name: string, scores: number[]): Answer => ({
  label: { kind: 'one', name },
  scores,
});

describe('of several labels', () => {
  const answers = [all(['a'], [3, -3]), all(['b'], [2, 1]), all(['b'], [-1, -2])];
  const quality = measure(several, answers);

  test('F1 by label, together and on average', () => {
    expect(quality.perLabel['a']).toMatchObject({ precision: 0.5, recall: 1, support: 1 });
    expect(quality.perLabel['b']!.f1).toBeCloseTo(2 / 3);
    expect(quality.microF1).toBeCloseTo(4 / 6);
    expect(quality.macroF1).toBeCloseTo(2 / 3);
  });

  test('accuracy counts texts of which every label is right', () => {
    expect(quality.accuracy).toBeCloseTo(1 / 3);
  });

  test('average precision is that of the order by probability', () => {
    expect(quality.perLabel['a']!.averagePrecision).toBe(1);
    // Of b: the second and the third text, ranked first and second.
    expect(quality.perLabel['b']!.averagePrecision).toBeCloseTo((1 + 1) / 2);
  });

  test('what nobody knows is not counted', () => {
    const partly: Answer = { label: { kind: 'some', known: { a: true } }, scores: [1, 9] };
    expect(measure(several, [partly]).perLabel['b']).toMatchObject({ precision: 0, support: 0 });
    expect(measure(several, [partly])).toMatchObject({ accuracy: 1, microF1: 1 });
  });

  test('texts without a label of the task are passed over', () => {
    expect(measure(several, [...answers, { label: undefined, scores: [9, 9] }]).n).toBe(3);
  });
});

describe('of a single choice', () => {
  test('a class that is neither true nor said counts for nothing', () => {
    const three = { ...one, classes: ['a', 'b', 'c'] };
    expect(measure(three, [single('a', [1, 0, 0]), single('b', [0, 1, 0])]).macroF1).toBe(1);
  });

  test('micro-F1 is the accuracy, and what is taken for what is told', () => {
    const quality = measure(one, [
      single('a', [1, 0]),
      single('a', [0, 1]),
      single('b', [0, 1]),
      single('b', [0, 1]),
    ]);
    expect(quality.accuracy).toBe(0.75);
    expect(quality.microF1).toBeCloseTo(0.75);
    expect(quality.confusions).toEqual([{ truth: 'a', said: 'b', texts: 1 }]);
    expect(quality.abstention[0]).toEqual({ kept: 1, accuracy: 0.75 });
  });

  test('texts out of scope are refused by their highest score, and count for nothing else', () => {
    const task = { ...one, outOfScope: { label: 'oos', below: 0.5 } };
    const quality = measure(task, [
      single('a', [1, 0]),
      single('b', [0, 2]),
      single('a', [0.4, 0]),
      single('oos', [0.1, 0.2]),
      single('oos', [0.9, 0.2]),
    ]);
    expect(quality.n).toBe(3);
    expect(quality.outOfScope).toMatchObject({ n: 2, recall: 0.5 });
    expect(quality.outOfScope!.inScopeAccuracy).toBeCloseTo(2 / 3);
  });
});

test('of yes or no the no is a label too', () => {
  const task: Task = { ...several, kind: 'binary', classes: ['1'], thresholds: [0.5] };
  const quality = measure(task, [single('1', [2]), single('0', [-2]), single('0', [-1])]);
  expect(quality.perLabel['0']).toMatchObject({ precision: 1, recall: 1, support: 2 });
  expect(quality.macroF1).toBe(1);
});

test('a probability that comes true as often as it says has no calibration error', () => {
  expect(calibrationError([0.5, 0.5], [true, false])).toBe(0);
  expect(calibrationError([0.9, 0.9], [false, false])).toBeCloseTo(0.9);
});
