// The installed command from outside, on whatever Node the machine has: how it is called, how it ends, and that nothing
// customers wrote reaches a terminal raw.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { endAll, root, run, signpost, start } from '../support/command.ts';

/** As a login shell has it: without what `npm run` puts in front. */
const PATH = (process.env['PATH'] ?? '')
  .split(':')
  .filter((folder) => !folder.includes('node_modules'))
  .join(':');
const VERSION = `${(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version}\n`;

let directory: string;
let data: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'signpost-command-'));
  data = join(directory, 'data');
  // What `npm ci` does at its end.
  execFileSync(join(root, 'bin/node'), [join(root, 'scripts/link-command.ts')]);
});
afterEach(endAll);
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const shell = (line: string, env: NodeJS.ProcessEnv = {}) =>
  run(['-c', line], {
    program: '/bin/sh',
    env: { PATH, HOME: directory, npm_config_update_notifier: 'false', ...env },
  });

describe('every way to call it', () => {
  test.each([
    ['bin/signpost', 'bin/signpost --version'],
    ['the linked command', 'node_modules/.bin/signpost --version'],
    ['npx', 'npx --no-install signpost --version'],
    ['npm start', 'npm run -s start -- --version'],
    ['from another folder', `cd / && '${signpost}' --version`],
  ])('%s works', async (_name, line) => {
    expect(await shell(line)).toEqual({ code: 0, signal: null, stdout: VERSION, stderr: '' });
  });

  test('a link to it works', async () => {
    symlinkSync(signpost, join(directory, 'sp'));
    expect(await shell(`cd '${directory}' && ./sp --version`)).toMatchObject({
      code: 0,
      stdout: VERSION,
    });
  });

  test.each([
    'up',
    'import',
    'tail',
    'classify',
    'reconcile',
    'rejected',
    'rejected list',
    'rejected show',
    'rejected replay',
    'topics',
    'doctor',
    'keys',
    'generate',
  ])('%s --help has an example', async (command) => {
    const { code, stdout, stderr } = await run([...command.split(' '), '--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(new RegExp(`Examples:\\n  signpost ${command}`));
  });
});

describe('without the Node that comes with it', () => {
  const withNode = (script: string): string => {
    const folder = mkdtempSync(join(directory, 'node-'));
    cpSync(join(root, 'bin'), join(folder, 'bin'), { recursive: true });
    mkdirSync(join(folder, 'path'));
    writeFileSync(join(folder, 'path/node'), script);
    chmodSync(join(folder, 'path/node'), 0o755);
    return folder;
  };

  test('and an older one on the PATH, it says in one sentence what to do', async () => {
    const folder = withNode('#!/bin/sh\necho 20\n');
    const { code, stdout, stderr } = await shell(`${folder}/bin/signpost --help`, {
      PATH: `${folder}/path:${PATH}`,
    });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^signpost: [^\n]*Node 24[^\n]*npm ci[^\n]*\n$/);
  });

  test('and none at all, it says the same', async () => {
    const folder = withNode('#!/bin/sh\nexit 127\n');
    const { code, stderr } = await shell(`${folder}/bin/signpost --help`, {
      PATH: `${folder}/path:${PATH}`,
    });
    expect(code).toBe(1);
    expect(stderr.split('\n').length).toBe(2);
  });

  test('and a newer one on the PATH, it takes that', async () => {
    const folder = withNode(`#!/bin/sh\nexec '${process.execPath}' "$@"\n`);
    const { code, stdout } = await shell(`${folder}/bin/node --version`, {
      PATH: `${folder}/path:${PATH}`,
    });
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${process.version}\n` });
  });
});

/** Cursor, colour, title, clipboard, reordering, invisible and faked lines. */
const nasty = [
  '\u001b[31mred',
  '\u001b]0;owned\u0007',
  '\u001b]52;c;aGk=\u0007',
  '\u009b2J',
  '\u202egnp.exe',
  '\u2066x\u2069',
  '\u200bhidden',
  'a\r\nfake: line',
  'b\u0008\u0008c',
  '\u{e0041}',
];
// oxlint-disable-next-line no-control-regex -- exactly these must not come out
const raw = /(?![\n])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

describe('an import of hostile words', () => {
  const mapping =
    'source: forum\nkind: posts\nformat: jsonl\ntime: { column: at }\nfields: { id: id, text: text, channel: channel, authorId: author }\n';
  let imported: Awaited<ReturnType<typeof run>>;
  beforeAll(async () => {
    const at = '2025-06-01T10:00:00Z';
    const lines = nasty.flatMap((words, i) => [
      JSON.stringify({
        id: `p${i}`,
        at,
        text: `My internet is down ${words} since Monday`,
        channel: words.replaceAll(/[\r\n]/g, ' '),
        author: `a${i}`,
      }),
      JSON.stringify({ id: `q${i}`, at: words, text: words }),
      // Not even JSON, escape sequences and all.
      `{"id": "${words.replaceAll(/[\r\n]/g, ' ')}`,
      JSON.stringify({
        id: `p${i}`,
        at,
        text: `My internet is down ${words} since Tuesday`,
        author: `a${i}`,
      }),
    ]);
    writeFileSync(join(directory, 'nasty.yaml'), mapping);
    writeFileSync(join(directory, 'na\u001b[31msty.jsonl'), `${lines.join('\n')}\n`);
    imported = await run([
      'import',
      'posts',
      join(directory, 'na\u001b[31msty.jsonl'),
      '--mapping',
      join(directory, 'nasty.yaml'),
      '--data',
      data,
      '--json',
    ]);
  });

  test('prints one object with exactly what it promises', () => {
    expect(imported).toMatchObject({ code: 0, stderr: '' });
    expect(imported.stdout.split('\n').length).toBe(2);
    const report = JSON.parse(imported.stdout) as Record<string, unknown>;
    expect(report).toMatchObject({
      accepted: 40,
      insights: 10,
      perDepartment: { operations: expect.any(Number) },
      dropped: {},
      rejected: {
        'id-conflict': 10,
        'invalid-time': expect.any(Number),
        'invalid-json': expect.any(Number),
      },
      seconds: expect.any(Number),
      recordsPerSecond: expect.any(Number),
    });
  });

  test('reconcile --json tells whether it balances, and each source', async () => {
    const { code, stdout } = await run(['reconcile', '--data', data, '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      balanced: true,
      sources: { forum: { accepted: 40, insights: 10, dropped: 0, rejected: 30 } },
    });
  });

  test.each([
    ['tail shared --from-beginning', 10],
    ['tail operations --from-beginning', 1],
    ['tail rejected --from-beginning', 30],
    ['tail tickets.reported.v1 --from-beginning', 0],
    ['tail posts.published.v1 --from-beginning', 20],
    ['rejected list --max 100', 30],
    ['reconcile', 1],
    ['topics', 10],
  ])('%s shows nothing raw', async (command, leastLines) => {
    const { code, stdout, stderr } = await run([...command.split(' '), '--data', data]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n').length).toBeGreaterThan(leastLines);
    expect(raw.exec(stdout)).toBeNull();
    expect(stdout).not.toMatch(/^fake: line/m);
  });

  test('as JSON every line parses and shows nothing raw', async () => {
    const tailed = await run(['tail', 'shared', '--from-beginning', '--json', '--data', data]);
    const listed = await run(['rejected', 'list', '--json', '--data', data]);
    expect(raw.exec(tailed.stdout + listed.stdout)).toBeNull();
    const records = tailed.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { value: { signal: { text: string } } });
    expect(records.length).toBe(10);
    expect(records.map(({ value }) => value.signal.text)).toContain(
      'My internet is down \u001b[31mred since Monday',
    );
    const letters = listed.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { id: string });
    expect(letters.length).toBe(30);
    for (const { id } of [letters[0]!, letters[1]!, letters.at(-1)!]) {
      for (const more of [[], ['--json']]) {
        const shown = await run(['rejected', 'show', id, '--data', data, ...more]);
        expect(shown).toMatchObject({ code: 0, stderr: '' });
        expect(raw.exec(shown.stdout)).toBeNull();
      }
    }
  });

  test('a reader that stops reading ends the command quietly', async () => {
    const { stdout, stderr } = await shell(
      `'${signpost}' tail posts.published.v1 --from-beginning --json --data '${data}' | head -1`,
    );
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toMatchObject({ topic: 'posts.published.v1' });
  });
});

