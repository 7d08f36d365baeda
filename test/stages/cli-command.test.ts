// The command as a person or a script runs it: exit codes, errors, pipes that close, and a file's whole way.
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildProgram } from '../../services/cli/program.ts';

const signpost = join(import.meta.dirname, '../../bin/signpost');
const folder = mkdtempSync(join(tmpdir(), 'signpost-cli-'));
const data = join(folder, 'data');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(args: readonly string[], { input = '', closeEarly = false } = {}): Promise<Ended> {
  return new Promise((done, fail) => {
    const child = spawn(signpost, args, {
      cwd: folder,
      env: { PATH: process.env['PATH'], HOME: folder },
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
      if (closeEarly) child.stdout.destroy();
    });
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.on('error', fail);
    child.on('close', (code) => done({ code, stdout, stderr }));
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}

beforeAll(async () => {
  const rows = Array.from(
    { length: 300 },
    (_, i) =>
      `${i},2015-04-01T00:18:47,No signal since Monday ${i},Web,Chicago,Illinois,60193,Open`,
  );
  const bad = '900,yesterday,\x1b]0;owned\x07 bill,Web,Chicago,Illinois,60193,Open';
  const head = 'ticket,received_at_local,subject,received_via,city,state,zip,status';
  writeFileSync(join(folder, 'f.csv'), [head, ...rows, bad, ''].join('\n'));
  const imported = await run([
    'import',
    'tickets',
    'f.csv',
    '--mapping',
    'us-isp-complaints',
    '--data',
    data,
    '--json',
  ]);
  if (imported.code !== 0) throw new Error(imported.stderr);
});

describe('help', () => {
  it('is there for every command, with an example', () => {
    const commands = buildProgram().commands.flatMap((command) => [command, ...command.commands]);
    expect(commands.length).toBeGreaterThan(14);
    for (const command of commands) {
      let help = '';
      command.configureOutput({ writeOut: (text) => (help += text) });
      command.outputHelp();
      expect(help).toMatch(/Examples?:\n/);
      expect(help).toContain('  signpost ');
    }
  });

  it('is what a bare call shows', async () => {
    expect(await run([])).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringContaining('Usage: signpost'),
    });
  });
});

describe('what help loads', () => {
  /** Files of services/ that loading `file` loads. */
  function loadedWith(file: string, seen = new Set<string>()): Set<string> {
    if (seen.has(file)) return seen;
    seen.add(file);
    const source = readFileSync(file, 'utf8');
    for (const [, what, path] of source.matchAll(/^import ([^;]*?)from '([^']+)';/gms)) {
      if (what!.startsWith('type ')) continue;
      if (path!.startsWith('.')) loadedWith(join(file, '..', path!), seen);
      else if (!path!.startsWith('node:')) seen.add(path!);
    }
    return seen;
  }

  it('is commander and definitions, so that it starts at once', () => {
    const cli = join(import.meta.dirname, '../../services/cli');
    const loaded = [...loadedWith(join(cli, 'program.ts'))].filter((file) => !file.startsWith(cli));
    expect(loaded).toEqual(['commander']);
  });
});

