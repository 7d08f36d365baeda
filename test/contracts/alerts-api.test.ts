// Alerts over HTTP on a real database: each reader its own, in every form, and what people do to them.
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Db } from '#core/store/postgres.ts';
import * as answers from '../../services/portal/alerts/answers.ts';
import { overview } from '../../services/portal/queries/overview.ts';
import { createQueries } from '../../services/portal/queries/queries.ts';
import {
  addAlert,
  evaluatedUntil,
  usualActions,
  sightEverything,
  type PlainAlert,
} from '../support/alert-seeds.ts';
import { addFacts, setGazetteer } from '../support/planner-facts.ts';
import { openPortal, type TestPortal } from '../support/portal.ts';
import { openStore, storeNames } from '../support/stores.ts';

const hostile = '=cmd|"/C calc"!A1,<script>alert(1)</script>\u202e';
const fresno = { country: 'US', region: 'California', city: 'Fresno' };
const street = { ...fresno, area: 'F1', postcode: '93722' };

const alerts: readonly PlainAlert[] = [
  {
    id: 'street',
    startedAt: '2026-11-28T06:15:00Z',
    path: street,
    level: 'postcode',
    place: 'postcode 93722, F1',
    counts: [9, 14, 22],
    words: ['no internet', 'red light'],
    departments: ['operations', 'planning'],
    deliveries: [
      { target: 'noc' },
      { target: 'hook', state: 'given-up', lastError: 'It answered 410' },
    ],
  },
  {
    id: 'state',
    state: 'acknowledged',
    startedAt: '2026-11-28T05:00:00Z',
    path: { country: 'US', region: 'California' },
    place: 'California, US',
    customers: 300,
  },
  {
    id: 'bills',
    state: 'resolved',
    startedAt: '2026-11-20T05:00:00Z',
    resolvedAt: '2026-11-21T05:00:00Z',
    themes: ['billing-error', 'price'],
    departments: ['planning'],
    customers: 120,
  },
  {
    id: 'nevada',
    state: 'resolved',
    startedAt: '2026-11-10T05:00:00Z',
    resolvedAt: '2026-11-10T09:00:00Z',
    path: { country: 'US', region: 'Nevada', city: 'Reno', area: hostile },
    place: hostile,
    themes: [hostile],
    words: [hostile],
    customers: 12,
  },
];