describe('while it is up', () => {
  test('readers read, a second writer is told which process has the directory, and Ctrl-C ends it', async () => {
    const up = start(['up', '--port', '0', '--data', data]);
    const [, url] = await up.says(/intake (http:\S+)/);
    const second = await run([
      'import',
      'posts',
      join(directory, 'na\u001b[31msty.jsonl'),
      '--mapping',
      join(directory, 'nasty.yaml'),
      '--data',
      data,
    ]);
    expect(second.code).toBe(1);
    expect(second.stderr).toContain(`pid ${up.child.pid}`);
    expect(second.stderr.split('\n').length).toBe(3);
    expect(raw.exec(second.stderr)).toBeNull();
    expect(await run(['tail', 'shared', '--max', '1', '--data', data])).toMatchObject({
      code: 0,
      stderr: '',
    });
    expect((await fetch(`${url}/health/ready`)).status).toBe(200);
    up.child.kill('SIGINT');
    const { code, stdout, stderr } = await up.ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(raw.exec(stdout)).toBeNull();
  });

  test('SIGTERM ends it within ten seconds, with a demonstration running and a connection open', async () => {
    const up = start(['up', '--demo', '--port', '0', '--data', join(directory, 'demo')]);
    const [, url] = await up.says(/intake (http:\S+)/);
    await fetch(`${url}/health/live`);
    await pause(300);
    const since = performance.now();
    up.child.kill('SIGTERM');
    expect(await up.ended).toMatchObject({ code: 0, stderr: '' });
    expect(performance.now() - since).toBeLessThan(10_000);
  });
});

