// Hostile text in every field, on every page: nothing of it runs, nothing is asked of anybody, it is shown as the text it
// is, and no spreadsheet takes it for a formula.
import { parse } from 'csv-parse/sync';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sideways } from '../support/browser-checks.ts';
import { openBrowser, type TestBrowser } from '../support/browser.ts';
import { ask } from '../support/portal-api.ts';
import { hostile, trap } from '../support/portal-hostile.ts';
import { settled, shownText } from '../support/portal-pages.ts';
import { always, startPortal, type Portal } from '../support/portal-served.ts';

let browser: TestBrowser;
let portal: Portal;
beforeAll(async () => {
  [browser, portal] = await Promise.all([openBrowser(), startPortal({ holds: 'hostile' })]);
});
afterAll(async () => {
  await browser?.close();
  await portal?.close();
});

/** Whatever runs sets the trap, or calls what a page never does. */
const script = `
  window.__ran = [];
  Object.defineProperty(window, ${JSON.stringify(trap)}, { set: () => window.__ran.push(new Error().stack) });
  for (const name of ['alert', 'confirm', 'prompt', 'print', 'open'])
    window[name] = () => window.__ran.push(name);
  document.addEventListener('securitypolicyviolation', (event) => window.__ran.push('csp ' + event.violatedDirective + ' ' + event.blockedURI));
`;

const names = ['image', 'script', 'closing', 'override'] as const;
const pages = [
  '/',
  '/streams?last=all',
  '/streams?department=planning&last=all',
  '/map?last=all',
  '/map?last=all&level=area',
  '/map?last=all&level=area&view=table',
  '/map?last=all&level=city',
  '/map?last=all&level=postcode',
  '/map?last=all&level=site',
  '/map?last=all&level=h3-6',
  ...names.flatMap((name) => {
    const text = encodeURIComponent(hostile[name]!);
    const key = encodeURIComponent(`area:${encodeURIComponent(hostile[name]!)}`);
    return [
      `/map?last=all&level=area&open=${key}`,
      `/map?last=all&level=area&place=${key}`,
      `/map?last=all&level=area&wave=${text}`,
      `/map?last=${text}&level=${text}&measure=${text}&theme=${text}&wave=${text}&open=${text}&place=${text}`,
      `/streams?q=${text}&department=${text}&theme=${text}&kind=${text}&technology=${text}&beside=${text}&insight=${text}`,
      `/map/${text}`,
    ];
  }),
];

async function ran(page: Page): Promise<unknown> {
  return page.evaluate('window.__ran');
}

test('nothing runs on any page, and nothing makes it scroll sideways', async () => {
  const found: unknown[] = [];
  const texts: string[] = [];
  await browser.visit(
    { url: portal.url, script, expects: [/status of 40[034]/] },
    async ({ page, context }) => {
      context.on('page', () => found.push('a page was opened'));
      for (const address of pages) {
        await page.goto(address);
        await settled(page);
        const bad = [...((await ran(page)) as unknown[]), ...(await sideways(page))];
        if (bad.length > 0) found.push({ address, bad });
        texts.push(await shownText(page));
      }
    },
  );
  expect(found).toEqual([]);
  // It was there to run.
  const shown = texts.join('\n');
  const unseen = Object.entries(hostile).filter(([, text]) => !shown.includes(text));
  expect(unseen.map(([name]) => name)).toEqual([]);
});

test('nothing runs when rows, details, palette and menus are opened and pressed', async () => {
  await browser.visit(
    { url: portal.url, script, expects: [/status of 40[034]/] },
    async ({ page }) => {
      await page.goto('/streams?department=planning&last=all');
      await settled(page);
      const rows = page.getByRole('article').filter({ hasText: trap });
      await rows.first().waitFor();
      const count = await rows.count();
      expect(count).toBeGreaterThan(5);
      for (let at = 0; at < Math.min(count, 12); at += 1) {
        await rows.nth(at).locator('summary').click();
        await rows.nth(at).locator('blockquote').hover();
      }
      await rows.first().getByRole('button', { name: 'Right' }).click();
      await page.getByText('Right for Planning.').waitFor();
      for (const text of [hostile['image']!, hostile['closing']!, 'coverage']) {
        await page.keyboard.press('Control+k');
        await page.getByRole('combobox', { name: /^Page, theme/ }).fill(text);
        await page.getByRole('dialog').getByRole('option').first().waitFor();
        await page.keyboard.press('Escape');
      }
      await page.getByRole('searchbox').fill(`"${hostile['script']}`);
      await page.keyboard.press('Enter');
      await settled(page);
      expect(await ran(page)).toEqual([]);
    },
  );
});

test.each([
  `/v1/areas/rank?level=area&limit=1000&${always}`,
  `/v1/areas/rank?level=region&limit=1000&${always}`,
  `/v1/aggregates?groupBy=area,theme,technology&${always}`,
  `/v1/insights?limit=200&${always}`,
  `/v1/waves?${always}`,
])('no cell of %s as CSV begins as a formula does, and each is the text it was', async (path) => {
  const { status, type, text } = await ask({ url: portal.url }, path, 'text/csv');
  expect({ status, type }).toEqual({ status: 200, type: expect.stringMatching(/^text\/csv/) });
  const [header, ...rows] = parse(text, { bom: true });
  expect(rows.length).toBeGreaterThan(5);
  const cells = rows.flat().filter((cell) => Number.isNaN(Number(cell)));
  expect(cells.filter((cell) => /^[=+\-@\t\r]/.test(cell))).toEqual([]);
  const widths = new Set(rows.map((row) => row.length));
  expect([...widths]).toEqual([header!.length]);
  expect(cells.some((cell) => cell.includes(hostile['formula']!))).toBe(true);
});

test.each([
  `/v1/areas/rank?level=area&limit=1000&${always}`,
  `/v1/insights?limit=200&${always}`,
  `/v1/waves?${always}`,
  '/v1/facets',
  '/v1/overview',
])('%s is served so that no browser takes it for a page', async (path) => {
  const response = await fetch(new URL(path, portal.url), {
    headers: { accept: 'text/html, */*' },
  });
  expect(response.headers.get('content-type')).not.toMatch(/html|javascript|svg/);
  expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
  await browser.visit({ url: portal.url, script, expects: [/status of 40/] }, async ({ page }) => {
    await page.goto(path);
    expect(await ran(page)).toEqual([]);
  });
});

test('files that the map gives are formula-safe too', async () => {
  await browser.visit({ url: portal.url, script }, async ({ page }) => {
    await page.goto('/map?last=all&level=area&view=table');
    await settled(page);
    await page.getByRole('button', { name: 'Export' }).click();
    const download = page.waitForEvent('download');
    await page.getByRole('link', { name: /^CSV/ }).click();
    const file = await (await download).createReadStream();
    const cells = parse(await textOf(file), { bom: true }).flat();
    expect(cells.some((cell) => cell.includes('HYPERLINK'))).toBe(true);
    expect(cells.filter((cell) => /^[=+@\t\r]/.test(cell))).toEqual([]);
    expect(await ran(page)).toEqual([]);
  });
});

async function textOf(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
