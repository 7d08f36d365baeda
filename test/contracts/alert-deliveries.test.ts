// Deliveries against both databases and real servers on this machine: in order, once each, whatever dies in between.
import { randomUUID } from 'node:crypto';
import { Writable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { sql } from 'kysely';
import pino from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Db } from '#core/store/postgres.ts';
import type { Alert } from '#schemas/alert.ts';
import { createDeliveryMetrics } from '../../services/alert/deliver/delivery-metrics.ts';
import { deliveryCounts, takeDue } from '../../services/alert/deliver/delivery-rows.ts';
import { runDeliveries } from '../../services/alert/deliver/run-deliveries.ts';
import { checkTargets, type Targets } from '../../services/alert/deliver/targets.ts';
import { exampleAlert } from '../support/alert-notices.ts';
import { deliveriesOf, writeRepeat, writeTransition } from '../support/alert-rows.ts';
import { freshDatabases } from '../support/fresh-database.ts';
import { verifyStandardWebhook } from '../support/standard-webhooks.ts';
import { deadPort, startTargetServer, type TargetServer } from '../support/target-server.ts';

const canary = 'sesame-open-canary';
const oldKey = `whsec_${Buffer.from(`${canary}-the-old-one-of-32`).toString('base64')}`;
const newKey = `whsec_${Buffer.from(`${canary}-the-new-one-of-32`).toString('base64')}`;
const env = { OLD: oldKey, NEW: newKey, TOKEN: `${canary}-token` };

