// `signpost reclassify` as a command: on a data directory, beside its writer, killed and begun anew.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { endAll, run, start } from '../support/command.ts';
import { otherModel } from '../support/other-model.ts';

const other = otherModel();
const posts = 400;
let folder: string;
const signpost = (...args: readonly string[]) => run(args, { cwd: folder });
const judged = async (...args: readonly string[]) => {
  const ended = await signpost('reclassify', '--data', 'data', '--json', ...args);
  expect(ended).toMatchObject({ code: 0, stderr: '' });
  return JSON.parse(ended.stdout) as Record<string, unknown>;
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'signpost-reclassify-'));
  writeFileSync(join(folder, 'other.bin'), other.bytes);
  const rows = Array.from(
    { length: posts },
    (_, n) =>
      `p${n},2026-11-${String(1 + (n % 20)).padStart(2, '0')}T10:00:00Z,no signal in ${n} Oak`,
  );
  writeFileSync(join(folder, 'posts.csv'), `id,at,text\n${rows.join('\n')}\n`);
  writeFileSync(
    join(folder, 'posts.yaml'),
    'kind: posts\nsource: forum\nformat: csv\ntime: { column: at, format: iso }\nfields:\n  id: id\n  text: text\n',
  );
  const ended = await signpost(
    'import',
    'posts',
    'posts.csv',
    '--mapping',
    './posts.yaml',
    '--data',
    'data',
  );
  if (ended.code !== 0) throw new Error(ended.stderr);
}, 60_000);
afterAll(async () => {
  await endAll();
  rmSync(folder, { recursive: true });
});

it('by the model that judged there is nothing to revise', async () => {
  expect(await judged()).toMatchObject({
    dryRun: false,
    judged: posts,
    revised: 0,
    unchanged: posts,
  });
});

it('a dry run by another model counts, also beside a writer, who keeps the directory to itself', async () => {
  const up = start(['up', '--data', 'data', '--port', '0'], { cwd: folder });
  await up.says(/Signpost/);
  const by = ['--model', 'other.bin'];
  expect(await judged(...by, '--dry-run')).toMatchObject({
    dryRun: true,
    model: other.version,
    revised: posts,
    rerouted: 0,
  });
  const refused = await signpost('reclassify', '--data', 'data', ...by);
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('with --dry-run')]);
  up.child.kill('SIGTERM');
  await up.ended;
});

it('killed and begun anew, every insight is revised once', { timeout: 60_000 }, async () => {
  const args = ['reclassify', '--data', 'data', '--model', 'other.bin'];
  const killed = start([...args, '--from', '2026-11-10'], { cwd: folder });
  setTimeout(() => killed.child.kill('SIGKILL'), 400);
  await killed.ended;
  await judged('--model', 'other.bin');
  const { stdout } = await signpost(
    'tail',
    'revised',
    '--data',
    'data',
    '--from-beginning',
    '--json',
  );
  const ids = stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as { value: { id: string; model: string } }).value);
  expect(ids).toHaveLength(posts);
  expect(new Set(ids.map(({ id }) => id)).size).toBe(posts);
  expect(new Set(ids.map(({ model }) => model))).toEqual(new Set([other.version]));
  expect((await signpost(...args)).stdout).toContain(`${posts} as they stand`);
  // Revisions are no outcomes, and no copies.
  const { code } = await signpost('reconcile', '--data', 'data');
  expect(code).toBe(0);
});

it.each<[string, readonly string[], number, RegExp]>([
  ['a time that is none', ['--from', 'yesterday'], 2, /--from is no date: yesterday/],
  [
    'an end before its beginning',
    ['--from', '2026-11-02', '--to', '2026-11-01'],
    2,
    /before --from/,
  ],
  ['a model that is not there', ['--model', 'none.bin'], 1, /Cannot use the model none\.bin/],
  ['a directory without a log', ['--data', 'nowhere'], 1, /nowhere/],
])('%s is refused', async (_, args, code, says) => {
  const data = args.includes('--data') ? [] : ['--data', 'data'];
  const ended = await signpost('reclassify', ...data, ...args);
  expect([ended.code, ended.stderr]).toEqual([code, expect.stringMatching(says)]);
});