describe.each(storeNames)('on %s', (storeName) => {
  let db: Db;
  let portal: TestPortal;
  let admin: string;
  let planning: string;
  let onlooker: string;

  beforeAll(async () => {
    db = await openStore(storeName);
    await setGazetteer(db, [
      { ...street, lat: 36.79, lon: -119.88, subscribers: 4000 },
      { country: 'US', region: 'Nevada', city: 'Reno', area: 'R1', lat: 39.5, lon: -119.8 },
    ]);
    const said = { ...street, theme: 'outage', at: '2026-11-28T06:20:00Z' };
    await addFacts(db, [
      { ...said, text: 'No internet, call me at home', departments: ['operations'] },
      { ...said, text: 'A tower would help', departments: ['planning'] },
      { ...said, text: 'Of both', departments: ['operations', 'planning'] },
      { ...said, at: '2026-11-28T06:05:00Z', count: 2, departments: ['operations'] },
      { ...said, at: '2026-11-28T06:05:00Z', theme: 'price', departments: ['operations'] },
      { ...said, at: '2026-11-01T00:00:00Z', text: 'Long ago', departments: ['marketing'] },
    ]);
    await sightEverything(db);
    const ids = await db.query.selectFrom('signpost.sightings').select('id').execute();
    const examples = ids.map(({ id }) => id);
    for (const alert of alerts) {
      await addAlert(db, alert.id === 'street' ? { ...alert, examples } : alert);
    }
    portal = await openPortal({
      queries: {
        ...createQueries(db, () => portal.clock.now),
        overview: (who) => overview(db, who, new Date(portal.clock.now), []),
      },
      alerting: {
        db,
        actions: usualActions(db),
        redact: (text) => text.replace('555-0100', '[phone]'),
        clock: () => portal.clock.now,
      },
      portal: { requestsPerMinute: 100_000 },
    });
    admin = await portal.key({ source: 'noc', reads: { role: 'admin', departments: null } });
    planning = await portal.key({
      source: 'floor',
      kinds: ['judgements'],
      reads: { role: 'reader', departments: ['planning'] },
    });
    onlooker = await portal.key({
      source: 'screen',
      reads: { role: 'planner', departments: null },
    });
  }, 60_000);
  afterAll(async () => {
    await portal[Symbol.asyncDispose]();
    await db.close();
  });

  const as = (token: string) => ({ authorization: `Bearer ${token}` });
  const get = (path: string, token = admin) => portal.get(`/v1/${path}`, as(token));
  const send = (method: 'POST' | 'DELETE', path: string, body?: unknown, token = admin) =>
    portal.gateway.inject({
      method,
      url: `/v1/${path}`,
      headers: { ...as(token), ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { payload: JSON.stringify(body) }),
    });
  async function json<T>(path: string, token = admin): Promise<T> {
    const answer = await get(path, token);
    expect([answer.statusCode, answer.statusCode === 200 ? '' : answer.body]).toEqual([200, '']);
    return answer.json<T>();
  }
  const idsOf = async (path: string, token = admin) =>
    (await json<answers.AlertsAnswer>(path, token)).alerts.map(({ id }) => id);

  test('alerts are answered as documented, the latest first', async () => {
    const answer = await json<answers.AlertsAnswer>('alerts');
    expect(answers.alertsAnswer.parse(answer)).toEqual(answer);
    expect(answer.alerts.map(({ id }) => id)).toEqual(['street', 'state', 'bills', 'nevada']);
    expect(answer.alerts[0]).toMatchObject({
      place: { level: 'postcode', key: 'postcode:US/93722', name: 'postcode 93722, F1' },
      affected: { value: 57 * 70, low: 57 * 35, high: 57 * 140 },
    });
    expect(answer.may).toEqual({ acknowledge: true, silence: true });
  });

  test('a reader of a department sees the alerts that it should know of, and its own words alone', async () => {
    expect(await idsOf('alerts', planning)).toEqual(['street', 'bills']);
    expect((await get('alerts/state', planning)).statusCode).toBe(404);
    const answer = await json<answers.AlertAnswer>('alerts/street', planning);
    expect(new Set(answer.examples.map(({ text }) => text))).toEqual(
      new Set(['A tower would help', 'Of both']),
    );
    const seen = answer.examples.flatMap(({ departments }) => departments);
    expect(new Set(seen.map(({ department }) => department))).toEqual(new Set(['planning']));
  });

  test.each([
    ['state=firing,reopened', ['street']],
    ['state=resolved', ['bills', 'nevada']],
    ['theme=price', ['bills']],
    ['department=planning', ['street', 'bills']],
    ['from=2026-11-20&to=2026-11-22', ['bills']],
    ['from=2026-11-21&to=2026-11-29', ['street', 'state', 'bills']],
    ['order=-customers', ['state', 'bills', 'street', 'nevada']],
    ['order=startedAt', ['nevada', 'bills', 'state', 'street']],
    // At it, within it, around it.
    ['place=city:US/California/Fresno', ['street', 'state', 'bills']],
    ['place=region:US/California', ['street', 'state', 'bills']],
    ['place=area:R1', ['bills']],
    ['place=country:US', ['street', 'state', 'bills', 'nevada']],
  ])('alerts?%s gives %j', async (query, expected) => {
    expect(await idsOf(`alerts?${query}`)).toEqual(expected);
  });

  test.each(['-startedAt', 'startedAt', '-customers', '-affected'])(
    'pages in the order %s hold each alert once',
    async (order) => {
      const whole = await idsOf(`alerts?order=${order}`);
      const paged: string[] = [];
      let next: string | null = '';
      while (next !== null) {
        const cursor = next === '' ? '' : `&cursor=${next}`;
        const page: answers.AlertsAnswer = await json(`alerts?order=${order}&limit=1${cursor}`);
        paged.push(...page.alerts.map(({ id }) => id));
        next = page.next;
        expect(paged.length).toBeLessThanOrEqual(whole.length);
      }
      expect(paged).toEqual(whole);
    },
  );

  test('what is refused says why', async () => {
    const refused = async (path: string, token = admin) => {
      const { statusCode, body } = await get(path, token);
      const { error } = JSON.parse(body) as { error: { message: string; field?: string } };
      return [statusCode, error.field, error.message];
    };
    expect(await refused('alerts?place=h3-6:8629a1d77ffffff')).toEqual([
      400,
      'place',
      expect.stringContaining('must be the key of a country'),
    ]);
    expect(await refused('alerts?state=burning')).toEqual([
      400,
      'state',
      expect.stringContaining('firing, acknowledged'),
    ]);
    expect(await refused('alerts?department=operations', planning)).toEqual([
      400,
      'department',
      expect.stringContaining('planning'),
    ]);
    expect(await refused('alerts/none')).toEqual([
      404,
      undefined,
      'There is no such alert that you may see.',
    ]);
    expect(await refused(`alerts?cursor=made-up`)).toEqual([
      400,
      'cursor',
      expect.stringContaining('`next`'),
    ]);
  });

  test('one alert has its timeline, counts, words, place, deliveries and drafts', async () => {
    const answer = await json<answers.AlertAnswer>('alerts/street');
    expect(answers.alertAnswer.parse(answer)).toEqual(answer);
    // Three hours before it began, of all that was said there of its themes.
    const rise = [...Array.from({ length: 11 }, () => 0), 2];
    expect(answer.alert).toMatchObject({ lat: 36.79, lon: -119.88, subscribers: 4000 });
    expect(answer.timeline).toMatchObject([
      { state: 'firing', reason: 'began', at: '2026-11-28T06:35:00.000Z', by: null },
    ]);
    expect(answer.counts.map(({ customers }) => customers)).toEqual([...rise, 9, 14, 22]);
    const floor = await json<answers.AlertAnswer>('alerts/street', planning);
    expect(floor.counts.map(({ customers }) => customers)).toEqual([9, 14, 22]);
    expect(answer.counts[11]).toEqual({
      start: '2026-11-28T06:00:00.000Z',
      customers: 2,
      expected: null,
      low: null,
      high: null,
    });
    expect(answer.words).toEqual(['no internet', 'red light']);
    expect(answer.examples).toHaveLength(7);
    expect(answer.deliveries).toMatchObject([
      { target: 'hook', delivery: 'given-up', lastError: 'It answered 410', nextAt: null },
      { target: 'noc', delivery: 'delivered', deliveredAt: '2026-11-28T06:35:03.000Z' },
    ]);
    expect(answer.drafts.map(({ audience }) => audience)).toEqual([
      'operations',
      'customer-service',
      'marketing',
    ]);
  });

  test('a table of hostile names is no formula', async () => {
    const { body, headers } = await get('alerts?state=resolved&format=csv');
    expect(headers['content-disposition']).toMatch(/signpost-alerts-.*\.csv/);
    const rows = parse(body, { columns: true }) as Record<string, string>[];
    expect(rows.map(({ id }) => id)).toEqual(['bills', 'nevada']);
    expect(rows[1]!['place_name']).toBe(`'${hostile}`);
    expect(rows[0]!['themes']).toBe('billing-error;price');
    expect((await get('alerts?format=parquet')).rawPayload.subarray(0, 4).toString()).toBe('PAR1');
  });

  test('an answer that has not changed is 304, and one that has is not', async () => {
    const headers = as(admin);
    const first = await portal.get('/v1/alerts', headers);
    const again = { ...headers, 'if-none-match': String(first.headers['etag']) };
    expect((await portal.get('/v1/alerts', again)).statusCode).toBe(304);
    await evaluatedUntil(db, '2026-11-28T08:00:00Z');
    const after = await portal.get('/v1/alerts', again);
    expect(after.statusCode).toBe(200);
    // What was counted first was said on the 1st; two weeks are learnt from.
    expect(after.json<answers.AlertsAnswer>().detector).toEqual({
      evaluatedUntil: '2026-11-28T08:00:00.000Z',
      firstAt: '2026-11-01T00:00:00.000Z',
      readyAt: '2026-11-15T00:00:00.000Z',
      isReady: true,
      seriesTested: 1200,
      silentSources: [],
    });
    const floor = await json<answers.AlertsAnswer>('alerts', planning);
    expect(floor.detector.firstAt).toBe('2026-11-01T00:00:00.000Z');
  });

  test('an alert is acknowledged once, by whoever may, and not when it is over', async () => {
    const acknowledge = (id: string, token: string, body?: unknown) =>
      send('POST', `alerts/${id}/acknowledge`, body, token);
    expect((await acknowledge('street', onlooker)).json()).toMatchObject({
      error: { code: 'acting-not-allowed' },
    });
    expect((await acknowledge('state', planning)).statusCode).toBe(404);
    expect((await acknowledge('bills', planning)).json()).toMatchObject({
      error: { code: 'alert-over' },
    });
    for (const comment of ['', '\u0000', 'x'.repeat(501), 7])
      expect((await acknowledge('street', planning, { comment })).json()).toMatchObject({
        error: { code: 'invalid-parameter', message: expect.stringContaining('comment') as string },
      });
    const said = { comment: ' splicers are out, call 555-0100 ' };
    expect((await acknowledge('street', planning, said)).json()).toEqual({
      id: 'street',
      state: 'acknowledged',
      acknowledgedBy: 'floor',
      changed: true,
    });
    expect((await acknowledge('street', admin)).json()).toMatchObject({
      acknowledgedBy: 'floor',
      changed: false,
    });
    const { timeline } = await json<answers.AlertAnswer>('alerts/street');
    expect(timeline.at(-1)).toMatchObject({
      state: 'acknowledged',
      by: 'floor',
      comment: 'splicers are out, call [phone]',
      at: new Date(portal.clock.now).toISOString(),
      summary: expect.stringContaining('floor has acknowledged it.'),
    });
  });

  test('a silence is made, listed and ended', async () => {
    const body = {
      place: 'region:US/California',
      themes: ['outage'],
      from: new Date(portal.clock.now).toISOString(),
      minutes: 60,
      comment: ' Fibre cut, ring 555-0100 ',
    };
    const made = await send('POST', 'silences', body);
    expect([made.statusCode, made.body]).toEqual([201, expect.any(String)]);
    const silence = made.json<answers.SilenceAnswer>();
    expect(silence).toMatchObject({
      place: { key: 'region:US/California', name: 'California' },
      themes: ['outage'],
      comment: 'Fibre cut, ring [phone]',
      createdBy: 'noc',
      state: 'in-force',
    });
    const listed = async (path: string) =>
      (await json<answers.SilencesAnswer>(path, planning)).silences.map(({ id }) => id);
    expect(await listed('silences')).toEqual([silence.id]);
    const ended = await send('DELETE', `silences/${silence.id}`);
    expect(ended.json()).toMatchObject({ state: 'over', endedBy: 'noc' });
    expect(await listed('silences')).toEqual([]);
    expect(await listed('silences?over=true')).toEqual([silence.id]);
    expect((await send('DELETE', 'silences/none')).statusCode).toBe(404);
  });

  test('what a silence covers is silenced at once, and told again when it ends', async () => {
    await addAlert(db, { id: 'quiet', startedAt: '2026-11-28T07:00:00Z', path: fresno });
    const made = await send('POST', 'silences', {
      incident: 'quiet',
      minutes: 60,
      comment: 'Known',
    });
    const { alert, silence } = await json<answers.AlertAnswer>('alerts/quiet');
    expect([alert.state, silence?.comment]).toEqual(['suppressed', 'Known']);
    await send('DELETE', `silences/${made.json<answers.SilenceAnswer>().id}`);
    const after = await json<answers.AlertAnswer>('alerts/quiet');
    expect([after.alert.state, after.silence]).toEqual(['firing', null]);
    expect(after.timeline.map(({ reason }) => reason)).toEqual([
      'began',
      'silenced',
      'silence-ended',
    ]);
  });

  test('a silence of a place where nothing was said tells so, with the nearest that there is', async () => {
    const noticesOf = async (place: string) =>
      (
        await send('POST', 'silences', { place, minutes: 1, comment: 'x' })
      ).json<answers.MadeSilence>().notices;
    expect(await noticesOf('city:US/California/Fresno')).toEqual([]);
    expect(await noticesOf('city:us/california/fresno')).toEqual([]);
    expect(await noticesOf('city:US/California/Fresmo')).toMatchObject([
      { field: 'place', nearest: 'city:US/California/Fresno' },
    ]);
    expect(await noticesOf('city:Nowhere/No/Such')).toMatchObject([{ nearest: null }]);
  });

  test('a silence of an alert has its place and themes', async () => {
    const body = { incident: 'bills', minutes: 30, comment: 'Known' };
    expect((await send('POST', 'silences', body)).json()).toMatchObject({
      place: { key: null, name: 'everywhere' },
      themes: ['billing-error', 'price'],
    });
  });

  test.each([
    [{ minutes: 5 }, 'comment'],
    [{ comment: 'x' }, 'until'],
    [{ comment: 'x', minutes: 5, until: '2027-01-01T00:00:00Z' }, 'until'],
    [{ comment: 'x', until: '2020-01-01T00:00:00Z' }, 'until'],
    [{ comment: 'x', from: '2026-12-01T00:00:00Z', until: '2027-12-01T00:00:00Z' }, 'until'],
    [{ comment: 'x', minutes: 0 }, 'minutes'],
    [{ comment: 'x', minutes: 5, place: 'nowhere' }, 'place'],
    [{ comment: 'x', minutes: 5, incident: 'none' }, 'incident'],
    [{ comment: 'x', minutes: 5, incident: 'bills', place: 'country:US' }, 'place'],
    [{ comment: 'x', minutes: 5, themes: ['outtage'] }, 'themes'],
    [{ comment: 'x', minutes: 5, who: 'me' }, 'who'],
    [[], 'body'],
  ])('the silence %j is refused for %s', async (body, field) => {
    const answer = await send('POST', 'silences', body);
    expect([answer.statusCode, answer.json<{ error: { field: string } }>().error.field]).toEqual([
      400,
      field,
    ]);
  });

  test('a silence is not for those who see a part, and nothing is taken from other sites', async () => {
    const body = { comment: 'x', minutes: 5 };
    expect((await send('POST', 'silences', body, planning)).json()).toMatchObject({
      error: { code: 'department-not-allowed' },
    });
    const cookie = { cookie: `signpost=${admin}`, 'content-type': 'application/json' };
    for (const from of [
      { 'sec-fetch-site': 'cross-site' },
      { origin: 'https://evil.example' },
      {},
    ]) {
      const { statusCode } = await portal.gateway.inject({
        method: 'POST',
        url: '/v1/silences',
        headers: { ...cookie, ...from },
        payload: JSON.stringify(body),
      });
      expect(statusCode).toBe(403);
    }
    const form = await portal.gateway.inject({
      method: 'POST',
      url: '/v1/silences',
      headers: { ...as(admin), 'content-type': 'text/plain' },
      payload: JSON.stringify(body),
    });
    expect(form.statusCode).toBe(415);
  });

  test('a report stands by itself, holds no markup of customers, and asks visitors for a key', async () => {
    const report = await portal.get('/alerts/nevada/report', as(admin));
    expect(report.statusCode).toBe(200);
    expect(report.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(report.headers['content-security-policy']).toMatch(
      /^default-src 'none'; style-src 'sha256-/,
    );
    expect(report.body).not.toMatch(/<script|\u202e|https?:|src=|url\(/);
    expect(report.body).toContain('&lt;script&gt;');
    const file = await portal.get('/alerts/nevada/report?download=true', as(admin));
    expect(file.headers['content-disposition']).toBe(
      'attachment; filename="signpost-alert-2026-11-10-nevada.html"',
    );
    expect((await portal.get('/alerts/state/report', as(planning))).statusCode).toBe(404);
    const visit = await portal.get('/alerts/state/report', { accept: 'text/html' });
    expect([visit.statusCode, visit.headers['location']]).toEqual([302, '/alerts/state']);
    expect((await portal.get('/alerts/state/report')).statusCode).toBe(401);
  });
});
