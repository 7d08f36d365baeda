// The model: what it learns from a few texts, that its reasons are exact, that its file is checked,
// and that the shipped one judges sensibly.
import { readFileSync } from 'node:fs';
import { array, assert, constantFrom, oneof, property, string } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SignpostError } from '#core/errors.ts';
import { encodeModel } from '../../services/classify/artifact.ts';
import { explain } from '../../services/classify/evidence.ts';
import { createTokenizer } from '../../services/classify/features.ts';
import { createJudge } from '../../services/classify/judge.ts';
import { nothingSaid } from '../../services/classify/rules.ts';
import type { JudgeInput } from '../../services/classify/judge.ts';
import {
  createContextReader,
  createModel,
  loadModel,
  loadShippedModel,
  shippedModelFile,
} from '../../services/classify/model.ts';
import { loadShippedDepartments } from '../../services/classify/departments-file.ts';
import { knowledgeUnderTest } from '../support/knowledge.ts';
import { foldOf, layOutTasks } from '../../services/classify/training/examples.ts';
import type { Example } from '../../services/classify/training/examples.ts';
import { fitsInThreads } from '../../services/classify/training/fit-threads.ts';
import { recipeSchema } from '../../services/classify/training/recipe.ts';
import { train } from '../../services/classify/training/train.ts';
import type { TrainInput } from '../../services/classify/training/train.ts';

const recipe = recipeSchema.parse({
  name: 'made-texts',
  seed: 7,
  folds: 3,
  networks: { count: 2, hidden: 16, epochs: 40 },
});

const places = ['here', 'at home', 'in Leeds', 'today', 'again', 'since Monday', 'for us', 'now'];
const made = (text: string, d: string[], t: string, s: string, churn: boolean): Example[] =>
  places.map((place, at) => ({
    text: `${text} ${place}`,
    fields: { kind: at % 2 === 0 ? 'post' : 'ticket', ...(s === '1' ? { rating: 5 } : {}) },
    labels: {
      departments: { kind: 'all', names: d },
      theme: { kind: 'one', name: t },
      sentiment: { kind: 'one', name: s },
      churn: { kind: 'one', name: churn ? '1' : '0' },
    },
  }));
const examples = [
  ...made('internet is down', ['field'], 'outage', '-1', false),
  ...made('the connection drops', ['field'], 'outage', '-1', false),
  ...made('wrong charge on my bill', ['money'], 'bill', '-1', false),
  ...made('I want a refund for this fee', ['money'], 'bill', '0', false),
  ...made('I am leaving over this bill', ['money'], 'bill', '-1', true),
  ...made('internet down and a wrong charge', ['field', 'money'], 'outage', '-1', false),
  ...made('lovely weather', [], 'none', '1', false),
  ...made('hello there', [], 'none', '0', false),
];
const inputOf = (own: readonly Example[], knowledge: readonly Example[] = []): TrainInput => ({
  examples: own,
  knowledge,
  tasks: layOutTasks(own, ['departments', 'theme', 'sentiment', 'churn'], recipe),
  recipe,
  data: [{ name: 'made.jsonl', sha256: 'made' }],
  code: '0.0.0',
  at: '2026-01-01',
});
const parts = await train(inputOf(examples));
const model = createModel(parts, 'made');
const column = (task: string, name: string) => {
  const found = parts.tasks.find((each) => each.name === task)!;
  return found.from + found.classes.indexOf(name);
};

function input(given: Partial<JudgeInput>): JudgeInput {
  return {
    ...nothingSaid,
    kind: 'post',
    ...given,
  };
}

