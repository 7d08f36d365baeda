// Streams and Home in a real browser, on a real store: what is live, judged, cut off and empty, as a reader meets it.
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Db } from '../../services/core/store/postgres.ts';
import { overview } from '../../services/portal/queries/overview.ts';
import { createQueries } from '../../services/portal/queries/queries.ts';
import { createStreams } from '../../services/portal/streams.ts';
import { axeViolations, sideways } from '../support/browser-checks.ts';
import { openBrowser, type TestBrowser } from '../support/browser.ts';
import { openPortal, type TestPortal } from '../support/portal.ts';
import { openStore } from '../support/stores.ts';
import { prepareDepartments, write, type Said } from '../support/written-signals.ts';

const pagesRoot = join(import.meta.dirname, '../../services/portal/pages');
const hostile =
  '</script><img src=x onerror=alert(1)> "><svg onload=alert(2)> {{7*7}} \u202egnp.exe no signal';
const looks = [
  { colorScheme: 'light', width: 1440, height: 900 },
  { colorScheme: 'dark', width: 1440, height: 900 },
  { colorScheme: 'light', width: 390, height: 844 },
  { colorScheme: 'dark', width: 390, height: 844 },
] as const;

let folder: string;
let browser: TestBrowser;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signpost-pages-'));
  await build({
    root: pagesRoot,
    configFile: join(pagesRoot, 'vite.config.ts'),
    logLevel: 'silent',
    build: { outDir: folder, emptyOutDir: true },
  });
  browser = await openBrowser();
});
afterAll(async () => {
  await browser.close();
  await rm(folder, { recursive: true, force: true });
});

async function serve(db: Db): Promise<{ portal: TestPortal; url: string }> {
  const portal = await openPortal({
    pagesFolder: folder,
    streams: createStreams({
      db,
      logger: pino({ level: 'silent' }),
      clock: Date.now,
      settings: { pollMs: 50, beatMs: 500 },
    }),
    queries: {
      ...createQueries(db, Date.now),
      overview: (reader) =>
        overview(db, reader, new Date(), [
          { part: 'classify', state: 'behind', says: '1,204 records wait.', lag: 1204 },
        ]),
    },
  });
  const { url } = await portal.gateway.listen();
  return { portal, url };
}

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

  test.each(looks)('Home and Streams say how to begin: $colorScheme, $width px', (look) =>
    browser.visit({ url, ...look }, async ({ page }) => {
      await page.goto('/');
      await page.getByText('npx signpost up --demo').waitFor();
      expect([...(await axeViolations(page)), ...(await sideways(page))]).toEqual([]);
      await page.goto('/streams');
      await page.getByText('npx signpost up --demo').waitFor();
      expect([...(await axeViolations(page)), ...(await sideways(page))]).toEqual([]);
    }),
  );

  test('Streams begin by themselves with the first that is said', () =>
    browser.visit({ url }, async ({ page }) => {
      await page.goto('/streams');
      await page.getByText('npx signpost up --demo').waitFor();
      await prepareDepartments(db.query);
      await write(db.query, { id: 'first', departments: ['planning'], text: 'the very first' });
      await page.getByText('the very first').waitFor();
      expect(await page.locator('.feed').count()).toBe(3);
    }));
});

