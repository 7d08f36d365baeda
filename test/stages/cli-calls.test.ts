// Calls that cannot be answered: which exit code they end with, what they say, and that nothing of them stays.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { writeRefused } from '../../services/cli/write-refused.ts';
import { root, run } from '../support/command.ts';

const folder = mkdtempSync(join(tmpdir(), 'signpost-calls-'));
// Others must get as far as the directory that is shut to them.
chmodSync(folder, 0o755);
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const fresh = join(folder, 'not', 'there');
const config = (name: string, yaml: string): string => {
  const file = join(folder, `${name}.yaml`);
  writeFileSync(file, yaml);
  return file;
};

describe('a call that is not as its help says exits with 2 and makes no data directory', () => {
  it.each([
    [['classify', '--score', '3', 'x'], '--score and --scale belong together'],
    [['classify', '--scale', 'nps', 'x'], '--score and --scale belong together'],
    [['classify', '--scale', 'nps', '--score', '11', 'x'], 'from 0 to 10'],
    [['classify', ''], 'There is no text to judge'],
    [['classify', ' \n '], 'There is no text to judge'],
    [['generate', '--from', '2026-03-01', '--to', '2026-03-02', '--out', ' '], 'must name a file'],
    [['classify', '--scale', 'csat', '--score', 'good', 'x'], 'from 1 to 5'],
    [['rejected', 'replay', '--data', fresh], '--all, --reason'],
    [['rejected', 'replay', '--all', 'an-id', '--data', fresh], '--all, --reason'],
    [['generate', '--from', 'x', '--to', '2026-03-02'], '--from is no date'],
    [['generate', '--from', '2026-03-02', '--to', '2026-03-01'], '--to is before --from'],
    [
      ['import', 'posts', 'f.csv', '--mapping', 'us-isp-complaints', '--data', fresh],
      'is for tickets, not for posts',
    ],
    [['import', 'letters', 'f.csv', '--mapping', 'x', '--data', fresh], 'tickets, posts, surveys'],
    [['import', 'posts', 'f.csv', '--data', fresh], '--mapping'],
    [['run', 'normalise', '--data', fresh], 'did you mean normalize?'],
    [['run', 'nosuch', '--data', fresh], 'There are gateway, normalize'],
    [['keys', 'create', '--source', 'A b', '--kinds', 'posts', '--data', fresh], 'kebab-case'],
    [['keys', 'create', '--source', 'a', '--kinds', 'letters', '--data', fresh], 'no kind letters'],
    [['keys', 'create', '--source', 'a', '--data', fresh], 'needs --source and --kinds'],
    [['keys', 'create', '--read', '--data', fresh], 'needs a --role'],
    [['keys', 'create', '--role', 'admin', '--data', fresh], 'Add --read'],
    [['up', '--port', '70000', '--data', fresh], 'whole number from 0 to 65535'],
    [['tail', 'shared', '--max', '0', '--data', fresh], 'whole number from 1'],
    [['tail', 'shared', '--data', ''], 'must name a directory'],
    [['topics', 'shared', '--data', fresh], 'too many arguments'],
  ])('%j', async (args, says) => {
    const { code, stdout, stderr } = await run(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(says);
    expect(existsSync(join(folder, 'not'))).toBe(false);
  });
});

describe('a command that only reads makes no data directory', () => {
  const noLog = 'There is no Signpost log';
  it.each([
    ['tail shared', 1, noLog],
    ['topics', 1, noLog],
    ['reconcile', 1, noLog],
    ['rejected list', 1, noLog],
    ['rejected show x', 1, noLog],
    ['rejected replay x', 1, noLog],
    ['rejected replay --all', 1, noLog],
    ['rejected replay --all --dry-run', 1, noLog],
    ['keys list', 0, ''],
    ['archive replay --into aggregates', 1, 'Nothing is archived in'],
    ['erase --customer k1:AAAAAAAAAAAAAAAAAAAAAA', 1, noLog],
    ['keys revoke x', 1, 'There is no key x'],
  ])('%s', async (command, code, says) => {
    const ended = await run([...command.split(' '), '--data', fresh]);
    expect(ended.code).toBe(code);
    expect(ended.stderr).toContain(says);
    expect(existsSync(join(folder, 'not'))).toBe(false);
  });
});

describe('a command that fails at its start', () => {
  it.each([
    ['an address of another machine', 'gateway: { host: 8.8.8.8 }', 'EADDRNOTAVAIL'],
    ['a gazetteer that is not there', 'normalize: { gazetteer: none.csv }', 'none.csv'],
    ['a model that is not there', 'classify: { model: none.bin }', 'none.bin'],
  ])('for %s leaves no data directory behind', async (name, yaml, says) => {
    const file = config(name.replaceAll(' ', '-'), `${yaml}\n`);
    const { code, stderr } = await run(['up', '--port', '0', '--config', file, '--data', fresh]);
    expect(code).toBe(1);
    expect(stderr).toContain(says);
    expect(existsSync(join(folder, 'not'))).toBe(false);
  });

  it('for a file that is not there leaves no data directory behind', async () => {
    const { code, stderr } = await run([
      'import',
      'tickets',
      join(folder, 'none.csv'),
      '--mapping',
      'us-isp-complaints',
      '--data',
      fresh,
    ]);
    expect(code).toBe(1);
    expect(stderr).toContain('There is no file');
    expect(existsSync(join(folder, 'not'))).toBe(false);
  });

  it('leaves alone a directory that was there, and says which addresses there are', async () => {
    const file = config('elsewhere', 'gateway: { host: 8.8.8.8 }\n');
    const data = join(folder, 'was-there');
    mkdirSync(data);
    const { stderr } = await run(['up', '--port', '0', '--config', file, '--data', data]);
    expect(existsSync(join(data, 'log', 'log.sqlite'))).toBe(true);
    expect(stderr).toMatch(/^signpost: Cannot listen on 8\.8\.8\.8.+no such address.+\n {2}.+\n$/);
    expect(stderr).toContain('0.0.0.0');
  });

  it('says that a port is in use', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((done) => server.once('listening', done));
    const { port } = server.address() as { port: number };
    const { code, stderr } = await run(['up', '--port', String(port), '--data', fresh]);
    server.close();
    expect(code).toBe(1);
    expect(stderr).toContain(`Port ${port} on 127.0.0.1 is in use`);
    expect(existsSync(join(folder, 'not'))).toBe(false);
  });

  it.skipIf(process.platform !== 'linux').each([
    ['up', '--port', '0', '--data', '/proc/signpost'],
    ['keys', 'create', '--source', 'a', '--kinds', 'posts', '--data', '/proc/signpost'],
  ])(
    'says at once that a file system refuses its data directory: %s',
    async (...args) => {
      const { code, stderr } = await run(args);
      expect(code).toBe(1);
      expect(stderr).toMatch(/^signpost: .*\/proc\/signpost/);
    },
    20_000,
  );
});