describe('an import that is interrupted', () => {
  /** So many that it is under way for a while after its first are written. */
  const RECORDS = 8_000;
  test.each(['SIGINT', 'SIGTERM'] as const)(
    'by %s says how to go on, and then goes on',
    async (signal) => {
      const target = join(directory, `data-${signal}`);
      const file = join(directory, `${signal}.csv`);
      const rows = Array.from(
        { length: RECORDS },
        (_, i) => `${i},2025-06-01T10:00:00Z,The bill of month ${i} is wrong`,
      );
      writeFileSync(file, `id,at,text\n${rows.join('\n')}\n`);
      const mapping = join(directory, `${signal}.yaml`);
      writeFileSync(
        mapping,
        'source: forum\nkind: posts\nformat: csv\ntime: { column: at }\nfields: { id: id, text: text }\n',
      );
      const args = ['import', 'posts', file, '--mapping', mapping, '--data', target];
      const first = start(args);
      const wal = join(target, 'log/log.sqlite-wal');
      while (
        (statSync(wal, { throwIfNoEntry: false })?.size ?? 0) < 200_000 &&
        first.child.exitCode === null
      )
        await pause(3);
      first.child.kill(signal);
      const { code, stdout, stderr } = await first.ended;
      expect({ code, stdout }).toEqual({ code: 130, stdout: '' });
      expect(stderr).toContain('Run the same command again');
      const { stdout: report } = await run([...args, '--json']);
      expect(JSON.parse(report)).toMatchObject({
        accepted: RECORDS,
        insights: RECORDS,
        dropped: {},
        rejected: {},
      });
    },
  );
});

describe('a data directory', () => {
  test('that cannot be written is a sentence', async () => {
    const file = join(directory, 'a-file');
    writeFileSync(file, '');
    const { code, stderr, stdout } = await run(['up', '--port', '0', '--data', join(file, 'data')]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^signpost: .*a-file/);
    expect(stderr).not.toContain('fault inside');
  });
});
