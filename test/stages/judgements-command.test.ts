// `signpost judge` and `signpost judgements` as a person runs them, with and without somebody else writing to the log.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { endAll, run, start } from '../support/command.ts';

const folder = mkdtempSync(join(tmpdir(), 'signpost-judge-'));
const data = join(folder, 'data');
let ids: string[];

afterAll(async () => {
  await endAll();
  rmSync(folder, { recursive: true, force: true });
});
const inFolder = (args: readonly string[]) => run([...args, '--data', data], { cwd: folder });
const judge = (id: string, verdict: string, ...more: readonly string[]) =>
  run(['judge', '--data', data, ...more, '--', id, verdict], { cwd: folder });
const lines = (text: string): Record<string, unknown>[] =>
  text
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

beforeAll(async () => {
  const posts = [
    'no signal in the whole street since Monday',
    'you charged my card twice',
    'hello',
  ];
  writeFileSync(
    join(folder, 'posts.csv'),
    ['id,when,words', ...posts.map((text, i) => `${i},2026-01-05T10:00:00Z,${text}`), ''].join(
      '\n',
    ),
  );
  writeFileSync(
    join(folder, 'posts.yaml'),
    'source: desk\nkind: posts\nformat: csv\ntime: { column: when, format: iso }\nfields: { id: id, text: words }\n',
  );
  const imported = await inFolder(['import', 'posts', 'posts.csv', '--mapping', './posts.yaml']);
  if (imported.code !== 0) throw new Error(imported.stderr);
  const shared = await inFolder(['tail', 'shared', '--from-beginning', '--json']);
  ids = lines(shared.stdout)
    .map(({ key, value }) => [String(key), (value as { id: string }).id] as const)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, id]) => id);
}, 60_000);

describe('judge', () => {
  it('writes down what is said of an insight, with the model that judged it', async () => {
    const comment = 'a planned work; ask ann@example.com \x1b[2J';
    const by = ['--department', 'operations', '--by', 'noc-lead', '--theme', 'coverage'];
    const more = [...by, '--comment', comment, '--json'];
    const { code, stdout, stderr } = await judge(ids[0]!, 'wrong', ...more);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({
      insightId: ids[0],
      department: 'operations',
      verdict: 'wrong',
      theme: 'coverage',
      comment: 'a planned work; ask [email] \x1b[2J',
      judgedBy: 'noc-lead',
      model: expect.stringContaining('v'),
      belongs: false,
      sentTo: data,
    });
    const tail = await inFolder(['tail', 'judged']);
    expect(tail.stdout).toContain(
      'wrong for operations, theme coverage  a planned work; ask [email] ␛[2J',
    );
    expect(tail.stdout).not.toContain('\x1b');
  });

  it('tells a person in a sentence what it means', async () => {
    const { code, stdout } = await judge(ids[1]!, 'missing', '--department', 'operations');
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /Judged missing for operations, which did not receive it \(relevance 0\.\d\d\): it belongs there\./,
    );
  });

  it.each([
    [
      'an unknown insight',
      () => [`${ids[0]}x`, 'wrong', '--department', 'billing'],
      'did you mean',
    ],
    [
      'an unknown department',
      () => [ids[0]!, 'wrong', '--department', 'biling'],
      'did you mean billing?',
    ],
    [
      'a theme that is none',
      () => [ids[0]!, 'wrong', '--department', 'billing', '--theme', 'A b'],
      '--theme must be kebab-case',
    ],
    [
      'a reader by e-mail',
      () => [ids[0]!, 'wrong', '--department', 'billing', '--by', 'a.b@example.com'],
      '--by must be a role',
    ],
  ] as const)('refuses %s with 1 and a sentence', async (_name, args, says) => {
    const [id, verdict, ...more] = args();
    const { code, stdout, stderr } = await judge(id!, verdict!, ...more);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(says);
    expect(stderr).not.toContain('    at ');
  });

  it.each([
    [['judge', 'x', 'wrong'], "required option '--department <name>'"],
    [['judge', 'x', 'wrng', '--department', 'billing'], 'right, wrong, missing'],
    [['judge', 'x', '--department', 'billing'], "missing required argument 'verdict'"],
    [['judgements', 'lsit'], 'unknown command'],
    [['judgements', 'export', '--out', ' '], 'must name a file'],
    [['judgements', 'list', '--max', '0'], 'whole number'],
  ])('%j is a wrong call: 2', async (args, says) => {
    const { code, stderr } = await run(args, { cwd: folder });
    expect(code).toBe(2);
    expect(stderr).toContain(says);
  });

  it('makes no data directory where there is none', async () => {
    const none = join(folder, 'none');
    for (const args of [
      ['judge', 'x', 'wrong', '--department', 'billing'],
      ['judgements', 'list'],
      ['judgements', 'export'],
    ]) {
      const { code, stderr } = await run([...args, '--data', none], { cwd: folder });
      expect({ code, says: stderr.includes('There is no Signpost log') }).toEqual({
        code: 1,
        says: true,
      });
    }
    expect(existsSync(none)).toBe(false);
  });
});

