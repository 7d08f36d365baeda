// Deliveries when something dies or stands still: a copy, a target, the database. Nothing is lost, nobody is delayed.
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { takeDue } from '../../services/alert/deliver/delivery-rows.ts';
import { createSend, type Send } from '../../services/alert/deliver/send.ts';
import { deliveriesOf } from '../support/alert-rows.ts';
import { alertOf, useDeliveries } from '../support/deliveries-bench.ts';
import { freshDatabases } from '../support/fresh-database.ts';
import { deadPort, startTargetServer } from '../support/target-server.ts';

describe.each(freshDatabases)('deliveries on %s', (_, open) => {
  const bench = useDeliveries(open);

  it('by several copies at once are still once each, and in order', async () => {
    for (let i = 0; i < 4; i += 1)
      for (const state of ['firing', 'resolved'] as const)
        await bench.raise(alertOf(`i${i}`, { state }));
    bench.server.answer = (response) => void setTimeout(() => response.end(), 10);
    const settings = bench.settingsFor({});
    for (let i = 0; i < 3; i += 1) bench.run(settings);
    await bench.settled(8);
    expect(new Set(bench.bodies().map(({ id }) => id)).size).toBe(8);
    expect(bench.server.received).toHaveLength(8);
  });

  it('are not taken by two at the same time, lease or not', async () => {
    for (let i = 0; i < 6; i += 1) await bench.raise(alertOf(`i${i}`));
    const now = Date.now();
    const takes = await Promise.all(
      Array.from({ length: 4 }, () => takeDue(bench.db, 't0', 2, now, now + 60_000)),
    );
    const ids = takes.flat().map(({ transitionId }) => transitionId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBeGreaterThan(0);
  });

  it('to a live target do not wait for a dead or a slow one', async () => {
    const slow = await startTargetServer();
    slow.answer = () => {};
    const dead = `http://127.0.0.1:${await deadPort()}/`;
    const settings = bench.settingsFor({ url: dead }, { url: slow.url }, {});
    for (let i = 0; i < 3; i += 1) await bench.raise(alertOf(`i${i}`), ['t0', 't1', 't2']);
    const begun = performance.now();
    bench.run(settings);
    await bench.settled(3);
    // The slow one is waited for fifteen seconds.
    expect(performance.now() - begun).toBeLessThan(10_000);
    expect(slow.received.length).toBeGreaterThan(0);
    const states = await deliveriesOf(bench.db);
    expect(
      states.filter(({ target }) => target === 't2').every(({ state }) => state === 'delivered'),
    ).toBe(true);
    await expect
      .poll(async () => (await deliveriesOf(bench.db)).map(({ error }) => error), { timeout: 5000 })
      .toEqual(expect.arrayContaining(['not reached (ECONNREFUSED)']));
    await slow.close();
  });

  it('come again under the same id when the copy died between sending and writing it down', async () => {
    const alert = await bench.raise(alertOf('a'));
    const now = Date.now();
    // A copy takes the row, sends, and is killed before it writes anything.
    const [row] = await takeDue(bench.db, 't0', 1, now, now + 300);
    const message = { method: 'POST', headers: { 'webhook-id': row!.transitionId }, body: '{}' };
    await fetch(`${bench.server.url}/hook`, message);
    bench.run(bench.settingsFor({}));
    await bench.settled(1);
    expect(bench.server.received.map(({ headers }) => headers['webhook-id'])).toEqual([
      alert.id,
      alert.id,
    ]);
    expect(await deliveriesOf(bench.db)).toMatchObject([{ state: 'delivered', attempts: 2 }]);
  });

  it('are lost by no kill, and in order by their ids, whenever it comes', async () => {
    const states = ['firing', 'acknowledged', 'resolved'] as const;
    for (const state of states)
      for (const incident of ['a', 'b', 'c', 'd']) await bench.raise(alertOf(incident, { state }));
    let time = Date.now();
    let kills = 0;
    const real = createSend();
    // Park and Miller's generator: the same each time.
    let seed = 7;
    const random = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
    const send: Send = async (...request) => {
      const isBefore = random() < 0.2;
      const answer = isBefore ? undefined : await real(...request);
      if (answer !== undefined && random() < 0.7) return answer;
      kills += 1;
      throw new Error('killed');
    };
    const isDone = async () =>
      (await deliveriesOf(bench.db)).every(({ state }) => state === 'delivered');
    while (!(await isDone())) {
      const copy = bench.run(bench.settingsFor({}), { now: () => time, send });
      await Promise.race([
        copy.ended.catch(() => {}),
        (async () => {
          while (!(await isDone())) await pause(20);
        })(),
      ]);
      await copy.stop().catch(() => {});
      // What the killed one had taken is free again.
      time += 100_000;
    }
    expect(kills).toBeGreaterThan(0);
    for (const incident of ['a', 'b', 'c', 'd']) {
      const told = bench.bodies().filter(({ data }) => data.incidentId === incident);
      const first = told.filter(({ id }, at) => told.findIndex((each) => each.id === id) === at);
      expect(first.map(({ data }) => data.state)).toEqual(states);
      // A repeated one comes before the next.
      const places = told.map(({ data }) => states.findIndex((state) => state === data.state));
      expect(places).toEqual(places.toSorted((a, b) => a - b));
    }
  }, 120_000);

  it('are taken over from a copy that was killed, once its time is over', async () => {
    await bench.raise(alertOf('a'));
    await sql`
      INSERT INTO signpost.leases (name, holder, until)
      VALUES ('deliver/t0', ${randomUUID()}, now() + interval '3 seconds')`.execute(bench.db.query);
    bench.run(bench.settingsFor({}));
    await pause(300);
    expect(bench.server.received).toEqual([]);
    await bench.settled(1);
  });

  it('under way when told to stop are given back, and sent by the next', async () => {
    await bench.raise(alertOf('a'));
    bench.server.answer = () => {};
    const copy = bench.run(bench.settingsFor({}));
    await expect.poll(() => bench.server.received.length).toBe(1);
    await copy.stop();
    expect(await deliveriesOf(bench.db)).toMatchObject([
      { state: 'waiting', attempts: 0, error: null },
    ]);
    bench.server.answer = (response) => response.end();
    bench.run(bench.settingsFor({}));
    await bench.settled(1);
  });

  it('go on when the database was away for a while', async () => {
    const away = sql`ALTER TABLE signpost.alert_deliveries RENAME TO deliveries_away`;
    await bench.raise(alertOf('a'));
    await away.execute(bench.db.query);
    bench.run(bench.settingsFor({}));
    await expect.poll(() => bench.logged()).toContain('Alerts are sent later');
    expect(bench.server.received).toEqual([]);
    await sql`ALTER TABLE signpost.deliveries_away RENAME TO alert_deliveries`.execute(
      bench.db.query,
    );
    await bench.settled(1);
    expect(bench.server.received).toHaveLength(1);
  });
});
