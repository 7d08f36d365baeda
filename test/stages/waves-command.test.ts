// `signpost waves` as a planner runs it: on a data directory of its own, and on one that another process writes to.
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fastify, { type FastifyInstance } from 'fastify';
import { serializerCompiler } from 'fastify-type-provider-zod';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { lockForWriting, type WriterLock } from '#core/log/embedded/writer-lock.ts';
import { errorBody, Problem } from '#core/http/problem.ts';
import { makeDirectory } from '#core/make-directory.ts';
import { migrate } from '#core/store/migrate.ts';
import { openPglite } from '#core/store/pglite.ts';
import type { Db } from '#core/store/postgres.ts';
import { noteIntake } from '../../services/cli/judgements/intake-address.ts';
import type { Reader } from '../../services/portal/reader.ts';
import { addWaveRoutes } from '../../services/portal/waves/routes.ts';
import { endAll, run } from '../support/command.ts';

const folder = mkdtempSync(join(tmpdir(), 'signpost-waves-'));
afterAll(async () => {
  await endAll();
  rmSync(folder, { recursive: true, force: true });
});
const file = (name: string, lines: readonly string[]): string => {
  const path = join(folder, name);
  writeFileSync(path, ['area,wave,technology,planned,finished', ...lines, ''].join('\n'));
  return path;
};
const plan = file('plan.csv', [
  'Old Mint,Wave 1,5G,2026-03-01,2026-04-02',
  'Airfield,Wave 1,fibre,2026-03-01,',
  'Airfield,Wave 10,5G,2027-01-05,',
  'Kiln Lane,Wave 2,5G,2027-01-05,',
]);
const wrong = file('wrong.csv', ['Old Mint,Wave 1,5G,soon,', ',Wave 1,5G,2026-03-01,']);

describe('on a data directory of its own', () => {
  const data = join(folder, 'own');
  const waves = (...args: readonly string[]) =>
    run(['waves', ...args, '--data', data], { cwd: folder });

  it.each([
    ['list', []],
    ['remove', ['Wave 1']],
    ['import', [plan]],
    ['import', [plan, '--dry-run']],
  ])('%s %j refuses a data directory that is not there, and makes none', async (part, args) => {
    const { code, stdout, stderr } = await waves(part, ...args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(`There is no data directory ${data}`);
    expect(stderr).toContain('with --data');
    expect(existsSync(data)).toBe(false);
  });

  it('takes no file for a plan without waves', async () => {
    const { code, stderr } = await run(['waves', 'list', '--data', plan]);
    expect(code).toBe(1);
    expect(stderr).toContain(`${plan} is a file, not a data directory`);
  });

  it('lists nothing and makes nothing before there is a plan', async () => {
    makeDirectory(data);
    const { code, stdout } = await waves('list');
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: 'No rollout waves yet: `signpost waves import FILE` brings them in.\n',
    });
    expect((await waves('remove', 'Wave 1')).stderr).toContain('There is no wave Wave 1');
    expect(readdirSync(data)).toEqual([]);
  });

  it('tells every wrong line by number and column, and makes nothing', async () => {
    const { code, stdout, stderr } = await waves('import', wrong, '--json');
    expect(code).toBe(1);
    expect(stderr).toContain('line 2, column planned: it is no day of the calendar');
    expect(stderr).toContain('line 3, column area: it is empty');
    const [flaws, error] = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    expect(flaws).toMatchObject({ flaws: [{ line: 2 }, { line: 3 }] });
    expect(error).toMatchObject({ error: { code: 'plan-invalid' } });
    expect(readdirSync(data)).toEqual([]);
  });

  it('imports, lists in order, and removes', async () => {
    expect((await waves('import', plan)).stdout).toContain(
      'Imported 4 lines of 3 waves: 4 added.\nAreas were not checked',
    );
    const list = await waves('list');
    expect(list.stdout.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      ['wave', 'technologies', 'areas', 'planned', 'finished'],
      ['Wave 1', '5G, fibre', '2', '2026-03-01', '1 of 2 areas'],
      ['Wave 2', '5G', '1', '2027-01-05'],
      ['Wave 10', '5G', '1', '2027-01-05'],
      [''],
    ]);
    const removed = await waves('remove', 'Wave 10', '--json');
    expect(JSON.parse(removed.stdout)).toEqual({ wave: 'Wave 10', removed: 1, where: data });
    const again = await waves('remove', 'Wave 10');
    expect({ code: again.code, stderr: again.stderr }).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('There is no wave Wave 10; did you mean Wave 1?'),
    });
    const one = await waves('list', 'Wave 1', '--json');
    expect(
      one.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([
      {
        wave: 'Wave 1',
        area: 'Airfield',
        technology: 'fibre',
        plannedOn: '2026-03-01',
        finishedOn: null,
      },
      {
        wave: 'Wave 1',
        area: 'Old Mint',
        technology: '5G',
        plannedOn: '2026-03-01',
        finishedOn: '2026-04-02',
      },
    ]);
  }, 180_000);

  it('lets no name of a file act on the terminal', async () => {
    const hostile = file('hostile.csv', ['"\u202eArea",W\u200b1,5G,2026-03-01,']);
    await waves('import', hostile);
    const { stdout } = await waves('list', 'W\u200b1');
    expect(stdout).toContain('\\u{202e}Area');
    expect(stdout).not.toContain('\u202e');
  }, 180_000);

  it('waits for nobody who writes there and takes in no plan', async () => {
    const busy = join(folder, 'busy');
    makeDirectory(join(busy, 'log'));
    const lock = lockForWriting(busy, Date.now());
    try {
      const ended = await run(['waves', 'import', plan, '--data', busy]);
      expect(ended.code).toBe(1);
      expect(ended.stderr).toContain('which takes in no rollout plan');
    } finally {
      lock.release();
    }
  });

  it.each([
    [['waves', 'import'], "missing required argument 'file'"],
    [['waves', 'import', plan, '--replace', 'some'], 'Allowed choices are wave, all'],
    [['waves', 'lsit'], 'unknown command'],
  ])('%j is a wrong call: 2', async (args, says) => {
    const { code, stderr } = await run(args);
    expect(code).toBe(2);
    expect(stderr).toContain(says);
  });

  it('says which file it cannot read', async () => {
    const { code, stderr } = await waves('import', join(folder, 'nowhere.csv'));
    expect(code).toBe(1);
    expect(stderr).toContain('nowhere.csv: there is no such file');
  });
});