describe('training', () => {
  test('texts like those it saw get their classes', () => {
    const values = [...model.score('the internet is down in York').values];
    expect(values[column('departments', 'field')]).toBeGreaterThan(0);
    expect(values[column('departments', 'money')]).toBeLessThan(0);
    const theme = ['outage', 'bill', 'none'].map((name) => values[column('theme', name)]!);
    expect(Math.max(...theme)).toBe(theme[0]);
  });

  test('a misspelt word is known by its letters', () => {
    const known = model.score('internnet').values[column('departments', 'field')]!;
    const strange = model.score('zzzz').values[column('departments', 'field')]!;
    expect(known).toBeGreaterThan(strange + 1);
  });

  test('the same examples, recipe and seed give the same bytes, in threads too', async () => {
    const again = await train(inputOf(examples), fitsInThreads(2));
    expect(Buffer.from(encodeModel(again)).equals(encodeModel(parts))).toBe(true);
  });

  test('a word met only in field knowledge is known', async () => {
    const knowledge: Example[] = places.map((place) => ({
      text: `router blinks red ${place}`,
      fields: {},
      labels: { departments: { kind: 'all', names: ['field', 'nobody here'] } },
    }));
    const taught = createModel(await train(inputOf(examples, knowledge)), 'taught');
    const of = (each: typeof model) => each.score('router').values[column('departments', 'field')]!;
    expect(of(taught)).toBeGreaterThan(of(model) + 0.5);
    expect(taught.facts.tasks[0]!.classes).toEqual(['field', 'money']);
  });

  test('what is known of a text only in part teaches that part', async () => {
    const judged: Example[] = places.map((place) => ({
      text: `lovely weather ${place}!`,
      fields: {},
      labels: { departments: { kind: 'some', known: { money: true } } },
    }));
    const before = model.score('lovely weather').values[column('departments', 'money')]!;
    const taught = createModel(await train(inputOf([...examples, ...judged])), 'taught');
    const after = taught.score('lovely weather').values;
    expect(after[column('departments', 'money')]).toBeGreaterThan(before + 0.5);
    expect(after[column('departments', 'field')]).toBeLessThan(0);
  });

  test('what a row says beside its text is read where the row has it', () => {
    const contextOf = createContextReader(model);
    const good = contextOf({ kind: 'post', rating: 5 });
    expect(good.map(({ shown }) => shown)).toEqual(['kind: post', 'rating: 5']);
    const sentiment = column('sentiment', '1');
    const plain = model.score('whatever').values[sentiment]!;
    expect(model.score('whatever', good).values[sentiment]).toBeGreaterThan(plain);
    expect(contextOf({ rating: null, other: 'x' })).toEqual([]);
  });

  test('a task without a label that holds is refused, and so is a choice of one', () => {
    const without = (task: string, name: string) =>
      examples.map((each) => ({
        ...each,
        labels: { ...each.labels, [task]: { kind: 'one', name } as const },
      }));
    expect(() => layOutTasks(without('churn', '0'), ['churn'], recipe)).toThrow(/churn/);
    expect(() => layOutTasks(without('theme', 'bill'), ['theme'], recipe)).toThrow(/theme/);
    expect(() => layOutTasks(examples, ['colour'], recipe)).toThrow(/colour/);
  });

  test('a text falls into the same fold wherever it stands', () => {
    expect(examples.map(({ text }) => foldOf(text, 5))).toEqual(
      examples
        .toReversed()
        .map(({ text }) => foldOf(text, 5))
        .toReversed(),
    );
  });
});

describe('reasons', () => {
  test('the parts of a score and its bias sum to the score', () => {
    const texts = ['internet is not down, refuuund my bill bill', 'wrong chargez', 'unseen qwx'];
    for (const text of texts) {
      const scores = model.score(text);
      for (let at = 0; at < parts.columns; at += 1) {
        const pieces = explain(model, scores, text, at, Infinity);
        const sum = pieces.reduce((total, { weight }) => total + weight, model.base(at));
        expect(sum).toBeCloseTo(scores.values[at]!, 4);
      }
    }
  });

  test('the listed weights and the rest are the log-odds of the relevance', () => {
    const judge = createJudge({
      model: loadShippedModel(),
      departments: loadShippedDepartments(),
    });
    const texts = [
      'no signal in the village since monday, the bill is wrong too and nobody answers the phone',
      'my bill doubled, I am leaving',
      '5g',
    ];
    for (const text of texts) {
      const { departments } = judge.judge(input({ text }));
      expect(departments.length).toBeGreaterThan(0);
      for (const { relevance, evidence, rest } of departments) {
        const logOdds = evidence.reduce((sum, { weight }) => sum + weight, rest);
        expect(Math.abs(1 / (1 + Math.exp(-logOdds)) - relevance)).toBeLessThan(0.000_051);
      }
    }
  });

  test('spans cut exactly the shown words out of the text, whatever the text', () => {
    const judge = createJudge({
      model: loadShippedModel(),
      departments: loadShippedDepartments(),
    });
    const word = constantFrom(
      'no',
      'service',
      '📶📶',
      'I’m',
      'slooooow',
      '[phone]',
      '@isp',
      'https://a.b/c',
      '&amp;',
      '\ud800',
      '\0',
      '$12,000.50',
      'ﬁber',
      'ÉTÉ',
      '5g',
      ':(',
      '??',
      '\u202e',
      'बिल',
    );
    assert(
      property(array(oneof(word, string({ unit: 'binary' })), { maxLength: 30 }), (words) => {
        const text = words.join(' ');
        for (const { evidence, relevance } of judge.judge(input({ text })).departments) {
          expect(relevance).toBeGreaterThanOrEqual(0.05);
          expect(evidence.length).toBeLessThanOrEqual(5);
          const shown = evidence.filter(({ kind }) => kind === 'words');
          expect(shown.map((each) => text.slice(each.start!, each.end!))).toEqual(
            shown.map((each) => each.text),
          );
        }
      }),
      { numRuns: 200 },
    );
  });
});