describe.each(freshDatabases)('deliveries on %s', (_, open) => {
  let db: Db;
  let server: TargetServer;
  const running: { stop(): Promise<void> }[] = [];
  let logged = '';

  beforeAll(async () => {
    db = await open();
  }, 60_000);
  afterAll(() => db.close());
  beforeEach(async () => {
    server = await startTargetServer();
    await sql`TRUNCATE signpost.incidents, signpost.leases CASCADE`.execute(db.query);
    logged = '';
  });
  afterEach(async () => {
    for (const each of running.splice(0)) await each.stop();
    await server.close();
  });

  const settingsFor = (...targets: readonly object[]): Targets =>
    checkTargets(
      {
        targets: targets.map((target, index) => ({
          name: `t${index}`,
          kind: 'webhook',
          url: `${server.url}/hook`,
          allowPrivate: true,
          signingSecrets: [{ env: 'OLD' }],
          ...target,
        })),
      },
      'the targets',
      '.',
      env,
    );

  /** Runs a copy; time between attempts is short unless `random` says otherwise. */
  function run(settings: Targets, more: Partial<Parameters<typeof runDeliveries>[2]> = {}) {
    const metrics = createDeliveryMetrics(settings.targets.map(({ name }) => name));
    const sink = new Writable({
      write(chunk: Buffer, _encoding, done) {
        logged += chunk.toString();
        done();
      },
    });
    const stopping = new AbortController();
    const parts = { metrics, logger: pino(sink), random: () => 0, everyMs: 20, ...more };
    const ended = runDeliveries(db, settings, parts, stopping.signal);
    ended.catch(() => {});
    const copy = {
      metrics,
      stop: () => {
        stopping.abort();
        return ended;
      },
    };
    running.push(copy);
    return copy;
  }

  const alertOf = (incident: string, more: Partial<Alert> = {}): Alert => ({
    ...exampleAlert,
    id: randomUUID(),
    incidentId: incident,
    ...more,
  });
  const raise = async (alert: Alert, targets = ['t0'], at = Date.now()) => {
    await writeTransition(db, alert, targets, at);
    return alert;
  };
  const bodies = () =>
    server.received.map(({ body }) => JSON.parse(body) as { id: string; data: Alert });
  const settled = async (count: number, state = 'delivered'): Promise<void> => {
    const those = async () => (await deliveriesOf(db)).filter((row) => row.state === state);
    await expect
      .poll(async () => (await those()).length, { timeout: 10_000, interval: 20 })
      .toBe(count);
  };
  const counted = async (copy: ReturnType<typeof run>, result: string, target = 't0') => {
    const [deliveries] = (await copy.metrics.snapshot()) as unknown as {
      values: { value: number; labels: Record<string, string> }[];
    }[];
    const { values } = deliveries!;
    return values.find(({ labels }) => labels['target'] === target && labels['result'] === result)
      ?.value;
  };

  it('tell each transition once, in order within its incident, signed', async () => {
    const states = ['firing', 'acknowledged', 'resolved'] as const;
    for (const state of states)
      for (const incident of ['a', 'b', 'c']) await raise(alertOf(incident, { state }));
    const copy = run(settingsFor({}));
    await settled(9);
    for (const incident of ['a', 'b', 'c'])
      expect(
        bodies()
          .filter(({ data }) => data.incidentId === incident)
          .map(({ data }) => data.state),
      ).toEqual(states);
    expect(new Set(bodies().map(({ id }) => id)).size).toBe(9);
    for (const { headers, body, at } of server.received) {
      expect(headers['webhook-id']).toBe((JSON.parse(body) as { id: string }).id);
      expect(await verifyStandardWebhook(oldKey, headers, body, at)).toBe(true);
      expect(await verifyStandardWebhook(newKey, headers, body, at)).toBe(false);
    }
    expect(await counted(copy, 'delivered')).toBe(9);
  });

  it('by several copies at once are still once each, and in order', async () => {
    for (let i = 0; i < 4; i += 1)
      for (const state of ['firing', 'resolved'] as const) await raise(alertOf(`i${i}`, { state }));
    server.answer = (response) => void setTimeout(() => response.end(), 10);
    const settings = settingsFor({});
    for (let i = 0; i < 3; i += 1) run(settings);
    await settled(8);
    expect(new Set(bodies().map(({ id }) => id)).size).toBe(8);
    expect(server.received).toHaveLength(8);
  });

  it('are not taken by two at the same time, lease or not', async () => {
    for (let i = 0; i < 6; i += 1) await raise(alertOf(`i${i}`));
    const now = Date.now();
    const takes = await Promise.all(
      Array.from({ length: 4 }, () => takeDue(db, 't0', 2, now, now + 60_000)),
    );
    const ids = takes.flat().map(({ transitionId }) => transitionId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBeGreaterThan(0);
  });

  it('to a live target do not wait for a dead or a slow one', async () => {
    const slow = await startTargetServer();
    slow.answer = () => {};
    const dead = `http://127.0.0.1:${await deadPort()}/`;
    const settings = settingsFor({ url: dead }, { url: slow.url }, {});
    for (let i = 0; i < 3; i += 1) await raise(alertOf(`i${i}`), ['t0', 't1', 't2']);
    const begun = performance.now();
    run(settings);
    await settled(3);
    // The slow one is waited for fifteen seconds.
    expect(performance.now() - begun).toBeLessThan(10_000);
    expect(slow.received.length).toBeGreaterThan(0);
    const states = await deliveriesOf(db);
    expect(
      states.filter(({ target }) => target === 't2').every(({ state }) => state === 'delivered'),
    ).toBe(true);
    await expect
      .poll(async () => (await deliveriesOf(db)).map(({ error }) => error), { timeout: 5000 })
      .toEqual(expect.arrayContaining(['not reached (ECONNREFUSED)']));
    await slow.close();
  });

  it('come again under the same id when the copy died between sending and writing it down', async () => {
    const alert = await raise(alertOf('a'));
    const now = Date.now();
    // A copy takes the row, sends, and is killed before it writes anything.
    const [row] = await takeDue(db, 't0', 1, now, now + 300);
    const message = { method: 'POST', headers: { 'webhook-id': row!.transitionId }, body: '{}' };
    await fetch(`${server.url}/hook`, message);
    run(settingsFor({}));
    await settled(1);
    expect(server.received.map(({ headers }) => headers['webhook-id'])).toEqual([
      alert.id,
      alert.id,
    ]);
    expect(await deliveriesOf(db)).toMatchObject([{ state: 'delivered', attempts: 2 }]);
  });

  it('under way when told to stop are given back, and sent by the next', async () => {
    await raise(alertOf('a'));
    server.answer = () => {};
    const copy = run(settingsFor({}));
    await expect.poll(() => server.received.length).toBe(1);
    await copy.stop();
    expect(await deliveriesOf(db)).toMatchObject([{ state: 'waiting', attempts: 0, error: null }]);
    server.answer = (response) => response.end();
    run(settingsFor({}));
    await settled(1);
  });

  it('that fail are tried again until they are taken', async () => {
    await raise(alertOf('a'));
    let times = 0;
    server.answer = (response) => {
      times += 1;
      response.writeHead(times < 3 ? 503 : 204).end();
    };
    const copy = run(settingsFor({}));
    await settled(1);
    expect(await deliveriesOf(db)).toMatchObject([{ attempts: 3, error: null }]);
    expect(await counted(copy, 'tried-again')).toBe(2);
    expect(logged).toContain('An alert is sent again later');
    expect(logged).toContain('A target takes alerts again');
  });

  it('wait as long as the target asks, all of them', async () => {
    server.answer = (response) => response.writeHead(429, { 'retry-after': '120' }).end();
    const now = Date.now();
    let time = now;
    for (let i = 0; i < 3; i += 1) await raise(alertOf(`i${i}`), ['t0'], now);
    await raise(alertOf('i0', { state: 'resolved' }), ['t0'], now);
    run(settingsFor({}), { now: () => time });
    await expect.poll(() => server.received.length).toBe(3);
    await raise(alertOf('later'), ['t0'], now);
    await pause(150);
    expect(server.received).toHaveLength(3);
    server.answer = (response) => response.end();
    time += 119_000;
    await pause(150);
    expect(server.received).toHaveLength(3);
    time += 3000;
    await settled(5);
  });

  it('that are refused are given up after a few times, and the reason stays', async () => {
    server.answer = (response) => response.writeHead(400).end('no such route\u001b[31m');
    await raise(alertOf('a'));
    await raise(alertOf('a', { state: 'resolved' }));
    let time = Date.now();
    const copy = run(settingsFor({}), { now: () => (time += 1000) });
    await settled(2, 'given-up');
    expect(await deliveriesOf(db)).toMatchObject([
      { attempts: 5, error: 'answered 400: no such route [31m' },
      { attempts: 5 },
    ]);
    expect(await counted(copy, 'refused')).toBe(2);
    expect(logged).toContain('An alert is given up');
    expect(logged).not.toContain('no such route');
  });

  it('to where a redirect leads are not sent, and it is said', async () => {
    const other = await startTargetServer();
    server.answer = (response) => response.writeHead(302, { location: other.url }).end();
    await raise(alertOf('a'));
    let time = Date.now();
    run(settingsFor({}), { now: () => (time += 1000) });
    await settled(1, 'given-up');
    expect(other.received).toEqual([]);
    expect(await deliveriesOf(db)).toMatchObject([
      { error: 'answered 302, and redirects are not followed: set url to where it leads' },
    ]);
    await other.close();
  });

  it('to a place that is not allowed are not sent, and it is said', async () => {
    await raise(alertOf('a'));
    run(settingsFor({ allowPrivate: false }));
    await expect
      .poll(async () => (await deliveriesOf(db))[0]?.error)
      .toContain('the address is not allowed, see allowPrivate (127.0.0.1 is at 127.0.0.1');
    expect(server.received).toEqual([]);
  });

  it('that nobody took for a day are given up, never silently', async () => {
    server.answer = (response) => response.writeHead(500).end();
    await raise(alertOf('a'), ['t0'], Date.now() - 25 * 3_600_000);
    await raise(alertOf('b'), ['t0'], Date.now() - 23 * 3_600_000);
    const copy = run(settingsFor({}), { random: () => 1 });
    await settled(1, 'given-up');
    expect(await deliveriesOf(db)).toMatchObject([
      { state: 'given-up', error: 'for 24 h: answered 500' },
      { state: 'waiting' },
    ]);
    expect(await counted(copy, 'expired')).toBe(1);
  });

  it('of reminders that were overtaken are left out; transitions never are', async () => {
    const firing = await raise(alertOf('a'));
    const settings = settingsFor({});
    for (const repeat of [1, 2, 3]) await writeRepeat(db, firing, 't0', repeat, Date.now());
    const copy = run(settings);
    await settled(2);
    expect(server.received.map(({ headers }) => headers['webhook-id'])).toEqual([
      firing.id,
      `${firing.id}-repeat-3`,
    ]);
    expect(await counted(copy, 'superseded')).toBe(2);
  });

  it('are signed with both keys while one replaces another', async () => {
    await raise(alertOf('a'));
    run(settingsFor({ signingSecrets: [{ env: 'NEW' }, { env: 'OLD' }] }));
    await settled(1);
    const [{ headers, body, at }] = server.received as [(typeof server.received)[number]];
    expect(await verifyStandardWebhook(oldKey, headers, body, at)).toBe(true);
    expect(await verifyStandardWebhook(newKey, headers, body, at)).toBe(true);
  });

  it('to a target that is in the file no more are left, and it is said', async () => {
    await raise(alertOf('a'), ['gone', 't0']);
    run(settingsFor({}));
    await settled(1);
    expect(await deliveriesOf(db)).toMatchObject([
      { target: 'gone', state: 'waiting', attempts: 0 },
      { target: 't0', state: 'delivered' },
    ]);
    await expect
      .poll(() => logged)
      .toContain(
        '"target":"gone","waiting":1,"msg":"Alerts wait for a target that the file does not name"',
      );
    expect(await deliveryCounts(db)).toMatchObject([
      { target: 'gone', waiting: 1, delivered: 0, givenUp: 0 },
      { target: 't0', waiting: 0, delivered: 1, givenUp: 0 },
    ]);
  });

  it('go on when the database was away for a while', async () => {
    const away = sql`ALTER TABLE signpost.alert_deliveries RENAME TO deliveries_away`;
    await raise(alertOf('a'));
    await away.execute(db.query);
    run(settingsFor({}));
    await expect.poll(() => logged).toContain('Alerts are sent later');
    expect(server.received).toEqual([]);
    await sql`ALTER TABLE signpost.deliveries_away RENAME TO alert_deliveries`.execute(db.query);
    await settled(1);
    expect(server.received).toHaveLength(1);
  });

  it('show no key in logs or in what is kept, though the target repeats what it was sent', async () => {
    server.answer = (response, got) =>
      response.writeHead(403).end(`no: ${JSON.stringify(got.headers)} ${got.path}`);
    await raise(alertOf('a'));
    const url = `${server.url}/services/${canary}-path?token=${canary}-query-key`;
    let time = Date.now();
    run(settingsFor({ url, bearer: { env: 'TOKEN' } }), { now: () => (time += 1000) });
    await settled(1, 'given-up');
    const [row] = await deliveriesOf(db);
    expect(row?.error).toContain('answered 403: no: {');
    expect(row?.error).toContain('[hidden]');
    for (const text of [logged, JSON.stringify(row)]) {
      expect(text).not.toContain(canary);
      expect(text).not.toContain(oldKey.slice(6));
    }
    expect(server.received[0]?.headers.authorization).toBe(`Bearer ${canary}-token`);
  });

  describe('to Alertmanager', () => {
    type Sent = { labels: Record<string, string>; startsAt: string; endsAt: string }[];
    const sent = () => server.received.map(({ body }) => JSON.parse(body) as Sent);

    it('are said again while they stand, and no more once they are over', async () => {
      const now = Date.now();
      let time = now;
      const settings = settingsFor({
        kind: 'alertmanager',
        url: `${server.url}/am/`,
        signingSecrets: [],
      });
      await raise(alertOf('a'), ['t0'], now);
      await raise(alertOf('b'), ['t0'], now);
      await raise(alertOf('b', { state: 'resolved', resolvedAt: now }), ['t0'], now);
      const copy = run(settings, { now: () => time });
      await settled(3);
      await expect.poll(() => server.received.length).toBe(4);
      expect(server.received.every(({ path }) => path === '/am/api/v2/alerts')).toBe(true);
      expect(sent()[3]).toMatchObject([{ labels: { incident: 'a' } }]);
      time += 61_000;
      await expect.poll(() => server.received.length).toBe(5);
      expect(sent()[4]).toHaveLength(1);
      expect(sent()[4]?.[0]?.endsAt).toBe(new Date(time + 3_600_000).toISOString());
      await raise(alertOf('a', { state: 'resolved', resolvedAt: now }), ['t0'], now);
      await settled(4);
      time += 61_000;
      await pause(200);
      expect(server.received).toHaveLength(6);
      expect(await counted(copy, 'resent')).toBe(2);
    });

    it('are said again by one copy alone, and by the next when it ends', async () => {
      let time = Date.now();
      const target = { kind: 'alertmanager', url: server.url, signingSecrets: [] };
      await raise(alertOf('a'), ['t0'], time);
      const settings = settingsFor(target);
      const copies = [run(settings, { now: () => time })];
      await expect.poll(() => server.received.length).toBe(2);
      copies.push(run(settings, { now: () => time }));
      await pause(300);
      expect(server.received).toHaveLength(2);
      time += 61_000;
      await expect.poll(() => server.received.length).toBe(3);
      await pause(300);
      expect(server.received).toHaveLength(3);
      await copies[0]!.stop();
      await expect.poll(() => server.received.length, { timeout: 5000 }).toBe(4);
      expect(await counted(copies[1]!, 'resent')).toBe(1);
    });
  });

  describe('to TMF642', () => {
    const calls = () => server.received.map(({ method, path }) => `${method} ${path}`);
    const settings = () =>
      settingsFor({ kind: 'tmf642', url: `${server.url}/v4`, signingSecrets: [] });

    it('make an alarm, change it, and make another when it is reopened', async () => {
      let made = 0;
      server.answer = (response, { method }) => {
        if (method === 'POST') made += 1;
        response.writeHead(method === 'POST' ? 201 : 200).end(JSON.stringify({ id: `al/${made}` }));
      };
      for (const state of ['firing', 'acknowledged', 'resolved', 'reopened', 'resolved'] as const)
        await raise(alertOf('a', { state }));
      run(settings());
      await settled(5);
      expect(calls()).toEqual([
        'POST /v4/alarm',
        'PATCH /v4/alarm/al%2F1',
        'PATCH /v4/alarm/al%2F1',
        'POST /v4/alarm',
        'PATCH /v4/alarm/al%2F2',
      ]);
    });

    it('look for the alarm before they make it twice', async () => {
      const alarms: { id: string; externalAlarmId: string }[] = [];
      server.answer = (response, { method, body }) => {
        if (method === 'GET') {
          response.end(JSON.stringify([{ id: 'other', externalAlarmId: 'x' }, ...alarms]));
        } else if (method === 'POST') {
          const { externalAlarmId } = JSON.parse(body) as { externalAlarmId: string };
          alarms.push({ id: `al-${alarms.length + 1}`, externalAlarmId });
          // Made, but the answer is lost.
          response.destroy();
        } else response.end('{}');
      };
      await raise(alertOf('a'));
      run(settings());
      await settled(1);
      expect(calls()).toEqual([
        'POST /v4/alarm',
        'GET /v4/alarm?externalAlarmId=a&fields=id%2CexternalAlarmId',
        'PATCH /v4/alarm/al-1',
      ]);
      expect(await deliveriesOf(db)).toMatchObject([{ remoteId: 'al-1' }]);
    });

    it('make a new one of one that is gone there', async () => {
      server.answer = (response, { method }) =>
        response.writeHead(method === 'PATCH' ? 404 : 201).end('{"id":"al"}');
      await raise(alertOf('a'));
      await raise(alertOf('a', { state: 'resolved' }));
      run(settings());
      await settled(2);
      expect(calls()).toEqual(['POST /v4/alarm', 'PATCH /v4/alarm/al', 'POST /v4/alarm']);
    });
  });
});
