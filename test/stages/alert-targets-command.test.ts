// `signpost alerts targets` and `test-target` as an operator runs them, against targets on this machine.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { lockForWriting } from '#core/log/embedded/writer-lock.ts';
import { makeDirectory } from '#core/make-directory.ts';
import { migrate } from '#core/store/migrate.ts';
import { openPglite } from '#core/store/pglite.ts';
import { metricsText } from '#core/telemetry.ts';
import { createDeliveryMetrics } from '../../services/alert/deliver/delivery-metrics.ts';
import { writeGivenUp } from '../../services/alert/deliver/delivery-rows.ts';
import { noteIntake } from '../../services/cli/judgements/intake-address.ts';
import { exampleAlert } from '../support/alert-notices.ts';
import { writeTransition } from '../support/alert-rows.ts';
import { endAll, run } from '../support/command.ts';
import { deadPort, startTargetServer, type TargetServer } from '../support/target-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'signpost-alert-targets-'));
const canary = 'sesame-open-canary';
let server: TargetServer;

afterAll(async () => {
  await endAll();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  server = await startTargetServer();
});
afterEach(() => server.close());

function targetsFile(...targets: readonly object[]): string {
  const file = join(folder, 'targets.yaml');
  const whole = targets.map((target) => ({ allowPrivate: true, url: server.url, ...target }));
  writeFileSync(file, JSON.stringify({ targets: whole }));
  return file;
}
const alerts = (args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  run(['alerts', ...args], { cwd: folder, env: { ...process.env, TOKEN: canary, ...env } });
const jsonLines = (text: string): unknown[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);

describe('a test of a target', () => {
  it('is sent marked as one, and what came back is told', async () => {
    const file = targetsFile({ name: 'chat', kind: 'slack', url: `${server.url}/${canary}` });
    const { code, stdout } = await alerts(['test-target', 'chat', '--targets', file]);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^chat \(slack at 127\.0\.0\.1:\d+\) took the test alert test-[0-9a-f-]+ in \d+ ms: answered 200/,
    );
    expect(stdout).not.toContain(canary);
    expect(server.received).toMatchObject([{ body: expect.stringContaining('TEST Firing') }]);
  });

  it('leaves nothing where it makes something', async () => {
    server.answer = (response, { method }) =>
      response.writeHead(method === 'POST' ? 201 : 200).end('{"id":"al-1"}');
    const file = targetsFile({ name: 'noc', kind: 'tmf642' });
    const env = { SIGNPOST_ALERT_TARGETS_FILE: file };
    const { code, stdout } = await alerts(['test-target', 'noc', '--json'], env);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ target: 'noc', kind: 'tmf642', status: 200 });
    expect(server.received.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /alarm',
      'PATCH /alarm/al-1',
    ]);
    expect(JSON.parse(server.received[1]!.body)).toMatchObject({ state: 'cleared' });
  });

  it('that is not taken fails with the reason, and no key', async () => {
    server.answer = (response, { headers }) =>
      response.writeHead(401).end(`\u001b[31mno: ${headers.authorization}`);
    const file = targetsFile({ name: 'noc', kind: 'alertmanager', bearer: { env: 'TOKEN' } });
    const { code, stdout, stderr } = await alerts([
      'test-target',
      'noc',
      '--targets',
      file,
      '--json',
    ]);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'target-not-reached' } });
    expect(stderr).toContain('did not take a test alert: answered 401: [31mno: Bearer [hidden]');
    expect(stdout + stderr).not.toContain(canary);
    expect(stderr).not.toContain('\u001b');
  });

  it('to nobody, to a place that is not allowed, or by a wrong name says so', async () => {
    const port = await deadPort();
    const file = targetsFile(
      { name: 'dead', kind: 'slack', url: `http://127.0.0.1:${port}/` },
      { name: 'inside', kind: 'slack', allowPrivate: false },
    );
    const test = async (name: string) =>
      (await alerts(['test-target', name, '--targets', file])).stderr;
    expect(await test('dead')).toContain('not reached (ECONNREFUSED)');
    expect(await test('inside')).toContain('the address is not allowed, see allowPrivate');
    expect(await test('insid')).toContain('names no insid; did you mean inside?');
    expect(server.received).toEqual([]);
  });

  it('needs a file', async () => {
    const { code, stderr } = await alerts(['test-target', 'noc']);
    expect(code).toBe(1);
    expect(stderr).toContain('Set alert.targetsFile or SIGNPOST_ALERT_TARGETS_FILE');
  });
});

