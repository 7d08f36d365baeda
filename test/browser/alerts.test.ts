// Alerts in a real browser, on a real store: the list that does not jump, one alert, what is done to it, and what each
// reader sees of it.
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Db } from '#core/store/postgres.ts';
import { overview } from '../../services/portal/queries/overview.ts';
import { createQueries } from '../../services/portal/queries/queries.ts';
import { addAlert, evaluatedUntil, usualActions, sightEverything } from '../support/alert-seeds.ts';
import { axeViolations, sideways, tabThrough } from '../support/browser-checks.ts';
import { pagesFolder } from '../support/browser-pages.ts';
import { openBrowser, type TestBrowser } from '../support/browser.ts';
import { addFacts, setGazetteer } from '../support/planner-facts.ts';
import { shownText, signIn } from '../support/portal-pages.ts';
import { openPortal, type TestPortal } from '../support/portal.ts';
import { openStore } from '../support/stores.ts';

const hostile =
  '</script><img src=x onerror=alert(1)>"><svg onload=alert(2)> {{7*7}} \u202egnp.exe';
const looks = [
  { colorScheme: 'light', width: 1280, height: 900 },
  { colorScheme: 'dark', width: 1280, height: 900 },
  { colorScheme: 'light', width: 360, height: 800 },
  { colorScheme: 'dark', width: 360, height: 800 },
] as const;
const fresno = { country: 'US', region: 'California', city: 'Fresno' };

let browser: TestBrowser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser.close());

async function serve(db: Db): Promise<{ portal: TestPortal; url: string }> {
  const portal = await openPortal({
    pagesFolder: `${pagesFolder}/dist`,
    queries: {
      ...createQueries(db, Date.now),
      overview: (reader) => overview(db, reader, new Date(), []),
    },
    alerting: { db, actions: usualActions(db), redact: (text) => text, clock: Date.now },
    portal: { requestsPerMinute: 100_000 },
  });
  const { url } = await portal.gateway.listen();
  return { portal, url };
}

const minutesAgo = (minutes: number) =>
  new Date(Math.floor((Date.now() - minutes * 60_000) / 900_000) * 900_000).toISOString();

describe('with nothing', () => {
  let db: Db;
  let portal: TestPortal;
  let url: string;
  beforeAll(async () => {
    db = await openStore('PGlite');
    ({ portal, url } = await serve(db));
  });
  afterAll(async () => {
    await portal[Symbol.asyncDispose]();
    await db.close();
  });

  test.each(looks)('the page says how to begin: $colorScheme, $width px', (look) =>
    browser.visit({ url, ...look }, async ({ page }) => {
      await page.goto('/alerts');
      await page.getByText('Nothing is counted yet').waitFor();
      await page.getByText('npx signpost up --demo').waitFor();
      expect([...(await axeViolations(page)), ...(await sideways(page))]).toEqual([]);
    }),
  );

  test('while what is usual is learnt it says until when, and then that nothing alarms', async () => {
    await addFacts(db, [{ at: minutesAgo(4 * 1440), theme: 'outage', text: 'No signal' }]);
    await sightEverything(db);
    await evaluatedUntil(db, minutesAgo(30));
    await browser.visit({ url }, async ({ page }) => {
      await page.goto('/alerts');
      await page.getByText('What is usual is still being learnt').waitFor();
      await page.getByText(/^Counted since 4 days ago/).waitFor();
      await page.getByText(/10 days .*of what customers say are still needed/).waitFor();
    });
    await addFacts(db, [{ at: minutesAgo(30 * 1440), theme: 'outage', text: 'No signal' }]);
    await sightEverything(db);
    await browser.visit({ url }, async ({ page }) => {
      await page.goto('/alerts');
      await page.getByText('Nothing alarms', { exact: true }).waitFor();
      expect(await page.getByRole('main').innerText()).toContain(
        '1,200 series of places and themes are watched',
      );
      await page.goto('/alerts?theme=price');
      await page.getByText('No alert matches').waitFor();
      await page.getByRole('button', { name: 'Clear filters' }).click();
      await page.getByText('Nothing alarms', { exact: true }).waitFor();
    });
  });
});