describe('with what was said', () => {
  let db: Db;
  let portal: TestPortal;
  let url: string;
  let written = 0;
  const say = async (said: Partial<Said> = {}): Promise<string> => {
    written += 1;
    const id = `said-${written}`;
    const at = new Date();
    await write(db.query, { id, departments: ['operations'], text: `words ${id}.`, at, ...said });
    return id;
  };
  beforeAll(async () => {
    db = await openStore('PGlite');
    await prepareDepartments(db.query);
    for (let ago = 70; ago > 0; ago -= 1) {
      await say({ at: new Date(Date.now() - ago * 60_000), region: 'Nevada' });
    }
    await say({ departments: ['marketing'], text: 'only for marketing', theme: 'price' });
    await say({ departments: ['planning'], text: hostile, urgency: 'high', theme: 'outage' });
    ({ portal, url } = await serve(db));
  });
  afterAll(async () => {
    await portal[Symbol.asyncDispose]();
    await db.close();
  });
  const feed = (page: Page, name: string) => page.getByRole('region', { name });
  const isLive = (page: Page) => page.getByText('Live', { exact: true }).waitFor();

  test.each(looks)('Home and Streams are clean: $colorScheme, $width px', (look) =>
    browser.visit({ url, ...look }, async ({ page }) => {
      await page.goto('/');
      await page.getByText('1,204 records wait.').first().waitFor();
      await page.getByText('gnp.exe').waitFor();
      expect([...(await axeViolations(page)), ...(await sideways(page))]).toEqual([]);
      await page.goto('/streams');
      await isLive(page);
      await page.locator('.row').first().waitFor();
      expect([...(await axeViolations(page)), ...(await sideways(page))]).toEqual([]);
    }),
  );

  test('new rows wait, and nothing moves until they are asked for', () =>
    browser.visit({ url }, async ({ page }) => {
      await page.goto('/streams');
      await isLive(page);
      const operations = feed(page, 'Operations');
      const first = operations.locator('.row').first();
      // Rows out of sight are not laid out, and have no text until they are.
      await expect.poll(() => first.innerText()).not.toBe('');
      const top = await first.innerText();
      const id = await say();
      await say({ departments: ['marketing'], text: 'not here' });
      await operations.getByRole('button', { name: '1 new' }).waitFor();
      expect(await first.innerText()).toBe(top);
      await first.focus();
      await page.keyboard.press('n');
      await operations.getByText(`words ${id}.`).waitFor();
      await expect.poll(() => first.innerText()).toContain(`words ${id}.`);
      expect(await operations.getByText('not here').count()).toBe(0);
      expect(await operations.getByRole('button', { name: /new/ }).count()).toBe(0);
    }));

  test('older rows come at the end of the list, each once', () =>
    browser.visit({ url }, async ({ page }) => {
      await page.goto('/streams?department=operations');
      const rows = page.locator('.row');
      await rows.first().waitFor();
      const list = page.locator('.feed-scroll');
      const end = page.getByText('That is all there is in this time range.');
      await expect
        .poll(async () => {
          await list.evaluate((one) => one.scrollTo(0, one.scrollHeight));
          return end.count();
        })
        .toBe(1);
      const ids = await rows.evaluateAll((all) =>
        all.map((one) => one.getAttribute('data-insight')),
      );
      expect(ids.length).toBeGreaterThanOrEqual(70);
      expect(new Set(ids).size).toBe(ids.length);
    }));

  test('a judgement is taken back within seconds, or sent', () =>
    browser.visit({ url }, async ({ page }) => {
      await page.goto('/streams?department=operations');
      await page.locator('.row').first().waitFor();
      await page.keyboard.press('j');
      await page.keyboard.press('w');
      const wrong = page.locator('.row').first().getByRole('button', { name: 'Wrong' });
      await expect.poll(() => wrong.getAttribute('aria-pressed')).toBe('true');
      await page.getByRole('button', { name: 'Undo' }).click();
      await expect.poll(() => wrong.getAttribute('aria-pressed')).toBe('false');
      await page.keyboard.press('j');
      await page.keyboard.press('j');
      const sent = page.waitForRequest('**/v1/judgements');
      await page.locator('.row').nth(1).focus();
      await page.keyboard.press('r');
      const id = await page.locator('.row').nth(1).getAttribute('data-insight');
      expect((await sent).postDataJSON()).toMatchObject({
        insightId: id,
        department: 'operations',
        verdict: 'right',
        model: 'rules+1',
      });
      expect((await (await sent).response())?.status()).toBe(202);
    }));

  test('a judgement that is refused says so, and is not shown as given', () =>
    browser.visit({ url, expects: [/503/] }, async ({ page }) => {
      await page.route('**/v1/judgements', (route) =>
        route.fulfill({
          status: 503,
          json: { error: { code: 'disk-full', message: 'The disk is full.' } },
        }),
      );
      await page.goto('/streams?department=operations');
      await page.locator('.row').first().waitFor();
      await page.keyboard.press('j');
      await page.keyboard.press('r');
      await page.getByText('was not noted. The disk is full.').waitFor();
      const right = page.locator('.row').first().getByRole('button', { name: 'Right' });
      expect(await right.getAttribute('aria-pressed')).toBe('false');
    }));

  test('a connection that was cut is taken up again without a gap', async () => {
    const way = await openWay(url);
    await browser.visit({ url: way.url, expects: [/ERR_/] }, async ({ page }) => {
      await page.goto('/streams?department=operations');
      await isLive(page);
      await page.locator('.row').first().waitFor();
      way.cut();
      await page.getByText('Not connected; trying again.').waitFor();
      const ids = [await say(), await say()];
      way.mend();
      await page.getByRole('button', { name: '2 new' }).click();
      for (const id of ids) await page.getByText(`words ${id}.`).waitFor();
      expect(await page.locator('.row').first().innerText()).toContain(`words ${ids[1]}.`);
    });
    await way.close();
  });

  test('filters are in the address, and what matches nothing says how to go on', () =>
    browser.visit({ url }, async ({ page }) => {
      await page.goto('/streams?department=marketing');
      await page.getByLabel('Theme', { exact: true }).selectOption('price');
      await page.getByText('only for marketing').waitFor();
      expect(page.url()).toContain('theme=price');
      await page.getByLabel('Kind', { exact: true }).selectOption('survey');
      await page.getByText('Nothing for Marketing matches').waitFor();
      await page.getByRole('main').getByRole('button', { name: 'Clear filters' }).last().click();
      await page.getByText('only for marketing').waitFor();
      expect(page.url()).not.toContain('theme=');
    }));

  test("a department's reader sees its own rows and no other's", async () => {
    const key = await portal.key({ reads: { role: 'reader', departments: ['marketing'] } });
    await browser.visit({ url }, async ({ page, context }) => {
      await context.setExtraHTTPHeaders({ 'x-api-key': key });
      await page.goto('/streams');
      await isLive(page);
      await page.getByText('only for marketing').waitFor();
      expect(await page.locator('.feed').count()).toBe(1);
      await say({ text: 'for operations alone' });
      await say({ departments: ['marketing', 'operations'], text: 'for both of us' });
      await page.getByRole('button', { name: '1 new' }).click();
      await page.getByText('for both of us').waitFor();
      expect(await page.locator('main').innerText()).not.toMatch(/Operations|operations/);
      await page.goto('/');
      await page.getByText('for both of us').or(page.getByText('What flows')).first().waitFor();
      expect(await page.locator('main').innerText()).not.toMatch(/Operations|operations/);
    });
  });
});

/** A way to the server that can be cut. */
async function openWay(to: string) {
  const { hostname, port } = new URL(to);
  const sockets = new Set<Socket>();
  let isCut = false;
  const server = createServer((near) => {
    if (isCut) return near.destroy();
    const far = connect({ host: hostname, port: Number(port) });
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.once('close', () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    return near.pipe(far).pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const cut = (): void => {
    isCut = true;
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
    cut,
    mend: () => void (isCut = false),
    close: () => {
      cut();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