function keysOf(text: string): number[] {
  const tokens = createTokenizer()(text);
  return [...tokens.word.subarray(0, tokens.count)];
}

describe('tokens', () => {
  test.each([
    ['case', 'INTERNET', 'internet'],
    ['accents', 'débito', 'debito'],
    ['long vowels', 'slooooooow', 'sloow'],
    ['apostrophes', 'don’t', 'dont'],
    ['hashtags', '#outage', 'outage'],
    ['handles', '@someone', '@another_1'],
    ['addresses', 'https://x.example/a?b', 'www.example.org'],
    ['amounts', '$125', '£999'],
    ['volumes', '300GB', '50gb'],
    ['redaction placeholders', 'call [phone] now', 'call now'],
    ['entities', 'bill &amp; fee', 'bill fee'],
  ])('%s do not tell texts apart', (_, one, other) => {
    expect(keysOf(one)).toEqual(keysOf(other));
  });

  test.each([
    ['generations of networks', '4g', '5g'],
    ['emoji', '😡', '😍'],
    ['a question and an exclamation', '?', '!'],
  ])('%s are told apart', (_, one, other) => {
    expect(keysOf(one)).not.toEqual(keysOf(other));
  });

  test('megabytes of text cost no more than its beginning', () => {
    const text = `internet down ${'a@b [x] 😡 1,'.repeat(1_000_000)}`;
    expect(model.score(text).tokens.end[model.score(text).tokens.count - 1]).toBeLessThanOrEqual(
      4_000,
    );
  });
});

describe('the file', () => {
  const bytes = Buffer.from(encodeModel(parts));

  test('scores after loading are those before saving, also from an unaligned buffer', () => {
    const shifted = Buffer.concat([Buffer.alloc(3), bytes]).subarray(3);
    for (const source of [bytes, shifted, new Uint8Array(bytes)]) {
      const loaded = loadModel(source);
      expect([...loaded.score('wrong charge').values]).toEqual([
        ...model.score('wrong charge').values,
      ]);
    }
  });

  test('the version names the model and its content', () => {
    expect(loadModel(bytes).version).toMatch(/^made-texts\+[0-9a-f]{8}$/);
    const changed = Buffer.from(
      encodeModel({ ...parts, biases: parts.biases.map((b: number) => b + 1) }),
    );
    expect(loadModel(changed).version).not.toBe(loadModel(bytes).version);
  });

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['another format', Buffer.from('PK\u0003\u0004 and so on, for more than twenty bytes')],
    ['a file cut short', bytes.subarray(0, bytes.length - 1)],
    [
      'one other bit',
      Buffer.concat([
        bytes.subarray(0, -60),
        Buffer.from([bytes.at(-60)! ^ 1]),
        bytes.subarray(-59),
      ]),
    ],
    [
      'a damaged header',
      Buffer.concat([bytes.subarray(0, 40), Buffer.alloc(30), bytes.subarray(70)]),
    ],
  ])('%s is refused as unreadable', (_, damaged) => {
    expect(() => loadModel(damaged)).toThrow(SignpostError);
    expect(() => loadModel(damaged)).toThrow(/^the model (?:does not begin|has)/);
  });
});

