// Deliveries to those that keep what they are told: an Alertmanager, which forgets, and alarms that are made once.
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { deliveriesOf } from '../support/alert-rows.ts';
import { alertOf, useDeliveries } from '../support/deliveries-bench.ts';
import { freshDatabases } from '../support/fresh-database.ts';

describe.each(freshDatabases)('deliveries on %s', (_, open) => {
  const bench = useDeliveries(open);

  describe('to Alertmanager', () => {
    type Sent = { labels: Record<string, string>; startsAt: string; endsAt: string }[];
    const sent = () => bench.server.received.map(({ body }) => JSON.parse(body) as Sent);

    it('are said again while they stand, and no more once they are over', async () => {
      const now = Date.now();
      let time = now;
      const settings = bench.settingsFor({
        kind: 'alertmanager',
        url: `${bench.server.url}/am/`,
        signingSecrets: [],
      });
      await bench.raise(alertOf('a'), ['t0'], now);
      await bench.raise(alertOf('b'), ['t0'], now);
      await bench.raise(alertOf('b', { state: 'resolved', resolvedAt: now }), ['t0'], now);
      const copy = bench.run(settings, { now: () => time });
      await bench.settled(3);
      await expect.poll(() => bench.server.received.length).toBe(4);
      expect(bench.server.received.every(({ path }) => path === '/am/api/v2/alerts')).toBe(true);
      expect(sent()[3]).toMatchObject([{ labels: { incident: 'a' } }]);
      time += 61_000;
      await expect.poll(() => bench.server.received.length).toBe(5);
      expect(sent()[4]).toHaveLength(1);
      expect(sent()[4]?.[0]?.endsAt).toBe(new Date(time + 3_600_000).toISOString());
      await bench.raise(alertOf('a', { state: 'resolved', resolvedAt: now }), ['t0'], now);
      await bench.settled(4);
      time += 61_000;
      await pause(200);
      expect(bench.server.received).toHaveLength(6);
      await expect.poll(() => bench.counted(copy, 'resent')).toBe(2);
    });

    it('are said again by one copy alone, and by the next when it ends', async () => {
      let time = Date.now();
      const target = { kind: 'alertmanager', url: bench.server.url, signingSecrets: [] };
      await bench.raise(alertOf('a'), ['t0'], time);
      const settings = bench.settingsFor(target);
      const copies = [bench.run(settings, { now: () => time })];
      await expect.poll(() => bench.server.received.length).toBe(2);
      copies.push(bench.run(settings, { now: () => time }));
      await pause(300);
      expect(bench.server.received).toHaveLength(2);
      time += 61_000;
      await expect.poll(() => bench.server.received.length).toBe(3);
      await pause(300);
      expect(bench.server.received).toHaveLength(3);
      await copies[0]!.stop();
      await expect.poll(() => bench.server.received.length, { timeout: 5000 }).toBe(4);
      await expect.poll(() => bench.counted(copies[1]!, 'resent')).toBe(1);
    });
  });

  describe('to TMF642', () => {
    const calls = () => bench.server.received.map(({ method, path }) => `${method} ${path}`);
    const settings = () =>
      bench.settingsFor({ kind: 'tmf642', url: `${bench.server.url}/v4`, signingSecrets: [] });

    it('make an alarm, change it, and make another when it is reopened', async () => {
      let made = 0;
      bench.server.answer = (response, { method }) => {
        if (method === 'POST') made += 1;
        response.writeHead(method === 'POST' ? 201 : 200).end(JSON.stringify({ id: `al/${made}` }));
      };
      for (const state of ['firing', 'acknowledged', 'resolved', 'reopened', 'resolved'] as const)
        await bench.raise(alertOf('a', { state }));
      bench.run(settings());
      await bench.settled(5);
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
      bench.server.answer = (response, { method, body }) => {
        if (method === 'GET') {
          response.end(JSON.stringify([{ id: 'other', externalAlarmId: 'x' }, ...alarms]));
        } else if (method === 'POST') {
          const { externalAlarmId } = JSON.parse(body) as { externalAlarmId: string };
          alarms.push({ id: `al-${alarms.length + 1}`, externalAlarmId });
          // Made, but the answer is lost.
          response.destroy();
        } else response.end('{}');
      };
      await bench.raise(alertOf('a'));
      bench.run(settings());
      await bench.settled(1);
      expect(calls()).toEqual([
        'POST /v4/alarm',
        'GET /v4/alarm?externalAlarmId=a&fields=id%2CexternalAlarmId',
        'PATCH /v4/alarm/al-1',
      ]);
      expect(await deliveriesOf(bench.db)).toMatchObject([{ remoteId: 'al-1' }]);
    });

    it.each(['..', '\ud800', '\u0000', '', 'x'.repeat(501), 7, null])(
      'do without a name that no alarm can have, %j',
      async (id) => {
        bench.server.answer = (response, { method }) =>
          response.writeHead(200).end(JSON.stringify(method === 'GET' ? [{ id }] : { id }));
        await bench.raise(alertOf('a'));
        await bench.raise(alertOf('a', { state: 'resolved' }));
        bench.run(settings());
        await bench.settled(2);
        expect(calls().map((call) => call.split('?')[0])).toEqual([
          'POST /v4/alarm',
          'GET /v4/alarm',
          'POST /v4/alarm',
        ]);
        expect(await deliveriesOf(bench.db)).toMatchObject([
          { remoteId: null },
          { remoteId: null },
        ]);
      },
    );

    it('make a new one of one that is gone there', async () => {
      bench.server.answer = (response, { method }) =>
        response.writeHead(method === 'PATCH' ? 404 : 201).end('{"id":"al"}');
      await bench.raise(alertOf('a'));
      await bench.raise(alertOf('a', { state: 'resolved' }));
      bench.run(settings());
      await bench.settled(2);
      expect(calls()).toEqual(['POST /v4/alarm', 'PATCH /v4/alarm/al', 'POST /v4/alarm']);
    });
  });
});
