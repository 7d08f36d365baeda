// The parts of training: what judgements do to the data, what labels say of columns, seeds, calibration, and names that are
// special to JavaScript and nothing more than names here.
import { describe, expect, test } from 'vitest';
import type { Task } from '../../services/classify/artifact.ts';
import { decodeModel, encodeModel } from '../../services/classify/artifact.ts';
import { loadShippedModel, shippedModelFile } from '../../services/classify/model.ts';
import { bestThreshold, calibrate } from '../../services/classify/training/calibrate.ts';
import { readExample, sidesOf } from '../../services/classify/training/examples.ts';
import type { Example, Label } from '../../services/classify/training/examples.ts';
import { withJudgements } from '../../services/classify/training/judged.ts';
import { probabilitiesOf } from '../../services/classify/training/answers.ts';
import { trainSeparators } from '../../services/classify/training/solvers.ts';
import { readFileSync } from 'node:fs';
import { parse as parseYaml } from 'yaml';
import { recipeSchema } from '../../services/classify/training/recipe.ts';
import { knowledgeUnderTest } from '../support/knowledge.ts';

const several: Task = {
  name: 'departments',
  kind: 'multi-label',
  classes: ['a', 'constructor'],
  none: null,
  from: 0,
  thresholds: [0.5, 0.5],
  outOfScope: null,
};
const choice: Task = { ...several, name: 'theme', kind: 'single', thresholds: [] };

const example = (text: string, labels: Record<string, Label>): Example => ({
  text,
  fields: {},
  labels,
});
const all = (...names: string[]): Label => ({ kind: 'all', names });
const some = (known: Record<string, boolean>): Label => ({ kind: 'some', known });
const one = (name: string): Label => ({ kind: 'one', name });

describe('what readers said', () => {
  const base = [
    example('x', { departments: all('a', 'b'), theme: one('outage') }),
    example('x', { departments: all('b') }),
    example('y', { departments: one('billing'), theme: one('price') }),
  ];

  test('replaces what the data says of that department, in every row of the text', () => {
    const joined = withJudgements(base, [
      example('x', { departments: some({ b: false, c: true }) }),
    ]);
    expect(joined.map(({ labels }) => labels['departments'])).toEqual([
      all('a', 'c'),
      all('c'),
      one('billing'),
    ]);
  });

  test('leaves the one label of a row that it does not speak of', () => {
    const joined = withJudgements(base, [
      example('y', { departments: some({ marketing: false }) }),
    ]);
    expect(joined[2]!.labels['departments']).toEqual(all('billing'));
  });

  test('of another text is an example known in part, and a theme nobody has is a slip of the pen', () => {
    const judged = [
      example('z', { departments: some({ a: true }), theme: one('outtage') }),
      example('x', { theme: one('price') }),
    ];
    const joined = withJudgements(base, judged);
    expect(joined[3]!.labels).toEqual({ departments: some({ a: true }) });
    expect(joined[0]!.labels['theme']).toEqual(one('price'));
  });
});

describe('labels', () => {
  test('that are named like an object’s own machinery are known only where they are said', () => {
    expect(sidesOf(some({ a: true }), several)).toEqual([1, 0]);
    expect(sidesOf(all('a'), several)).toEqual([1, -1]);
  });

  test.each(['__proto__', 'constructor', 'toString'])('of a task named %s are read', (name) => {
    const row = `{"text": "x", "${name}": "p"}`;
    const place = { file: 'f', line: 1 };
    expect(Object.keys(readExample(row, place, [name]).labels)).toEqual([name]);
    expect(Object.keys(readExample('{"text": "x"}', place, [name]).labels)).toEqual([]);
  });
});

test('seeds that lie side by side begin differently', () => {
  const rows = {
    begins: Int32Array.from({ length: 41 }, (_, row) => row),
    features: new Int32Array(40).map((_, row) => row % 7),
    values: new Float32Array(40).fill(1),
  };
  const sides = new Float32Array(40).map((_, row) => ((row * row) % 3 === 0 ? 1 : -1));
  const trained = Array.from({ length: 8 }, (_, seed) =>
    trainSeparators({
      rows,
      features: 7,
      sides,
      columns: 1,
      weights: new Float32Array(40).fill(1),
      softness: 1,
      balance: 0,
      seed,
    }).weights.join(),
  );
  expect(new Set(trained).size).toBe(8);
});

