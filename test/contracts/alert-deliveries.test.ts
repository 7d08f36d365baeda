// Deliveries against both databases and real servers on this machine: in order, signed, tried again, given up by a reason.
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { deliveryCounts } from '../../services/alert/deliver/delivery-rows.ts';
import { deliveriesOf, writeRepeat } from '../support/alert-rows.ts';
import { alertOf, canary, newKey, oldKey, useDeliveries } from '../support/deliveries-bench.ts';
import { freshDatabases } from '../support/fresh-database.ts';
import { verifyStandardWebhook } from '../support/standard-webhooks.ts';
import { startTargetServer } from '../support/target-server.ts';

describe.each(freshDatabases)('deliveries on %s', (_, open) => {
  const bench = useDeliveries(open);

  it('tell each transition once, in order within its incident, signed', async () => {
    const states = ['firing', 'acknowledged', 'resolved'] as const;
    for (const state of states)
      for (const incident of ['a', 'b', 'c']) await bench.raise(alertOf(incident, { state }));
    const copy = bench.run(bench.settingsFor({}));
    await bench.settled(9);
    for (const incident of ['a', 'b', 'c'])
      expect(
        bench
          .bodies()
          .filter(({ data }) => data.incidentId === incident)
          .map(({ data }) => data.state),
      ).toEqual(states);
    expect(new Set(bench.bodies().map(({ id }) => id)).size).toBe(9);
    for (const { headers, body, at } of bench.server.received) {
      expect(headers['webhook-id']).toBe((JSON.parse(body) as { id: string }).id);
      expect(await verifyStandardWebhook(oldKey, headers, body, at)).toBe(true);
      expect(await verifyStandardWebhook(newKey, headers, body, at)).toBe(false);
    }
    await expect.poll(() => bench.counted(copy, 'delivered')).toBe(9);
  });

  it('that fail are tried again until they are taken', async () => {
    await bench.raise(alertOf('a'));
    let times = 0;
    bench.server.answer = (response) => {
      times += 1;
      response.writeHead(times < 3 ? 503 : 204).end();
    };
    const copy = bench.run(bench.settingsFor({}));
    await bench.settled(1);
    expect(await deliveriesOf(bench.db)).toMatchObject([{ attempts: 3, error: null }]);
    await expect.poll(() => bench.counted(copy, 'tried-again')).toBe(2);
    expect(bench.logged()).toContain('An alert is sent again later');
    expect(bench.logged()).toContain('A target takes alerts again');
  });

  it('wait as long as the target asks, all of them', async () => {
    bench.server.answer = (response) => response.writeHead(429, { 'retry-after': '120' }).end();
    const now = Date.now();
    let time = now;
    for (let i = 0; i < 3; i += 1) await bench.raise(alertOf(`i${i}`), ['t0'], now);
    await bench.raise(alertOf('i0', { state: 'resolved' }), ['t0'], now);
    bench.run(bench.settingsFor({}), { now: () => time });
    await expect.poll(() => bench.server.received.length).toBe(3);
    await bench.raise(alertOf('later'), ['t0'], now);
    await pause(150);
    expect(bench.server.received).toHaveLength(3);
    bench.server.answer = (response) => response.end();
    time += 119_000;
    await pause(150);
    expect(bench.server.received).toHaveLength(3);
    time += 3000;
    await bench.settled(5);
  });

  it('that are refused are given up after a few times, and the reason stays', async () => {
    bench.server.answer = (response) => response.writeHead(400).end('no such route\u001b[31m');
    await bench.raise(alertOf('a'));
    await bench.raise(alertOf('a', { state: 'resolved' }));
    let time = Date.now();
    const copy = bench.run(bench.settingsFor({}), { now: () => (time += 1000) });
    await bench.settled(2, 'given-up');
    expect(await deliveriesOf(bench.db)).toMatchObject([
      { attempts: 5, error: 'answered 400: no such route [31m' },
      { attempts: 5 },
    ]);
    await expect.poll(() => bench.counted(copy, 'refused')).toBe(2);
    expect(bench.logged()).toContain('An alert is given up');
    expect(bench.logged()).not.toContain('no such route');
  });

  it('to where a redirect leads are not sent, and it is said', async () => {
    const other = await startTargetServer();
    bench.server.answer = (response) => response.writeHead(302, { location: other.url }).end();
    await bench.raise(alertOf('a'));
    let time = Date.now();
    bench.run(bench.settingsFor({}), { now: () => (time += 1000) });
    await bench.settled(1, 'given-up');
    expect(other.received).toEqual([]);
    expect(await deliveriesOf(bench.db)).toMatchObject([
      { error: 'answered 302, and redirects are not followed: set url to where it leads' },
    ]);
    await other.close();
  });

  it('to a place that is not allowed are not sent, and it is said', async () => {
    await bench.raise(alertOf('a'));
    bench.run(bench.settingsFor({ allowPrivate: false }));
    await expect
      .poll(async () => (await deliveriesOf(bench.db))[0]?.error)
      .toContain('the address is not allowed, see allowPrivate (127.0.0.1 is at 127.0.0.1');
    expect(bench.server.received).toEqual([]);
  });

  it('that nobody took for a day are given up, never silently', async () => {
    bench.server.answer = (response) => response.writeHead(500).end();
    await bench.raise(alertOf('a'), ['t0'], Date.now() - 25 * 3_600_000);
    await bench.raise(alertOf('b'), ['t0'], Date.now() - 23 * 3_600_000);
    const copy = bench.run(bench.settingsFor({}), { random: () => 1 });
    await bench.settled(1, 'given-up');
    expect(await deliveriesOf(bench.db)).toMatchObject([
      { state: 'given-up', error: 'for 24 h: answered 500' },
      { state: 'waiting' },
    ]);
    await expect.poll(() => bench.counted(copy, 'expired')).toBe(1);
  });

  it('of reminders that were overtaken are left out; transitions never are', async () => {
    const firing = await bench.raise(alertOf('a'));
    const settings = bench.settingsFor({});
    for (const repeat of [1, 2, 3]) await writeRepeat(bench.db, firing, 't0', repeat, Date.now());
    const copy = bench.run(settings);
    await bench.settled(2);
    expect(bench.server.received.map(({ headers }) => headers['webhook-id'])).toEqual([
      firing.id,
      `${firing.id}-repeat-3`,
    ]);
    await expect.poll(() => bench.counted(copy, 'superseded')).toBe(2);
  });

  it('are signed with both keys while one replaces another', async () => {
    await bench.raise(alertOf('a'));
    bench.run(bench.settingsFor({ signingSecrets: [{ env: 'NEW' }, { env: 'OLD' }] }));
    await bench.settled(1);
    const [{ headers, body, at }] = bench.server.received as [
      (typeof bench.server.received)[number],
    ];
    expect(await verifyStandardWebhook(oldKey, headers, body, at)).toBe(true);
    expect(await verifyStandardWebhook(newKey, headers, body, at)).toBe(true);
  });

  it('to a target that is in the file no more are left, and it is said', async () => {
    await bench.raise(alertOf('a'), ['gone', 't0']);
    bench.run(bench.settingsFor({}));
    await bench.settled(1);
    expect(await deliveriesOf(bench.db)).toMatchObject([
      { target: 'gone', state: 'waiting', attempts: 0 },
      { target: 't0', state: 'delivered' },
    ]);
    await expect
      .poll(() => bench.logged())
      .toContain(
        '"target":"gone","waiting":1,"msg":"Alerts wait for a target that the file does not name"',
      );
    expect(await deliveryCounts(bench.db)).toMatchObject([
      { target: 'gone', waiting: 1, delivered: 0, givenUp: 0 },
      { target: 't0', waiting: 0, delivered: 1, givenUp: 0 },
    ]);
  });

  it('show no key in logs or in what is kept, though the target repeats what it was sent', async () => {
    bench.server.answer = (response, got) =>
      response.writeHead(403).end(`no: ${JSON.stringify(got.headers)} ${got.path}`);
    await bench.raise(alertOf('a'));
    const url = `${bench.server.url}/services/${canary}-path?token=${canary}-query-key`;
    let time = Date.now();
    bench.run(bench.settingsFor({ url, bearer: { env: 'TOKEN' } }), { now: () => (time += 1000) });
    await bench.settled(1, 'given-up');
    const [row] = await deliveriesOf(bench.db);
    expect(row?.error).toContain('answered 403: no: {');
    expect(row?.error).toContain('[hidden]');
    for (const text of [bench.logged(), JSON.stringify(row)]) {
      expect(text).not.toContain(canary);
      expect(text).not.toContain(oldKey.slice(6));
    }
    expect(bench.server.received[0]?.headers.authorization).toBe(`Bearer ${canary}-token`);
  });
});