describe('the list of targets', () => {
  const data = join(folder, 'data');
  const store = join(data, 'store');

  beforeAll(async () => {
    makeDirectory(join(data, 'log'));
    makeDirectory(store);
    const db = await openPglite(store);
    await migrate(db);
    const now = Date.now();
    await writeTransition(db, exampleAlert, ['noc', 'gone'], now - 600_000);
    await writeTransition(db, { ...exampleAlert, id: 't-2' }, ['noc'], now);
    const row = { transitionId: 't-1', repeat: 0, attempts: 0 };
    await writeGivenUp(db, 'noc', row, 'answered 400: \u202eno');
    await db.close();
  }, 60_000);

  it('tells what waits, what was given up and why, also of those that the file leaves out', async () => {
    const file = targetsFile({ name: 'noc', kind: 'alertmanager' }, { name: 'new', kind: 'slack' });
    const { code, stdout } = await alerts(['targets', '--targets', file, '--data', data]);
    expect(code).toBe(0);
    const lines = stdout.split('\n').map((line) => line.split(/ {2,}/));
    expect(lines).toEqual([
      ['target', 'kind', 'host', 'waiting', 'delivered', 'given up', 'waits since'],
      [
        'noc',
        'alertmanager',
        new URL(server.url).host,
        '1',
        '0',
        '1',
        expect.stringMatching(/ s$/),
      ],
      ['new', 'slack', new URL(server.url).host, '0', '0', '0'],
      ['gone', 'not in the file', '1', '0', '0', '10 min'],
      ['noc: last error: answered 400: \\u{202e}no'],
      [''],
    ]);
    const json = await alerts(['targets', '--targets', file, '--data', data, '--json']);
    expect(jsonLines(json.stdout)).toMatchObject([
      { target: 'noc', kind: 'alertmanager', waiting: 1, givenUp: 1, lastDeliveredAt: null },
      { target: 'new', kind: 'slack', waiting: 0, lastError: null },
      { target: 'gone', kind: null, waiting: 1 },
    ]);
  }, 60_000);

  it('asks the process that has the database', async () => {
    const file = targetsFile({ name: 'noc', kind: 'alertmanager' });
    const lock = lockForWriting(data, Date.now());
    const counted = createDeliveryMetrics(['noc']);
    counted.count('noc', 'delivered', 12);
    counted.count('noc', 'refused');
    counted.count('noc', 'expired', 2);
    counted.count('noc', 'resent', 40);
    counted.waiting('noc', 95_500);
    const metrics = await metricsText([await counted.snapshot()]);
    server.answer = (response) => response.end(metrics);
    const forget = noteIntake(data, server.url);
    const { stdout } = await alerts(['targets', '--targets', file, '--data', data]);
    const lines = stdout.split('\n').map((line) => line.split(/ {2,}/));
    expect(lines).toMatchObject([
      {},
      ['noc', 'alertmanager', expect.any(String), '?', '12', '3', '96 s'],
      [`Counted since the process at ${server.url} began, which has the database to itself.`],
      [''],
    ]);
    expect(server.received.map(({ path }) => path)).toEqual(['/metrics']);
    forget();
    const silent = await alerts(['targets', '--targets', file, '--data', data]);
    expect(silent.stdout).toContain('How deliveries go is not known: another process has');
    lock.release();
  });

  it('is shown before anything ran', async () => {
    const file = targetsFile({ name: 'noc', kind: 'alertmanager' });
    const none = join(folder, 'none');
    const { code, stdout } = await alerts(['targets', '--targets', file, '--data', none]);
    expect(code).toBe(0);
    expect(stdout).toContain(`nothing has run on the data directory ${none}`);
    const nobody = await alerts(['targets', '--targets', targetsFile(), '--data', none]);
    expect(nobody.stdout).toBe('The targets file names nobody: alerts are told to nobody.\n');
  });
});