describe('on a data directory that another process writes to', () => {
  const data = join(folder, 'running');
  let db: Db;
  let app: FastifyInstance;
  let lock: WriterLock;
  let forget: () => void;
  let reader: Reader | undefined;
  let sentKeys: (string | undefined)[] = [];
  const waves = (...args: readonly string[]) =>
    run(['waves', ...args, '--data', data], {
      cwd: folder,
      env: { ...process.env, SIGNPOST_KEY: 'sp_a_b' },
    });
  const planner: Reader = {
    name: 'planner',
    role: 'planner',
    departments: null,
    suppressBelow: 0,
    mayJudge: false,
  };

  beforeAll(async () => {
    db = await openPglite(undefined);
    await migrate(db);
    app = fastify();
    app.setSerializerCompiler(serializerCompiler);
    app.setErrorHandler<Error>((error, _request, reply) =>
      error instanceof Problem
        ? reply.code(error.status).send(errorBody(error))
        : reply.code(500).send(String(error)),
    );
    await addWaveRoutes(app, {
      db,
      clock: Date.now,
      problemOf: (error) => error,
      readerOf({ headers }) {
        sentKeys.push(headers.authorization);
        if (reader === undefined) throw new Problem(401, 'key-missing', 'An API key is needed.');
        return reader;
      },
    });
    const url = await app.listen({ host: '127.0.0.1', port: 0 });
    makeDirectory(join(data, 'log'));
    lock = lockForWriting(data, Date.now());
    forget = noteIntake(data, url);
  }, 180_000);
  afterAll(async () => {
    forget();
    lock.release();
    await app.close();
    await db.close();
  });
  beforeEach(() => {
    reader = planner;
    sentKeys = [];
  });

  it('does the same over HTTP, with the key', async () => {
    await db.query
      .insertInto('signpost.places')
      .values({
        area: 'Airfields',
        country: null,
        region: null,
        city: null,
        postcode: null,
        site: null,
      })
      .execute();
    const dry = await waves('import', plan, '--dry-run');
    expect(dry.stdout).toContain('Would import 4 lines of 3 waves: 4 added.');
    expect(dry.stdout).toContain('line 3: Airfield; is Airfields meant?');
    expect((await waves('list')).stdout).toContain('No rollout waves yet');
    const imported = await waves('import', plan, '--json');
    expect(JSON.parse(imported.stdout)).toMatchObject({ added: 4, unknownAreaCount: 3 });
    expect((await waves('list', 'Wave 1')).stdout).toContain('Airfield  fibre');
    const removed = await waves('remove', 'Wave 10');
    expect(removed.stdout).toMatch(/Removed wave Wave 10, 1 line, from http:\/\/127/);
    expect((await waves('remove', 'Wave 10')).stderr).toContain('did you mean Wave 1?');
    expect(new Set(sentKeys)).toEqual(new Set(['Bearer sp_a_b']));
    expect(existsSync(join(data, 'store'))).toBe(false);
  }, 180_000);

  it('says what key is needed', async () => {
    reader = undefined;
    const missing = await waves('import', plan);
    expect(missing.code).toBe(1);
    expect(missing.stderr).toContain('An API key is needed.');
    expect(missing.stderr).toContain('Set SIGNPOST_KEY to the key of a planner');
    reader = { ...planner, role: 'reader' };
    const refused = await waves('remove', 'Wave 1');
    expect(refused.stderr).toContain('Only planners and admins change the rollout plan.');
    expect((await waves('list')).code).toBe(0);
  }, 120_000);

  it('refuses over HTTP what is no plan, by line and column', async () => {
    const post = (body: string, type = 'text/csv', query = '') =>
      app.inject({
        method: 'POST',
        url: `/v1/waves${query}`,
        headers: { 'content-type': type },
        body,
      });
    const flawed = await post('area,wave,technology,date\nA,1,5G,soon');
    expect(flawed.statusCode).toBe(422);
    expect(flawed.json()).toMatchObject({
      error: { code: 'plan-invalid' },
      flaws: [{ line: 2, column: 'planned', reason: 'not-a-day' }],
      flawCount: 1,
    });
    expect((await post('x', 'application/json')).json()).toMatchObject({
      error: { code: 'unsupported-media-type' },
    });
    expect((await post('x', 'text/csv', '?replace=some')).json()).toMatchObject({
      error: { code: 'invalid-parameter', field: 'replace' },
    });
    expect((await post('x', 'text/csv', '?dryrun=true')).json()).toMatchObject({
      error: { code: 'unknown-parameter', field: 'dryrun' },
    });
    const large = await post('a'.repeat(16 * 1024 * 1024 + 1));
    expect({ status: large.statusCode, body: large.json() }).toMatchObject({
      status: 413,
      body: { error: { code: 'body-too-large' } },
    });
    const slash = await app.inject({ method: 'DELETE', url: '/v1/waves/a%2Fb' });
    expect(slash.json()).toMatchObject({ error: { code: 'wave-unknown' } });
  });
});