describe('with alerts', () => {
  let db: Db;
  let portal: TestPortal;
  let url: string;
  let all: string;
  let planning: string;

  beforeAll(async () => {
    db = await openStore('PGlite');
    await setGazetteer(db, [
      { ...fresno, area: 'F1', lat: 36.79, lon: -119.88, subscribers: 4000 },
    ]);
    const said = { ...fresno, area: 'F1', theme: 'outage', at: minutesAgo(60) };
    await addFacts(db, [
      {
        ...said,
        text: `For operations alone: no internet, ${'and on it goes '.repeat(30)}`,
        departments: ['operations'],
      },
      { ...said, text: `For planning: ${hostile}`, departments: ['planning'] },
      { ...said, at: minutesAgo(40 * 1440), departments: ['marketing'] },
    ]);
    await sightEverything(db);
    const rows = await db.query.selectFrom('signpost.sightings').select('id').execute();
    await addAlert(db, {
      id: 'fresno',
      startedAt: minutesAgo(120),
      path: fresno,
      place: 'Fresno, California',
      themes: ['outage', 'unstable-service'],
      departments: ['operations', 'planning'],
      words: ['no internet', 'red light'],
      examples: rows.map(({ id }) => id),
      counts: [3, 9, 14, 8],
      planned: [
        { kind: 'maintenance', silence: 'x', comment: 'New splitter', from: 0, until: 3_600_000 },
      ],
      deliveries: [
        { target: 'noc-slack' },
        { target: 'desk', state: 'given-up', lastError: 'It answered 410' },
      ],
    });
    await addAlert(db, {
      id: 'hostile',
      state: 'acknowledged',
      startedAt: minutesAgo(600),
      path: { country: 'US', region: hostile, city: hostile },
      place: hostile,
      themes: [hostile],
      words: [hostile],
      counts: [4],
      deliveries: [{ target: hostile, state: 'waiting', lastError: hostile }],
    });
    await addAlert(db, {
      id: 'bills',
      state: 'resolved',
      startedAt: minutesAgo(3000),
      resolvedAt: minutesAgo(2000),
      themes: ['billing-error'],
      departments: ['marketing'],
    });
    await addAlert(db, {
      id: 'long',
      state: 'resolved',
      startedAt: minutesAgo(70 * 1440),
      resolvedAt: minutesAgo(65 * 1440),
      place: 'A place whose name is as long as the names of places may be at the very most, or so',
      themes: ['outage', 'unstable-service', 'slow-speed', 'billing-error'],
      departments: ['operations', 'planning', 'marketing'],
      words: Array.from({ length: 10 }, (_, index) => `a rather long word ${index}`),
      examples: rows.map(({ id }) => id),
      counts: Array.from({ length: 480 }, (_, index) => index % 9),
      widened: 20,
      planned: Array.from({ length: 8 }, (_, index) => ({
        kind: 'maintenance' as const,
        silence: `s${index}`,
        comment: `Work ${index} with a comment that takes its time to come to its point`,
        from: 0,
        until: 3_600_000,
      })),
      deliveries: Array.from({ length: 12 }, (_, index) => ({ target: `target-${index}` })),
    });
    await evaluatedUntil(db, minutesAgo(15));
    ({ portal, url } = await serve(db));
    const key = (source: string, departments: string[] | null) =>
      portal.key({
        source,
        kinds: ['judgements'],
        reads: { role: departments === null ? 'admin' : 'reader', departments },
      });
    all = await key('noc', null);
    planning = await key('floor', ['planning']);
  });
  afterAll(async () => {
    await portal[Symbol.asyncDispose]();
    await db.close();
  });

  async function enter(page: Page, path: string, token = all): Promise<void> {
    await page.goto(path);
    await signIn(page, token);
    await page.locator('main .skeleton').first().waitFor({ state: 'detached' });
  }
  const visit = (
    look: Partial<(typeof looks)[number]>,
    act: (page: Page) => Promise<void>,
  ): Promise<void> =>
    browser.visit({ url, ...look, expects: [/401/, /404/] }, async ({ page }) => act(page));

  test.each(looks)('list, alert and Home are clean: $colorScheme, $width px', (look) =>
    visit(look, async (page) => {
      await enter(page, '/alerts');
      await page.locator('[data-alert="fresno"]').waitFor();
      expect([...(await axeViolations(page)), ...(await sideways(page))]).toEqual([]);
      for (const id of ['fresno', 'hostile']) {
        await page.goto(`/alerts/${id}`);
        await page.getByRole('heading', { name: 'What went out to whom' }).waitFor();
        for (const summary of await page.locator('.draft summary').all()) await summary.click();
        expect([id, ...(await axeViolations(page)), ...(await sideways(page))]).toEqual([id]);
      }
      await page.goto('/');
      await page.getByRole('heading', { name: '1 firing' }).waitFor();
      expect([...(await axeViolations(page)), ...(await sideways(page))]).toEqual([]);
    }),
  );

  test('the list has what stands first, then what is over, and leads to each', () =>
    visit({}, async (page) => {
      await enter(page, '/alerts?last=365d');
      const rows = page.locator('.alert-row');
      await rows.nth(2).waitFor();
      expect(await rows.evaluateAll((all_) => all_.map((row) => row.dataset['alert']))).toEqual([
        'fresno',
        'hostile',
        'bills',
      ]);
      expect(await rows.nth(0).innerText()).toMatch(/Firing[^]*57 customers, about 4 usual/);
      await page.keyboard.press('j');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { level: 1, name: /Outage, Unstable service/ }).waitFor();
      expect(new URL(page.url()).pathname).toBe('/alerts/fresno');
      expect(new URL(page.url()).searchParams.get('last')).toBe('365d');
      await page.goBack();
      await rows.nth(2).waitFor();
    }));

  test('one alert shows what is known, and its chart is a table too', () =>
    visit({}, async (page) => {
      await enter(page, '/alerts/fresno');
      const main = page.getByRole('main');
      for (const text of [
        'noc-slack',
        'It answered 410',
        'New splitter',
        'red light',
        'For operations alone: no internet',
        '57 customers in Fresno, California: firing.',
      ])
        await main.getByText(text).first().waitFor();
      await page.getByRole('button', { name: /as a table/ }).click();
      expect(await page.locator('.chart-table tbody tr').count()).toBe(16);
      await page.getByRole('button', { name: /as a table/ }).click();
      await page.locator('.band-chart').focus();
      await page.keyboard.press('ArrowRight');
      await page.getByText(/UTC: 0, before it was noticed/).waitFor();
      await page.keyboard.press('ArrowLeft');
      for (let step = 0; step < 15; step += 1) await page.keyboard.press('ArrowRight');
      await page.getByText(/UTC: 8, 1 expected, 0–3 usual/).waitFor();
      const { missed, stops } = await tabThrough(page);
      expect(missed).toEqual([]);
      expect(stops.filter(({ visible }) => !visible)).toEqual([]);
    }));

  test('hostile names are text everywhere', () =>
    visit({}, async (page) => {
      await enter(page, '/alerts/hostile');
      await page.getByRole('heading', { name: 'Drafts' }).waitFor();
      expect(await shownText(page)).toContain('<img src=x onerror=alert(1)>');
      await page.keyboard.press('Control+k');
      const palette = page.locator('.palette');
      await palette.getByRole('combobox').fill('onload');
      await palette
        .getByRole('option', { name: /onload/ })
        .first()
        .waitFor();
      const report = await page.context().newPage();
      await report.goto('/alerts/hostile/report');
      expect(await report.title()).toContain('<img src=x');
      expect(await report.locator('img, script').count()).toBe(0);
    }));

  test('a reader of one department sees its alerts, its words alone, and makes no silence', () =>
    visit({}, async (page) => {
      await enter(page, '/alerts?last=365d', planning);
      await page.locator('[data-alert="fresno"]').waitFor();
      expect(await page.locator('.alert-row').count()).toBe(1);
      await page.locator('.alert-link').click();
      await page.getByText('For planning:').waitFor();
      expect(await page.getByRole('main').innerText()).not.toContain('For operations alone');
      await page.getByRole('button', { name: 'Acknowledge' }).waitFor();
      expect(await page.getByRole('button', { name: 'Silence…' }).count()).toBe(0);
      await page.goto('/alerts/bills');
      await page.getByText('There is no such alert').waitFor();
    }));

  test('the report fits on one printed page, and may be saved', () =>
    visit({}, async (page) => {
      await enter(page, '/alerts/fresno');
      const saving = page.waitForEvent('download');
      await page.getByRole('link', { name: 'Save the report' }).click();
      expect((await saving).suggestedFilename()).toMatch(/^signpost-alert-.*-fresno\.html$/);
      for (const id of ['fresno', 'long']) {
        await page.goto(`/alerts/${id}/report`);
        await page.getByRole('heading', { name: 'What customers said' }).waitFor();
        const pdf = (await page.pdf({ preferCSSPageSize: true })).toString('latin1');
        expect([id, ...(pdf.match(/\/Type\s*\/Page\b/g) ?? [])]).toHaveLength(2);
      }
      expect(await axeViolations(page)).toEqual([]);
    }));

  test('what is new waits behind a button, and nothing moves before', () =>
    visit({}, async (page) => {
      await enter(page, '/alerts');
      await page.locator('[data-alert="fresno"]').waitFor();
      await addAlert(db, {
        id: 'reno',
        startedAt: minutesAgo(30),
        path: { country: 'US', region: 'Nevada', city: 'Reno' },
        place: 'Reno, Nevada',
      });
      await page.getByRole('button', { name: '1 new' }).waitFor();
      expect(await page.locator('[data-alert="reno"]').count()).toBe(0);
      await page.keyboard.press('n');
      await page.locator('.alert-row[data-alert="reno"]').waitFor();
      expect(await page.locator('.alert-row').first().getAttribute('data-alert')).toBe('reno');
    }));

  test('an alert is acknowledged and silenced by keys, and the silence ended', () =>
    visit({}, async (page) => {
      await enter(page, '/alerts/reno');
      await page.getByRole('button', { name: 'Acknowledge' }).waitFor();
      // Going elsewhere by g and a is no acknowledgement.
      await page.keyboard.press('g');
      await page.keyboard.press('a');
      await page.getByRole('heading', { level: 1, name: 'Alerts' }).waitFor();
      await page.goBack();
      await page.getByRole('button', { name: 'Acknowledge' }).waitFor();
      await page.keyboard.press('s');
      const dialog = page.getByRole('dialog', { name: 'Silence this alert' });
      await dialog.getByLabel('30 minutes').check();
      await dialog.getByLabel(/Why/).fill(hostile);
      expect(await axeViolations(page)).toEqual([]);
      await page.keyboard.press('Enter');
      await dialog.waitFor({ state: 'detached' });
      await page.getByText(/^Silenced until/).waitFor();
      await page.keyboard.press('a');
      await page.getByText('In hand: noc').first().waitFor();
      expect(await page.getByRole('button', { name: 'Acknowledge' }).count()).toBe(0);
      await page.keyboard.press('g');
      await page.keyboard.press('a');
      await page.getByRole('heading', { name: 'Silences and maintenance' }).waitFor();
      await page.getByRole('button', { name: /^End: / }).click();
      await page.locator('.silence').waitFor({ state: 'detached' });
    }));

  test('what the server refuses is said, and what was there stays', () =>
    browser.visit({ url, expects: [/401/, /503/, /Failed to load/] }, async ({ page }) => {
      await enter(page, '/alerts/fresno');
      await page.getByRole('button', { name: 'Acknowledge' }).waitFor();
      await page.route('**/acknowledge', (route) =>
        route.fulfill({
          status: 503,
          contentType: 'application/json',
          body: JSON.stringify({ error: { code: 'too-busy', message: 'The store is busy.' } }),
        }),
      );
      await page.keyboard.press('a');
      await page.getByText('Not acknowledged: The store is busy.').waitFor();
      await page.route('**/v1/alerts/fresno', (route) => route.abort());
      await page.getByText('The server did not answer.').waitFor();
      expect(await page.getByText('noc-slack').first().isVisible()).toBe(true);
    }));

  test('a comment on the acknowledgement stands in the timeline, as it was said', () =>
    visit({}, async (page) => {
      await enter(page, '/alerts/fresno');
      await page.getByLabel('Comment on the acknowledgement').fill(hostile);
      expect(await axeViolations(page)).toEqual([]);
      await page.keyboard.press('Enter');
      await page.locator('.timeline').getByText(hostile.slice(0, 20)).waitFor();
      expect(await page.getByRole('button', { name: 'Acknowledge' }).count()).toBe(0);
    }));
});