describe('the shipped model', () => {
  const shipped = loadShippedModel();
  const departments = loadShippedDepartments();
  const judge = createJudge({ model: shipped, departments });
  const thresholds = new Map(
    departments.departments.map(({ name, threshold }) => [name, threshold]),
  );

  test('it is small and names itself', () => {
    expect(readFileSync(shippedModelFile).length).toBeLessThan(10_000_000);
    expect(judge.version).toMatch(/^telecom-v2\+[0-9a-f]{8}$/);
  });

  test('the departments file holds the thresholds the model was tuned to', () => {
    const task = shipped.facts.tasks.find(({ name }) => name === 'departments')!;
    for (const [at, name] of task.classes.entries()) {
      expect([name, thresholds.get(name)]).toEqual([name, task.thresholds[at]]);
    }
  });

  test.each([
    ['Internet has been down since last night, no connection at all', ['operations'], -1],
    ['why is my internet so slow every evening', ['operations'], null],
    ['No signal at all in my village, please build a tower', ['planning'], null],
    ['When will fiber be available at my address?', ['planning'], 0],
    ['I was charged twice and still have not got my refund', ['billing'], -1],
    ['The app keeps crashing when I log in', ['it'], null],
    ['I cannot log in to my account on your website', ['it'], null],
    ['Rude agent hung up on me after two hours on hold', ['customer-service'], -1],
    ['data caps are unfair', ['marketing', 'planning'], -1],
    ['I am cancelling and switching to Verizon, too expensive', ['marketing'], -1],
    ['I love this app, easy to use', ['it'], 1],
    ['Good morning everyone', [], null],
    ['DM sent', [], 0],
  ])('"%s" goes to %j', (text, wanted, sentiment) => {
    const judgement = judge.judge(input({ text }));
    const routed = judgement.departments
      .filter(({ department, relevance }) => relevance >= thresholds.get(department)!)
      .map(({ department }) => department);
    expect(wanted.length === 0 ? routed : wanted.filter((name) => !routed.includes(name))).toEqual(
      [],
    );
    expect(judgement.sentiment).toBe(sentiment ?? judgement.sentiment);
  });

  test('without the words that spoke most for it, a department that received a text is less sure of it', () => {
    const task = shipped.facts.tasks.find(({ name }) => name === 'departments')!;
    let received = 0;
    let lowered = 0;
    for (const text of knowledgeUnderTest(1000)) {
      for (const [at, threshold] of task.thresholds.entries()) {
        const col = task.from + at;
        const scores = shipped.score(text);
        const before = scores.values[col]!;
        if (1 / (1 + Math.exp(-before)) < threshold) continue;
        const [top] = explain(shipped, scores, text, col, Infinity).toSorted(
          (a, b) => b.weight - a.weight,
        );
        received += 1;
        const cut = `${text.slice(0, top!.start!)} ${text.slice(top!.end!)}`;
        if (shipped.score(cut).values[col]! < before) lowered += 1;
      }
    }
    expect(received).toBeGreaterThan(500);
    expect(lowered / received).toBeGreaterThan(0.95);
  });

  test.each([
    ['the internet is slow', 'the internet is not slow any more', 'operations'],
    ['my calls drop all the time', 'my calls never drop', 'operations'],
  ])('"%s" is more for operations than "%s"', (fault, none, department) => {
    const of = (text: string) =>
      judge.judge(input({ text })).departments.find((each) => each.department === department)
        ?.relevance ?? 0;
    expect(of(fault)).toBeGreaterThan(of(none));
  });

  test.each([
    'slooooow internet',
    'SLOW INTERNET',
    'slow internett',
    '#slow internet 😡',
    '@isp slow internet',
  ])('"%s" is read as slow internet', (text) => {
    const routed = judge
      .judge(input({ text }))
      .departments.filter(({ relevance }) => relevance > 0.5);
    expect(routed.map(({ department }) => department)).toContain('operations');
  });

  test.each([
    'not slow any more',
    'the internet is not slow anymore, great',
    'my internet is no longer down, thanks',
  ])('a fault that is denied is none: "%s"', (text) => {
    const { departments: found, sentiment } = judge.judge(input({ text }));
    const operations = found.find(({ department }) => department === 'operations')?.relevance ?? 0;
    expect(operations).toBeLessThan(thresholds.get('operations')!);
    expect(sentiment).toBeGreaterThanOrEqual(0);
  });

  test.each(['internet not working', 'still not fixed', 'no internet'])(
    'a fault told with a negation is one: "%s"',
    (text) => {
      const { departments: found } = judge.judge(input({ text }));
      expect(
        found.find(({ department }) => department === 'operations')!.relevance,
      ).toBeGreaterThan(thresholds.get('operations')!);
    },
  );

  test('reasons and the rest sum to the log-odds of each department', () => {
    for (const text of ['no signal in my village', 'charged twice, cancel my plan']) {
      for (const { relevance, evidence, rest } of judge.judge(input({ text })).departments) {
        const sum = evidence.reduce((total, { weight }) => total + weight, rest);
        expect(1 / (1 + Math.exp(-sum))).toBeCloseTo(relevance, 3);
      }
    }
  });

  test('a threat to leave is a churn risk, and a plain report is none', () => {
    expect(
      judge.judge(input({ text: 'I am switching to another provider' })).churnRisk,
    ).toBeGreaterThan(judge.judge(input({ text: 'internet is slow' })).churnRisk + 0.2);
  });

  test('text without a word is the same as no text', () => {
    const none = judge.judge(input({ text: null }));
    for (const text of ['', ' \n\t', '[phone]', '\0\u200d']) {
      expect(judge.judge(input({ text }))).toEqual(none);
    }
    expect(none).toMatchObject({ departments: [], theme: null, sentiment: 0 });
  });
});
