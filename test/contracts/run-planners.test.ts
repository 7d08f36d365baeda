// `run aggregate` and `run portal` on a real cluster: in any order, killed and taken over; what was sent is counted once
// and can be asked for, while the log is away too.
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startKafka } from '../../scripts/services/kafka.ts';
import { connectPostgres, type Db } from '../../services/core/store/postgres.ts';
import { endAll, run, start, type Running } from '../support/command.ts';
import { postgresServer } from '../support/servers.ts';

const directory = mkdtempSync(join(tmpdir(), 'signpost-run-planners-'));
const config = join(directory, 'signpost.yaml');
let kafka: Awaited<ReturnType<typeof startKafka>>;
let admin: Db;
let store: Db;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  const database = `planners_${randomUUID().replaceAll('-', '')}`;
  const [broker, postgres] = await Promise.all([
    startKafka({ dir: join(directory, 'kafka'), quickStart: true }),
    postgresServer(),
  ]);
  kafka = broker;
  admin = connectPostgres({ url: postgres.url });
  await sql`CREATE DATABASE ${sql.id(database)}`.execute(admin.query);
  const url = new URL(postgres.url);
  url.pathname = `/${database}`;
  store = connectPostgres({ url: url.href });
  writeFileSync(
    config,
    `kafka:\n  replicationFactor: 1\n  sessionTimeoutMs: 6000\n  requestTimeoutMs: 2000\n`,
  );
  env = {
    ...process.env,
    KAFKA_BROKERS: kafka.bootstrap.join(','),
    DATABASE_URL: url.href,
    SIGNPOST_PSEUDONYM_KEYS: `k1:${randomBytes(32).toString('base64')}`,
  };
}, 120_000);
afterAll(async () => {
  await endAll();
  await kafka?.stop();
  await store?.close();
  await admin?.close();
  rmSync(directory, { recursive: true, force: true });
});

interface Service extends Running {
  readonly probe: string;
}

async function begin(...args: readonly string[]): Promise<Service> {
  const running = start(['run', ...args, '--config', config, '--probe-port', '0', '--port', '0'], {
    env,
    cwd: directory,
  });
  const [, probe] = await running.says(/Probes at (http:\/\/[^/]+)/);
  return { ...running, probe: probe! };
}
const readiness = async ({ probe }: Service) => (await fetch(`${probe}/readyz`)).text();
async function isReady(service: Service): Promise<void> {
  await expect.poll(() => readiness(service), { timeout: 90_000 }).toBe('{"status":"ready"}\n');
}

let sent = 0;
async function send(intake: string, count: number): Promise<void> {
  const records = Array.from({ length: count }, () => ({
    id: `p-${(sent += 1)}`,
    text: `no signal here since the storm, this is number ${sent}`,
    occurredAt: '2026-01-05T10:00:00Z',
  }));
  const answer = await fetch(`${intake}/v1/posts`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(records),
  });
  expect(answer.status).toBe(202);
}
const facts = async (): Promise<number> => {
  const { rows } = await sql<{
    n: number;
  }>`SELECT count(*)::int AS n FROM signpost.signals`.execute(store.query);
  return rows[0]!.n;
};

test(
  'a copy that is killed is taken over, nothing is lost or counted twice, and the portal answers',
  { timeout: 300_000 },
  async () => {
    // Before there is a topic.
    const portal = await begin('portal');
    const pages = (await portal.says(/Pages at (http:\/\/[^/]+)\//))[1]!;
    const applied = await run(['topics', 'apply', '--config', config], { env, cwd: directory });
    expect(applied.code).toBe(0);
    const [flow, first, second, alerting] = await Promise.all([
      begin('gateway', 'normalize', 'classify', 'publish'),
      begin('aggregate'),
      begin('aggregate'),
      begin('alert'),
    ]);
    await Promise.all([flow, first, second, alerting, portal].map(isReady));
    const intake = (await flow.says(/Intake at (\S+)/))[1]!;

    await send(intake, 200);
    await expect.poll(facts, { timeout: 60_000 }).toBeGreaterThan(0);
    first.child.kill('SIGKILL');
    await send(intake, 200);
    await expect.poll(facts, { timeout: 90_000 }).toBe(400);

    const asked = await fetch(`${pages}/v1/aggregates?from=2026-01-01&to=2026-02-01`);
    expect(asked.status).toBe(200);
    const { rows } = (await asked.json()) as { rows: readonly { posts: number }[] };
    expect(rows.map(({ posts }) => posts)).toEqual([400]);
    // The portal takes in no tickets.
    expect((await fetch(`${pages}/v1/tickets`, { method: 'POST' })).status).toBe(404);

    const told = await fetch(`${second.probe}/metrics`);
    expect(await told.text()).toContain('signpost_consumer_lag_records{group="signpost.aggregate"');

    // All that was accepted is counted by then, and what is known to be so is evaluated.
    const evaluated = async () =>
      Number(
        /^signpost_alert_evaluated_until_seconds (\S+)$/m.exec(
          await (await fetch(`${alerting.probe}/metrics`)).text(),
        )?.[1] ?? 0,
      );
    await expect.poll(evaluated, { timeout: 120_000, interval: 500 }).toBeGreaterThan(0);

    // What is stored can be asked for while the log is away.
    await kafka.stop();
    expect((await fetch(`${pages}/v1/aggregates?from=2026-01-01&to=2026-02-01`)).status).toBe(200);
    expect(await readiness(portal)).toBe('{"status":"ready"}\n');
    await expect.poll(() => readiness(second), { timeout: 60_000 }).toContain('The log');
  },
);

test(
  'without a database, aggregate, alert and portal say what they need',
  { timeout: 60_000 },
  async () => {
    const { DATABASE_URL: _url, ...without } = env;
    for (const name of ['aggregate', 'alert', 'portal']) {
      const ended = await run(['run', name, '--config', config], { env: without, cwd: directory });
      expect(ended).toMatchObject({ code: 1, stderr: expect.stringContaining('DATABASE_URL') });
    }
  },
);