it('a score without words is judged, and said to be one', async () => {
  const scored = ['classify', '', '--kind', 'survey', '--scale', 'nps', '--score', '1'];
  const shown = await run(scored);
  expect(shown).toMatchObject({ code: 0, stderr: '' });
  expect(shown.stdout).toMatch(/^no words: judged by the score alone\n/);
  const { stdout } = await run([...scored, '--json']);
  expect(JSON.parse(stdout)).toMatchObject({ text: null, sentiment: -1 });
});

describe('a place that cannot be written is told in a sentence and a hint', () => {
  const week = ['generate', '--from', '2026-03-01', '--to', '2026-03-02', '--out'];
  it.each([
    ['a folder', folder, 'is a folder, not a file'],
    ['in a folder that is not there', join(folder, 'not', 'there.jsonl'), 'folder above it'],
  ])('generate to %s', async (_, out, says) => {
    const { code, stdout, stderr } = await run([...week, out]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^signpost: .+\n {2}.+--out.+\n$/);
    expect(stderr).toContain(says);
  });

  it.skipIf(process.platform !== 'linux')('generate to a full disk', async () => {
    const { code, stderr } = await run([...week, '/dev/full']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^signpost: No space left for \/dev\/full .+\n {2}.+\n$/);
  });

  it.skipIf(process.platform !== 'linux')('keys create', async () => {
    const key = ['keys', 'create', '--source', 'a', '--kinds', 'posts', '--data'];
    for (const data of ['/proc', '/proc/signpost', join(folder, 'f.yaml')]) {
      if (data.endsWith('.yaml')) config('f', '');
      const { code, stderr } = await run([...key, data]);
      expect(code).toBe(1);
      expect(stderr).toMatch(/^signpost: .+\n {2}.+\n$/);
    }
  });

  it('whatever the operating system names as the reason', () => {
    for (const code of ['EACCES', 'EROFS', 'EDQUOT', 'EEXIST', 'EIO']) {
      const refusal = Object.assign(new Error(`${code}: x`), { code, syscall: 'open' });
      const told = writeRefused(refusal, '/ro/x', 'with --out');
      expect(told).toMatchObject({
        name: 'SignpostError',
        message: expect.stringContaining('/ro/x'),
        hint: expect.stringContaining('with --out'),
        cause: refusal,
      });
    }
    const fault = new Error('a fault');
    expect(writeRefused(fault, '/ro/x', 'with --out')).toBe(fault);
  });
});

describe('a data directory that may not be read', () => {
  it.skipIf(process.platform === 'win32')('is said to be so, not to be missing', ({ skip }) => {
    const shut = join(folder, 'shut');
    mkdirSync(shut, { mode: 0o700 });
    const isRoot = process.getuid?.() === 0;
    if (!isRoot) chmodSync(shut, 0);
    const script = join(folder, 'read.ts');
    const reader = join(root, 'services/core/log/embedded/reader.ts');
    writeFileSync(
      script,
      `import { openEmbeddedLogReader } from ${JSON.stringify(reader)};
      await openEmbeddedLogReader({ directory: ${JSON.stringify(shut)} }).catch((error) =>
        console.log(error.code, error.message));`,
    );
    const nobody = { uid: 65_534, gid: 65_534 };
    const read = spawnSync(process.execPath, [script], {
      encoding: 'utf8',
      env: { NODE_DISABLE_COMPILE_CACHE: '1' },
      ...(isRoot ? nobody : {}),
    });
    chmodSync(shut, 0o700);
    // Where the project itself lies out of nobody's reach there is nobody to try it.
    if (isRoot && read.stdout === '') skip();
    expect(read.stdout).toBe(`log-unreadable The log in ${shut} cannot be read (EACCES)\n`);
  });
});
