// `signpost train` and `evaluate` as somebody with labelled texts of any task uses them, and what they say to wrong calls.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { endAll, run } from '../support/command.ts';

let folder = '';
const at = (name: string) => join(folder, name);
const things = [
  'card',
  'phone',
  'router',
  'ticket',
  'parcel',
  'coat',
  'boat',
  'bike',
  'kettle',
  'lamp',
];
const when = ['today', 'again', 'since Monday', 'for weeks', 'now'];
const intents = {
  lost: 'I lost my',
  broken: 'nothing works with this',
  refund: 'give me my money back for the',
};

/** A hundred and fifty texts of a task that has nothing to do with telecom. */
function labelled(): string[] {
  return Object.entries(intents).flatMap(([intent, says]) =>
    things.flatMap((thing) =>
      when.map((time) => JSON.stringify({ text: `${says} ${thing} ${time}`, intent })),
    ),
  );
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'signpost-train-'));
  const rows = labelled();
  const outside = ['what a lovely evening', 'sing me a song', 'who won the game'].map((text) =>
    JSON.stringify({ text, intent: 'oos' }),
  );
  writeFileSync(at('data.jsonl'), [...rows, ...outside].join('\n'));
  writeFileSync(at('data.jsonl.gz'), gzipSync(rows.join('\n')));
  writeFileSync(at('broken.jsonl'), `${rows[0]}\n{"text": "cut`);
  writeFileSync(at('unknown.yaml'), 'speed: 1\n');
  writeFileSync(at('small.yaml'), 'networks: { count: 1, hidden: 16, epochs: 30 }\n');
});
afterAll(async () => {
  await endAll();
  rmSync(folder, { recursive: true });
});

const train = (...more: string[]) =>
  run(['train', '--task', 'intent', '--recipe', at('small.yaml'), '--json', ...more]);

describe('a model of any task', () => {
  test('is the same for the same data, and says of a file what it is worth', async () => {
    const [one, two, other] = await Promise.all([
      train('--data', at('data.jsonl'), '--out', at('one.bin')),
      train('--data', at('data.jsonl'), '--out', at('two.bin')),
      train('--data', at('data.jsonl'), '--out', at('three.bin'), '--seed', '5'),
    ]);
    const report = JSON.parse(one.stdout) as {
      texts: number;
      model: { model: string; knowledgeRows: number; quality: { intent: { accuracy: number } } };
    };
    expect(report).toMatchObject({ texts: 153, model: { knowledgeRows: 0 } });
    expect(report.model.quality.intent.accuracy).toBeGreaterThan(0.9);
    expect((JSON.parse(two.stdout) as typeof report).model.model).toBe(report.model.model);
    expect((JSON.parse(other.stdout) as typeof report).model.model).not.toBe(report.model.model);

    const evaluate = (...more: string[]) => run(['evaluate', '--model', at('one.bin'), ...more]);
    const measured = await evaluate(
      '--data',
      at('data.jsonl.gz'),
      '--json',
      '--predictions',
      at('said.jsonl'),
    );
    expect(JSON.parse(measured.stdout)).toMatchObject({
      task: 'intent',
      n: 150,
      accuracy: 1,
      macroF1: 1,
      microF1: 1,
      perLabel: { lost: { support: 50 } },
    });
    const { ece, textsPerSecond } = JSON.parse(measured.stdout) as Record<string, number>;
    expect(ece).toBeLessThan(0.2);
    expect(textsPerSecond).toBeGreaterThan(0);
    const shown = await evaluate('--data', at('data.jsonl'));
    expect(shown.stdout).toMatch(/intent {2}150 texts[^]*out of scope: [^]*refund/);
    const unknown = await evaluate('--data', at('data.jsonl'), '--task', 'colour');
    expect(unknown).toMatchObject({ code: 1 });
    expect(unknown.stderr).toContain('The model has no task colour');
  });

  test('is measured on a held-out part without being written', async () => {
    const { stdout } = await train('--data', at('data.jsonl'), '--evaluate-split');
    const report = JSON.parse(stdout) as { split: { task: string; n: number }[]; model?: unknown };
    expect(report.split[0]).toMatchObject({ task: 'intent' });
    expect(report.split[0]!.n).toBeGreaterThan(15);
    expect(report.model).toBeUndefined();
  });
});