describe('a wrong call', () => {
  it.each([
    [['tial'], '(Did you mean tail?)'],
    [['tail'], "missing required argument 'stream'"],
    [['tail', 'x', '--max', 'many'], 'whole number'],
    [['tail', 'x', '--form-beginning'], '--from-beginning'],
    [['classify', 'x', '--kind', 'letter'], 'ticket'],
  ])('%j says what is wrong and exits with 2', async (args, says) => {
    const { code, stderr, stdout } = await run(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(says);
  });

  it('cannot put escape sequences on the terminal', async () => {
    const { stderr } = await run(['\x1b[2Jx', '--data', data]);
    expect(stderr).toContain('␛[2Jx');
    expect(stderr).not.toContain('\x1b');
  });
});

describe('an error', () => {
  it('is a sentence and a hint on stderr and exit 1; with --json also an object on stdout', async () => {
    const missing = await run(['tail', 'shared', '--data', './none', '--json']);
    expect(missing.code).toBe(1);
    expect(missing.stderr).toMatch(/^signpost: .+\n {2}.+\n$/);
    expect(JSON.parse(missing.stdout)).toMatchObject({
      error: { code: 'no-log', hint: expect.any(String) },
    });
  });
});

describe('after an import', () => {
  it('reconcile balances, and its sources add up', async () => {
    const { code, stdout } = await run(['reconcile', '--data', data, '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      balanced: true,
      duplicates: 0,
      sources: { 'us-isp-complaints': { accepted: 301, insights: 300, dropped: 0, rejected: 1 } },
    });
  });

  it('tail shows records as lines of JSON', async () => {
    const { code, stdout } = await run([
      'tail',
      'shared',
      '--data',
      data,
      '--json',
      '--from-beginning',
    ]);
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { value: { id: string } });
    expect(code).toBe(0);
    expect(new Set(lines.map(({ value }) => value.id)).size).toBe(300);
  });

  it('a reader that stops reading ends tail quietly and with success', async () => {
    const { code, stderr } = await run(
      ['tail', 'shared', '--data', data, '--json', '--from-beginning'],
      { closeEarly: true },
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('dead letters are listed and shown without anything that acts on the terminal', async () => {
    const list = await run(['rejected', 'list', '--data', data, '--json']);
    const { id } = JSON.parse(list.stdout) as { id: string };
    const show = await run(['rejected', 'show', id, '--data', data]);
    expect(show.stdout).toContain('␛]0;owned␇');
    expect(show.stdout + list.stdout).not.toContain('\x1b');
  });

  it('a dry run of a replay changes nothing', async () => {
    const { code, stdout } = await run([
      'rejected',
      'replay',
      '--all',
      '--dry-run',
      '--json',
      '--data',
      data,
    ]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ dryRun: true, skipped: 1 });
  });

  it('topics tells what there is and that nobody is behind', async () => {
    const { stdout } = await run(['topics', '--data', data, '--json']);
    const { topics } = JSON.parse(stdout) as {
      topics: { name: string; records: number; lag: object }[];
    };
    expect(topics.find(({ name }) => name === 'insights.shared.v1')).toMatchObject({
      records: 300,
      lag: { 'signpost.publish': 0 },
    });
  });
});

describe('without a data directory', () => {
  it('classify judges a text from standard input, redacted', async () => {
    const { code, stdout } = await run(['classify', '-', '--json'], {
      input: 'no internet, call me at 415-555-2671\n',
    });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      text: expect.stringContaining('[phone]'),
      redactions: { phone: 1 },
      departments: expect.any(Array),
      model: expect.any(String),
    });
    expect(stdout).not.toContain('2671');
  });

  it('doctor finds nothing wrong with this machine but perhaps its port', async () => {
    const { stdout } = await run(['doctor', '--json', '--data', './new']);
    const { checks } = JSON.parse(stdout) as { checks: { name: string; ok: boolean }[] };
    expect(checks.filter(({ ok, name }) => !ok && name !== 'port')).toEqual([]);
  });

  it.skipIf(process.platform === 'win32')(
    'doctor warns when others can read the words in the data directory',
    async () => {
      const found = async () => {
        const { stdout } = await run(['doctor', '--json', '--data', data]);
        const { checks } = JSON.parse(stdout) as { checks: { name: string; hint?: string }[] };
        return checks.find(({ name }) => name === 'data directory');
      };
      expect(await found()).toMatchObject({ ok: true });
      for (const path of [data, join(data, 'log')]) chmodSync(path, 0o755);
      expect(await found()).toMatchObject({ ok: true });
      chmodSync(join(data, 'log', 'log.sqlite'), 0o644);
      expect(await found()).toMatchObject({ ok: false, hint: `Run: chmod 700 ${data}` });
      chmodSync(data, 0o700);
      expect(await found()).toMatchObject({ ok: true });
    },
  );

  it('generate gives the same lines for the same seed', async () => {
    const args = [
      'generate',
      '--seed',
      '7',
      '--from',
      '2026-03-01',
      '--to',
      '2026-03-02',
      '--kind',
      'tickets',
      '--max',
      '20',
    ];
    const [one, two] = [await run(args), await run(args)];
    expect(one.stdout.trimEnd().split('\n')).toHaveLength(20);
    expect(one).toEqual(two);
  });

  it('a key is shown when it is made, and never again', async () => {
    const made = await run([
      'keys',
      'create',
      '--source',
      'helpdesk',
      '--kinds',
      'tickets,posts',
      '--data',
      './keys',
      '--json',
    ]);
    const { id, token } = JSON.parse(made.stdout) as { id: string; token: string };
    const listed = await run(['keys', 'list', '--data', './keys']);
    expect(listed.stdout).toContain(id);
    expect(listed.stdout).not.toContain(token.slice(-20));
    expect(await run(['keys', 'revoke', id, '--data', './keys'])).toMatchObject({ code: 0 });
    expect(await run(['keys', 'revoke', id, '--data', './keys'])).toMatchObject({ code: 1 });
  });

  it('a reader gets a key with a role and departments', async () => {
    const create = ['keys', 'create', '--read', '--data', './readers'];
    const made = await run([...create, '--role', 'reader', '--departments', 'planning', '--json']);
    expect(JSON.parse(made.stdout)).toMatchObject({
      source: 'reader',
      kinds: [],
      reads: { role: 'reader', departments: ['planning'] },
    });
    await run([...create, '--role', 'planner', '--source', 'gis', '--kinds', 'judgements']);
    const wrong = await run([...create, '--role', 'reader', '--departments', 'plannin']);
    expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining('plannin') });
    const listed = await run(['keys', 'list', '--data', './readers']);
    expect(listed.stdout).toContain('read planning as reader');
    expect(listed.stdout).toContain('send judgements; read everything as planner');
  });
});
