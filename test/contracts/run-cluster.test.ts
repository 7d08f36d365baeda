// Services as processes on a real cluster: copies that are killed, a broker that goes away, a clean end; and the
// commands that work on it meanwhile. Nothing acknowledged is lost, and reconcile proves it while records flow.
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startKafka } from '../../scripts/services/kafka.ts';
import { connectPostgres, type Db } from '../../services/core/store/postgres.ts';
import { endAll, run, start, type Running } from '../support/command.ts';
import { postgresServer } from '../support/servers.ts';

const directory = mkdtempSync(join(tmpdir(), 'signpost-run-'));
const config = join(directory, 'signpost.yaml');
let kafka: Awaited<ReturnType<typeof startKafka>>;
let admin: Db;
let env: NodeJS.ProcessEnv;

interface Service extends Running {
  readonly probe: string;
}
const services = new Map<string, Service>();
let intake: string;

beforeAll(async () => {
  const database = `run_${randomUUID().replaceAll('-', '')}`;
  const [broker, postgres] = await Promise.all([
    startKafka({ dir: join(directory, 'kafka'), quickStart: true }),
    postgresServer(),
  ]);
  kafka = broker;
  admin = connectPostgres({ url: postgres.url });
  await sql`CREATE DATABASE ${sql.id(database)}`.execute(admin.query);
  const url = new URL(postgres.url);
  url.pathname = `/${database}`;
  // Short waits: the broker of this test goes away.
  writeFileSync(
    config,
    `kafka:
  topicPrefix: ${randomUUID().slice(0, 8)}.
  replicationFactor: 1
  sessionTimeoutMs: 6000
  requestTimeoutMs: 2000
  appendTimeoutMs: 2000
`,
  );
  env = {
    ...process.env,
    KAFKA_BROKERS: kafka.bootstrap.join(','),
    DATABASE_URL: url.href,
    SIGNPOST_PSEUDONYM_KEYS: `k1:${randomBytes(32).toString('base64')}`,
  };
});
afterAll(async () => {
  await endAll();
  await kafka?.stop();
  await admin?.close();
  rmSync(directory, { recursive: true, force: true });
});

async function begin(name: string, ...args: readonly string[]): Promise<Service> {
  const running = start(['run', ...args, '--config', config, '--probe-port', '0', '--port', '0'], {
    env,
    cwd: directory,
  });
  const [, probe] = await running.says(/Probes at (http:\/\/[^/]+)/);
  const service = { ...running, probe: probe! };
  services.set(name, service);
  return service;
}
const command = async (...args: readonly string[]) => {
  const ended = await run([...args, '--config', config], { env, cwd: directory });
  return { ...ended, json: () => JSON.parse(ended.stdout) as Record<string, unknown> };
};
const get = async (service: string, path: string) => {
  const response = await fetch(`${services.get(service)!.probe}${path}`);
  return { status: response.status, body: await response.text() };
};
async function isReady(service: string): Promise<void> {
  await expect
    .poll(async () => (await get(service, '/readyz')).body, { timeout: 60_000 })
    .toBe('{"status":"ready"}\n');
}