describe('calibration', () => {
  const heard = (margins: number[], sides: number[], scores = margins.map(() => 0)) => ({
    rows: margins.length / 2,
    margins: Float32Array.from(margins),
    scores: Float32Array.from(scores),
    sides: Float32Array.from(sides),
  });

  test('of a choice stays finite where nothing was heard, or little and all of it right', () => {
    const [none] = calibrate(choice, heard([], []));
    const [right] = calibrate(choice, heard([2, -2, -2, 2], [1, -1, -1, 1]));
    expect(none!.separators).toBeCloseTo(3, 0);
    expect(right!.separators).toBeLessThan(6);
  });

  test('of yes or no says what came true, and turns no part round', () => {
    const margins = Array.from({ length: 200 }, (_, at) => (at % 2 === 0 ? 1 : -1));
    const sides = margins.map((margin, at) =>
      at % 10 < 8 ? Math.sign(margin) : -Math.sign(margin),
    );
    const one2 = { ...several, classes: ['a'], thresholds: [0.5] };
    const [mix] = calibrate(one2, {
      rows: 200,
      margins: Float32Array.from(margins),
      scores: new Float32Array(200),
      sides: Float32Array.from(sides),
    });
    expect(1 / (1 + Math.exp(-(mix!.separators + mix!.offset)))).toBeCloseTo(0.8, 1);
    const [turned] = calibrate(one2, {
      rows: 200,
      margins: Float32Array.from(margins.map((m) => -m)),
      scores: new Float32Array(200),
      sides: Float32Array.from(sides),
    });
    expect(turned!.separators).toBeGreaterThanOrEqual(0);
  });

  test('the best threshold is the one with the highest F1', () => {
    expect(bestThreshold([0.9, 0.8, 0.3, 0.2], [true, true, true, false])).toBeGreaterThan(0.2);
    expect(bestThreshold([0.9, 0.8, 0.3, 0.2], [true, true, true, false])).toBeLessThanOrEqual(0.3);
  });
});

describe('the kernel', () => {
  const shipped = loadShippedModel();

  test('chooses as plain arithmetic does, for texts of any length', () => {
    const texts = [...knowledgeUnderTest(50), 'no signal in my village since monday '.repeat(100)];
    for (const text of texts) {
      const { values } = shipped.score(text);
      for (const task of shipped.facts.tasks.filter(({ kind }) => kind === 'single')) {
        const scores = values.slice(task.from, task.from + task.classes.length);
        const plain = probabilitiesOf(task, scores);
        for (const [at, share] of plain.entries())
          expect(shipped.choose(task)[at]).toBeCloseTo(share, 5);
      }
    }
  });

  test('a word said again and again makes nobody surer', () => {
    const once = [...shipped.score('slow internet').values];
    expect([...shipped.score('slow slow slow slow internet').values]).toEqual(once);
  });
});

test('the recipe in the documentation holds the defaults', () => {
  const text = readFileSync(new URL('../../docs/training.md', import.meta.url), 'utf8');
  const [, yaml] = /```yaml\n([^]*?)```/.exec(text)!;
  expect(parseYaml(yaml!)).toEqual(recipeSchema.parse({}));
});

describe('a model file that lies', () => {
  const honest = decodeModel(readFileSync(shippedModelFile));
  const [first, ...others] = honest.tasks;
  test.each<[string, Partial<typeof honest>]>([
    ['about where a task begins', { tasks: [{ ...first!, from: 1000 }, ...others] }],
    ['about thresholds', { tasks: [{ ...first!, thresholds: [] }, ...others] }],
    [
      'by naming a class twice',
      { tasks: [{ ...first!, classes: first!.classes.map(() => 'a') }, ...others] },
    ],
    [
      'by naming a task twice',
      { tasks: [first!, ...others.map((task) => ({ ...task, name: 'x' }))] },
    ],
    ['with what is no number', { biases: honest.biases.map(() => Number.NaN) }],
  ])('%s is refused', (_, lie) => {
    expect(() => decodeModel(encodeModel({ ...honest, ...lie }))).toThrow(/^the model/);
  });
});