describe('judgements', () => {
  it('are listed with what counts of them', async () => {
    await judge(ids[0]!, 'right', '--department', 'operations', '--by', 'noc-lead');
    const { stdout } = await inFolder(['judgements', 'list', '--insight', ids[0]!, '--json']);
    expect(lines(stdout).map(({ verdict, counts }) => [verdict, counts])).toEqual([
      ['wrong', false],
      ['right', true],
    ]);
    const people = await inFolder(['judgements', 'list', '--max', '1']);
    expect(people.stdout).toMatch(/… and 2 older ones.+\n3 in all, 1 of them replaced/);
  });

  it('are exported as labelled texts, to a pipe or to a file, with a report beside', async () => {
    const piped = await inFolder(['judgements', 'export']);
    expect(piped.stderr).toBe(
      '2 labelled texts of 2 judged insights; 3 judgements of 2 readers.\n',
    );
    const rows = lines(piped.stdout);
    expect(rows).toMatchObject([
      { id: ids[0], kind: 'post', text: 'no signal in the whole street since Monday' },
      { id: ids[1], departments: { operations: true } },
    ]);
    const out = join(folder, 'labelled.jsonl');
    const filed = await inFolder(['judgements', 'export', '--out', out, '--json']);
    expect(JSON.parse(filed.stdout)).toMatchObject({ rows: 2, gone: 0, withoutText: 0, out });
    expect(readFileSync(out, 'utf8')).toBe(piped.stdout);
    const refused = await inFolder(['judgements', 'export', '--out', join(out, 'x')]);
    expect({ code: refused.code, hasStack: refused.stderr.includes('    at ') }).toEqual({
      code: 1,
      hasStack: false,
    });
  });
});

describe('while another process writes to the directory', () => {
  it('a judgement goes to its intake, with a key where one is needed', async () => {
    const up = start(['up', '--port', '0', '--data', data], { cwd: folder });
    await expect.poll(() => existsSync(join(data, 'intake.json')), { timeout: 30_000 }).toBe(true);
    const sent = await judge(
      ids[2]!,
      'right',
      '--department',
      'billing',
      '--by',
      'clerk',
      '--json',
    );
    expect(JSON.parse(sent.stdout)).toMatchObject({
      judgedBy: 'clerk',
      belongs: false,
      sentTo: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
    });

    const key = await inFolder([
      'keys',
      'create',
      '--source',
      'desk',
      '--kinds',
      'judgements',
      '--json',
    ]);
    await expect
      .poll(async () => (await judge(ids[2]!, 'wrong', '--department', 'billing')).stderr)
      .toMatch(/did not take the judgement: An API key is needed\.\n.+SIGNPOST_KEY/);
    const { token } = JSON.parse(key.stdout) as { token: string };
    const accepted = await run(
      ['judge', '--data', data, '--department', 'it', '--by', 'clerk', '--', ids[2]!, 'missing'],
      { cwd: folder, env: { ...process.env, SIGNPOST_KEY: token } },
    );
    expect(accepted.code).toBe(0);
    up.child.kill('SIGTERM');
    expect((await up.ended).code).toBe(0);
    expect(existsSync(join(data, 'intake.json'))).toBe(false);
    const { stdout } = await inFolder(['judgements', 'list', '--insight', ids[2]!, '--json']);
    expect(lines(stdout).map(({ department, verdict }) => [department, verdict])).toEqual([
      ['billing', 'right'],
      ['it', 'missing'],
    ]);
  }, 90_000);
});