test('a model with departments and themes of somebody’s own judges beside the shipped rules', async () => {
  const rows = Object.entries(intents).flatMap(([intent, says]) =>
    things.map((thing, number) =>
      JSON.stringify({
        text: `${says} ${thing}`,
        departments: [`desk-${intent}`],
        theme: `about-${intent}`,
        sentiment: number % 3 === 0 ? 0 : number % 3 === 1 ? 1 : -1,
        churn: number % 2,
      }),
    ),
  );
  writeFileSync(at('own.jsonl'), rows.join('\n'));
  const tasks = ['departments', 'theme', 'sentiment', 'churn'].flatMap((task) => ['--task', task]);
  const made = await run([
    'train',
    '--data',
    at('own.jsonl'),
    ...tasks,
    '--knowledge',
    'none',
    '--out',
    at('own.bin'),
    '--recipe',
    at('small.yaml'),
  ]);
  expect(made.stderr + made.stdout).toContain('theme: exactly one of 3 labels');
  writeFileSync(
    at('own.yaml'),
    'classify:\n  model: own.bin\n  departments:\n    - { name: desk-lost, title: Lost, threshold: 0.3 }\n',
  );
  const { stdout, code } = await run([
    'classify',
    'I lost my card',
    '--config',
    at('own.yaml'),
    '--json',
  ]);
  expect(code).toBe(0);
  const judged = JSON.parse(stdout) as { theme: string; departments: { department: string }[] };
  expect(judged.theme).toBe('about-lost');
  expect(judged.departments[0]!.department).toBe('desk-lost');
});

describe('a wrong call is told in a sentence', () => {
  test.each([
    [
      'a missing file',
      ['--data', 'nowhere.jsonl'],
      /Cannot read nowhere\.jsonl: there is no such file/,
    ],
    ['a line that is no JSON', ['--data', 'broken.jsonl'], /Line 2 of .*broken\.jsonl is not JSON/],
    [
      'a recipe with an unknown constant',
      ['--data', 'data.jsonl', '--recipe', 'unknown.yaml'],
      /The recipe .*unknown\.yaml is not valid:[^]*there is no setting speed/,
    ],
    [
      'a recipe that is no YAML',
      ['--data', 'data.jsonl', '--recipe', 'data.jsonl'],
      /Cannot read .*data\.jsonl/,
    ],
    [
      'field knowledge with a broken line',
      ['--data', 'data.jsonl', '--knowledge', 'broken.jsonl'],
      /Line 2 of .*broken\.jsonl is not JSON/,
    ],
  ])('%s', async (_, args, says) => {
    const paths = args.map((arg) =>
      /\.(?:jsonl|yaml)$/.test(arg) && arg !== 'nowhere.jsonl' ? at(arg) : arg,
    );
    const { code, stderr } = await run([
      'train',
      '--task',
      'intent',
      '--out',
      at('x.bin'),
      ...paths,
    ]);
    expect(code).toBe(1);
    expect(stderr).toMatch(says);
    expect(stderr).not.toContain('    at ');
  });

  test('what would be lost is not overwritten: the data, and a device', async () => {
    const [data, device, said] = await Promise.all([
      train('--data', at('data.jsonl'), '--out', at('data.jsonl')),
      train('--data', at('data.jsonl'), '--out', '/dev/full'),
      run([
        'evaluate',
        '--model',
        'shipped',
        '--data',
        at('data.jsonl'),
        '--predictions',
        at('data.jsonl'),
      ]),
    ]);
    for (const { code, stderr } of [data, said]) {
      expect(code).toBe(1);
      expect(stderr).toContain('is read by this command: it would be lost');
    }
    expect(device.stderr).toContain('no regular file');
    expect(readFileSync(at('data.jsonl'), 'utf8')).toContain('I lost my');
  });

  test('a call without data or task is a wrong call', async () => {
    const ended = await Promise.all([
      run(['train', '--task', 'intent', '--out', at('x.bin')]),
      run(['train', '--data', at('data.jsonl'), '--out', at('x.bin')]),
      run(['evaluate', '--model', 'shipped']),
    ]);
    expect(ended.map(({ code }) => code)).toEqual([2, 2, 2]);
  });

  test('data without the task, and neither a model nor a measurement asked for', async () => {
    const [noTask, nothing] = await Promise.all([
      run(['train', '--data', at('data.jsonl'), '--task', 'colour', '--out', at('x.bin')]),
      run(['train', '--data', at('data.jsonl'), '--task', 'intent']),
    ]);
    expect(noTask.stderr).toContain('has a label of colour');
    expect(nothing.stderr).toContain('Say where the model goes');
  });
});
