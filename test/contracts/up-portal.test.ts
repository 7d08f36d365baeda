// `signpost up` from outside: one address for senders, readers and pages; what is sent is counted, and a reader's key
// closes the query API without closing the intake.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { endAll, run, start, type Running } from '../support/command.ts';

const directory = mkdtempSync(join(tmpdir(), 'signpost-up-portal-'));
const data = join(directory, 'data');
let up: Running;
let url: string;

beforeAll(async () => {
  up = start(['up', '--data', data, '--port', '0'], { cwd: directory });
  url = (await up.says(/pages (http:\/\/[^/]+)\//))[1]!;
}, 120_000);
afterAll(async () => {
  await endAll();
  rmSync(directory, { recursive: true, force: true });
});

interface Aggregates {
  readonly rows?: readonly unknown[];
  readonly unplaced?: number | null;
}

const get = async (path: string, token?: string) => {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const answer = await fetch(`${url}${path}`, { headers });
  return { status: answer.status, text: await answer.text() };
};
const send = (id: string) =>
  fetch(`${url}/v1/tickets`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      id,
      name: 'no signal',
      description: 'no signal since the storm, calls drop',
      status: 'acknowledged',
      occurredAt: new Date(Date.now() - 3_600_000).toISOString(),
      place: { area: 'Harbour North' },
    }),
  });

test(
  'what is sent can be asked for at the same address, and what is wrong is told apart',
  { timeout: 120_000 },
  async () => {
    expect((await send('T1')).status).toBe(202);
    await expect
      .poll(
        async () => {
          const { status, text } = await get('/v1/aggregates?groupBy=area');
          return status === 200 ? ((JSON.parse(text) as Aggregates).rows ?? []).length : status;
        },
        { timeout: 90_000 },
      )
      .toBe(1);
    expect((await get('/v1/aggregates?groupBy=area')).text).toContain('Harbour North');
    // Either the pages or, where they are not built, a sentence on how they are.
    expect((await get('/')).text).toMatch(/<title>|build:pages/);
    expect((await get('/v1/tickets')).status).toBe(405);
    expect((await get('/v1/nothing')).status).toBe(404);
    const overview = JSON.parse((await get('/v1/overview')).text) as { health: { part: string }[] };
    expect(overview.health.map(({ part }) => part)).toEqual([
      'normalize',
      'classify',
      'publish',
      'aggregate',
      'alert',
      'archive',
    ]);
    const metrics = (await get('/metrics')).text;
    expect(metrics).toContain('signpost_consumer_lag_records{group="signpost.aggregate"');
  },
);

test(
  'a key for readers closes what is read, by role and departments, and the intake',
  { timeout: 60_000 },
  async () => {
    const made = await run(
      [
        'keys',
        'create',
        '--read',
        '--role',
        'planner',
        '--departments',
        'planning',
        '--data',
        data,
        '--json',
      ],
      { cwd: directory },
    );
    const { token } = JSON.parse(made.stdout) as { token: string };
    await expect.poll(async () => (await get('/v1/me')).status, { timeout: 10_000 }).toBe(401);
    expect(JSON.parse((await get('/v1/me', token)).text)).toMatchObject({
      role: 'planner',
      departments: ['planning'],
    });
    expect((await send('T2')).status).toBe(401);
  },
);

test(
  'a second process is refused the data directory, and Ctrl-C ends it in order',
  { timeout: 60_000 },
  async () => {
    const second = await run(['up', '--data', data, '--port', '0'], { cwd: directory });
    expect(second).toMatchObject({ code: 1, stderr: expect.stringContaining('is in use by') });
    up.child.kill('SIGINT');
    expect((await up.ended).code).toBe(0);
  },
);