let sent = 0;
const post = (id: string) => ({
  id,
  text: `my internet is down again, this is number ${id}`,
  occurredAt: '2026-01-05T10:00:00Z',
});
/** Sends records until they are accepted, as a sender would. */
async function send(count: number): Promise<void> {
  const records = Array.from({ length: count }, () => post(`p-${(sent += 1)}`));
  for (;;) {
    const response = await fetch(`${intake}/v1/posts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(records),
    });
    if (response.status === 202) return;
    expect(response.status).toBe(503);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    await pause(200);
  }
}

describe('services on a cluster', () => {
  it(
    'wait for topics that are not there yet, and the intake says so',
    { timeout: 90_000 },
    async () => {
      const [gateway] = await Promise.all([begin('gateway', 'gateway'), begin('a', 'normalize')]);
      intake = (await gateway.says(/Intake at (\S+)/))[1]!;
      const refused = await fetch(`${intake}/v1/posts`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(post('too-early')),
      });
      expect(refused.status).toBe(503);
      expect(refused.headers.get('retry-after')).toBe('2');
      await expect
        .poll(async () => (await get('a', '/readyz')).body, { timeout: 30_000 })
        .toContain('Topics are missing');
      expect((await get('a', '/livez')).status).toBe(200);
      const nothing = await command('reconcile', '--json');
      expect({ code: nothing.code, error: nothing.json()['error'] }).toMatchObject({
        code: 1,
        error: { code: 'topics-missing' },
      });
      const applied = await command('topics', 'apply');
      expect(applied.stderr).toBe('');
      await Promise.all([begin('b', 'normalize'), begin('rest', 'classify', 'publish')]);
      await Promise.all(['gateway', 'a', 'b', 'rest'].map(isReady));
    },
  );

  it(
    'lose and double nothing when a copy is killed; reconcile balances while records flow',
    {
      timeout: 90_000,
    },
    async () => {
      await send(300);
      services.get('a')!.child.kill('SIGKILL');
      await send(200);
      await begin('a', 'normalize');
      const enough = new AbortController();
      const sending = (async () => {
        while (!enough.signal.aborted) {
          await send(5);
          await pause(50);
        }
      })();
      const proof = await command('reconcile', '--json', '--wait', '60');
      enough.abort();
      await sending;
      expect(proof.json()).toMatchObject({ balanced: true, pending: 0, missing: 0, doubled: 0 });
      const { http } = proof.json()['sources'] as { http: { accepted: number; insights: number } };
      expect(http.accepted).toBeGreaterThanOrEqual(500);
      expect(http.insights).toBe(http.accepted);
    },
  );

  it(
    'answer 503 while the broker is away, live on, and recover by themselves',
    {
      timeout: 120_000,
    },
    async () => {
      const [broker] = kafka.nodes;
      await broker!.kill();
      const before = sent;
      const late = send(50);
      await expect
        .poll(async () => (await get('gateway', '/readyz')).body, { timeout: 20_000 })
        .toContain('cannot be reached');
      const startedAt = performance.now();
      const response = await fetch(`${intake}/v1/posts`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(post('never-accepted')),
      });
      expect(response.status).toBe(503);
      expect(response.headers.get('retry-after')).toBe('2');
      expect(performance.now() - startedAt).toBeLessThan(1000);
      for (const name of ['gateway', 'b', 'rest'])
        expect((await get(name, '/livez')).status).toBe(200);
      expect((await get('b', '/metrics')).status).toBe(200);
      await broker!.start();
      await late;
      expect(sent).toBe(before + 50);
      await Promise.all(['gateway', 'a', 'b', 'rest'].map(isReady));
      const proof = await command('reconcile', '--json', '--wait', '60');
      expect(proof.json()).toMatchObject({ balanced: true });
      const { http } = proof.json()['sources'] as { http: { accepted: number; insights: number } };
      // An append whose answer was lost may have happened: its sender came again, and the second is a duplicate.
      expect(http.accepted).toBeGreaterThanOrEqual(sent);
      expect(http.insights).toBe(sent);
    },
  );

  it('tell their metrics', async () => {
    const { body } = await get('b', '/metrics');
    expect(body).toMatch(
      /signpost_consumer_lag_records\{group="signpost\.normalize",topic="posts\.published\.v1",partition="0"\} 0/,
    );
    expect(body).toMatch(/signpost_rebalances_total\{group="signpost\.normalize"\} [1-9]/);
    expect(body).toMatch(/signpost_commit_seconds_count\{stage="normalize"\} [1-9]/);
    expect((await get('gateway', '/metrics')).body).toMatch(
      /signpost_intake_records_total\{kind="posts",source="http",verdict="accept",reason=""\} \d+/,
    );
  });

  it(
    'are what import, tail, rejected, topics and doctor work with',
    { timeout: 90_000 },
    async () => {
      const file = join(directory, 'desk.csv');
      const mapping = join(directory, 'desk.yaml');
      writeFileSync(
        file,
        'id,when,words\n1,2026-01-05T10:00:00Z,my bill is wrong\n2,yesterday,no signal\n3,2026-01-05T11:00:00Z,no signal\n',
      );
      writeFileSync(
        mapping,
        'source: desk\nkind: posts\nformat: csv\ntime: { column: when, format: iso }\nfields: { id: id, text: words }\n',
      );
      const imported = await command('import', 'posts', file, '--mapping', mapping, '--json');
      expect(imported.stderr).toBe('');
      expect(imported.json()).toMatchObject({
        accepted: 3,
        insights: 2,
        rejected: { 'invalid-time': 1 },
      });
      const [tail, rejected, topics, doctor] = await Promise.all([
        command('tail', 'shared', '--max', '3', '--json'),
        command('rejected', 'list', '--json'),
        command('topics', 'list', '--json'),
        command('doctor', '--json'),
      ]);
      expect(tail.stdout.trim().split('\n')).toHaveLength(3);
      expect(rejected.json()).toMatchObject({ source: 'desk', reason: 'invalid-time' });
      expect(topics.json()).toMatchObject({
        topics: expect.arrayContaining([expect.objectContaining({ name: 'insights.shared.v1' })]),
      });
      expect(doctor.json()).toMatchObject({
        checks: expect.arrayContaining([expect.objectContaining({ name: 'cluster', ok: true })]),
      });
    },
  );

  it(
    'take in judgements, by HTTP and by command, and export them',
    { timeout: 60_000 },
    async () => {
      const shared = await command('tail', 'shared', '--max', '1', '--json');
      const { id } = (shared.json()['value'] ?? {}) as { id: string };
      const response = await fetch(`${intake}/v1/judgements`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ insightId: id, department: 'billing', verdict: 'missing' }),
      });
      expect(response.status).toBe(202);
      // An id may begin with a hyphen.
      const judged = await run(
        ['judge', '--config', config, '--department', 'it', '--json', '--', id, 'wrong'],
        { env, cwd: directory },
      );
      expect(judged.stderr).toBe('');
      expect(JSON.parse(judged.stdout)).toMatchObject({ insightId: id, belongs: false });
      const exported = await command('judgements', 'export');
      expect(exported.json()).toMatchObject({ id, departments: { billing: true, it: false } });
      expect(exported.stderr).toContain('1 labelled text of 1 judged insight; 2 judgements');
    },
  );

  it('end within ten seconds of SIGTERM, with nothing under way', { timeout: 30_000 }, async () => {
    await send(100);
    const startedAt = performance.now();
    const all = [...services.values()].filter(({ child }) => child.signalCode === null);
    for (const { child } of all) child.kill('SIGTERM');
    const ends = await Promise.all(all.map(({ ended }) => ended));
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    expect(ends.map(({ code }) => code)).toEqual(all.map(() => 0));
    // What they left is where the next ones go on.
    await begin('again', 'normalize', 'classify', 'publish');
    const proof = await command('reconcile', '--json', '--wait', '30');
    expect(proof.json()).toMatchObject({ balanced: true });
  });
});
