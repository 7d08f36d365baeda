// `signpost erase` as a person calls it: what it says, what it writes down, and that the customer's id is nowhere in it.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfig } from '../../services/cli/config.ts';
import { knownKeys, pseudonymsOf } from '../../services/cli/erase/who.ts';
import { openPipeline } from '../../services/cli/pipeline.ts';
import { takeIn } from '../../services/gateway/sources/intake.ts';
import { signpost } from '../support/command.ts';

const directory = mkdtempSync(join(tmpdir(), 'signpost-erase-command-'));
const config = { ...readConfig(undefined), threads: 1 };
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function post(id: string, authorId: string, text: string) {
  const taken = takeIn(
    'posts',
    { id, authorId, text, occurredAt: '2026-11-20T10:00:00Z' },
    {
      source: 'forum',
      receivedAt: Date.now(),
    },
  );
  if (!taken.ok) throw new Error(`${taken.field} ${taken.detail}`);
  return taken.outgoing;
}

beforeAll(async () => {
  const pipeline = await openPipeline(directory, config);
  await pipeline.log.append([
    post('1', 'Customer-4711', 'no signal at all'),
    post('2', 'Customer-4711', 'too expensive'),
    post('3', 'Customer-0815', 'slow internet'),
  ]);
  while ((await pipeline.backlog()) > 0) await pause(20);
  await pipeline.close();
}, 60_000);

function call(args: readonly string[], input = '') {
  const { status, stdout, stderr } = spawnSync(signpost, ['erase', ...args, '--data', directory], {
    input,
    encoding: 'utf8',
  });
  return { code: status, stdout, stderr };
}

const json = (text: string): Record<string, unknown> => JSON.parse(text) as Record<string, unknown>;

describe('signpost erase', () => {
  it('refuses a call that names nobody', () => {
    expect(call([])).toMatchObject({ code: 2, stdout: '' });
    expect(call([]).stderr).toContain('--customer says whom to erase');
    const empty = call(['--customer', '-'], '\n');
    expect(empty).toMatchObject({ code: 2, stdout: '' });
    expect(empty.stderr).toContain('No customer is given');
    expect(call(['--customer', 'x', '--deadline', '0']).code).toBe(2);
  });

  it('says what would go, and changes nothing', () => {
    const { code, stdout, stderr } = call(
      ['--customer', '-', '--dry-run', '--json'],
      'Customer-4711\n',
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { found, topics, dryRun } = json(stdout);
    expect(dryRun).toBe(true);
    expect(found).toEqual({});
    expect(topics).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ topic: 'posts.published.v1', records: 2 }),
        expect.objectContaining({ topic: 'signals.normalized.v1', records: 2, why: null }),
      ]),
    );
    expect(existsSync(join(directory, 'archive'))).toBe(false);
  });

  it('says that nobody of this name is known, and writes nothing down', () => {
    const { code, stdout } = call(['--customer', 'Customer-9999']);
    expect(code).toBe(0);
    expect(stdout).toContain('Nothing of this customer was found');
    expect(call(['list']).stdout).toContain('Nobody was erased yet');
  });

  it('begins, says when the last of it is gone, and goes on when it is asked for again', () => {
    const begun = call(['--customer', '-', '--json'], 'Customer-4711\n');
    expect(begun).toMatchObject({ code: 0, stderr: '' });
    const { id, ...report } = json(begun.stdout);
    expect(report).toMatchObject({ state: 'under way', passes: 1, pseudonyms: 1 });
    const { topics } = report;
    expect(topics).not.toEqual([]);
    const again = call(['--customer', 'Customer-4711', '--json']);
    const goOn = expect.stringContaining('run `signpost erase resume` on or after');
    expect(report).toMatchObject({ notes: expect.arrayContaining([goOn]) });
    const already = expect.stringContaining('is being erased already');
    expect(json(again.stdout)).toMatchObject({ id, notes: expect.arrayContaining([already]) });
    const looked = call(['--customer', 'Customer-4711', '--dry-run']);
    expect(looked.stdout).toContain(`This customer is being erased already: ${String(id)}.`);
    expect(looked.stdout).toContain('signals.normalized.v1');
    expect(call(['list', '--json']).stdout.trim().split('\n')).toHaveLength(1);
    const archive = ['archive', 'list', '--data', directory];
    expect(spawnSync(signpost, archive, { encoding: 'utf8' }).stdout).toContain(
      '1 erasure is under way',
    );
    const shown = call(['show', String(id)]);
    expect(shown.stdout).toContain('the last is gone by');
    expect(json(call(['resume', '--json']).stdout)).toMatchObject({ id, state: 'under way' });
    expect(call(['show', 'nobody'])).toMatchObject({ code: 1, stdout: '' });
  });

  it('holds neither id nor pseudonym in what it wrote and said', () => {
    const keys = knownKeys({ kind: 'embedded', directory }, config, {})!;
    const [pseudonym] = pseudonymsOf('Customer-4711', keys);
    const folder = join(directory, 'archive', '_erasures');
    const written = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
    const said = call(['list', '--json']).stdout + call(['list']).stdout;
    for (const text of [...written, said]) {
      expect(text).not.toContain('4711');
      expect(text).not.toContain(pseudonym!);
    }
  });

  it('finds what was said under an older key', () => {
    const [active] = readFileSync(join(directory, 'pseudonym-keys'), 'utf8').trim().split(',');
    const env = { ...process.env, SIGNPOST_PSEUDONYM_KEYS: `k9:${'A'.repeat(44)},${active!}` };
    const { stdout } = spawnSync(
      signpost,
      ['erase', '--customer', 'Customer-0815', '--dry-run', '--json', '--data', directory],
      { env, encoding: 'utf8' },
    );
    expect(json(stdout)['topics']).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ topic: 'signals.normalized.v1', records: 1 }),
      ]),
    );
  });
});
