// What pages do when something goes wrong, and what they weigh: what was there stays, a sentence says what happened, and
// all goes on when the server is back.
import { gzipSync } from 'node:zlib';
import type { Page, Response } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBrowser, type TestBrowser } from '../support/browser.ts';
import { open, settled } from '../support/portal-pages.ts';
import { startPortal, type Portal } from '../support/portal-served.ts';

let browser: TestBrowser;
let portal: Portal;
beforeAll(async () => {
  [browser, portal] = await Promise.all([openBrowser(), startPortal({ holds: 'provider' })]);
});
afterAll(async () => {
  await browser?.close();
  await portal?.close();
});

const most = 150_000;

test.each(['/', '/map', '/streams'])(
  'the first view of %s loads less than 150 kB of scripts, compressed',
  async (address) => {
    await browser.visit({ url: portal.url }, async ({ page }) => {
      const scripts: Response[] = [];
      page.on('response', (response) => {
        if (response.request().resourceType() === 'script') scripts.push(response);
      });
      await open(page, address);
      const sizes = await Promise.all(
        scripts.map(async (script) => gzipSync(await script.body()).length),
      );
      expect(sizes.length).toBeGreaterThan(0);
      expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(most);
      const encodings = scripts.map((script) => script.headers()['content-encoding']);
      expect(encodings.filter((encoding) => encoding === undefined)).toEqual([]);
    });
  },
);

/** The browser itself says of each request that found nobody. */
const nobody = [/net::ERR_/, /status of 50[23]/];

test('the map keeps what it shows while the server is away, says so, and goes on when asked again', async () => {
  await browser.visit({ url: portal.url, expects: nobody }, async ({ page }) => {
    await open(page, '/map?level=area');
    const rows = rankedRows(page);
    await rows.first().waitFor();
    const before = await rows.allInnerTexts();
    await portal.kill();
    await page.getByRole('combobox', { name: 'By', exact: true }).selectOption({ label: 'Score' });
    await page.getByRole('alert').getByText('The server did not answer.').first().waitFor();
    expect((await rows.allInnerTexts()).length).toBe(before.length);
    await portal.start();
    await page.getByRole('button', { name: 'Try again' }).first().click();
    await page.getByRole('alert').first().waitFor({ state: 'detached' });
    await page.getByRole('heading', { name: /by score/ }).waitFor();
    expect((await rows.allInnerTexts()).length).toBe(before.length);
  });
});

test('streams say that they are not connected, keep their rows, and miss nothing once the server is back', async () => {
  await browser.visit({ url: portal.url, expects: nobody }, async ({ page }) => {
    await open(page, '/streams?department=planning');
    const rows = page.getByRole('main').getByRole('article');
    await rows.first().waitFor();
    await page.getByText('Live', { exact: true }).waitFor();
    const before = await rows.count();
    await portal.kill();
    await page.getByText(/^Not connected/).waitFor();
    expect(await rows.count()).toBe(before);
    await portal.start();
    const occurredAt = new Date().toISOString();
    const description = 'No signal in the attic, no coverage at all.';
    await portal.send('tickets', [{ id: 'attic', occurredAt, description }]);
    await page
      .getByRole('button', { name: 'Try now' })
      .click({ timeout: 5000 })
      .catch(() => {});
    await page.getByRole('button', { name: '1 new' }).click();
    await rows.first().getByText('in the attic').first().waitFor();
    await page.getByText('Live', { exact: true }).waitFor();
  });
});

test('an address that asks for what there is not says what is wrong with it', async () => {
  await browser.visit({ url: portal.url, expects: [/status of 40[04]/] }, async ({ page }) => {
    await open(page, '/no-such-page');
    await page.getByText('There is no such page').waitFor();
    await page.goto('/map?level=area&open=area:Atlantis');
    await settled(page);
    await page.getByRole('alert').first().waitFor();
    await page.getByRole('button', { name: 'Close the place' }).click();
    await rankedRows(page).first().waitFor();
    await page.goto('/map?from=2026-13-45&to=yesterday&level=banana&measure=size');
    await settled(page);
    await page
      .getByRole('region', { name: /^Areas by/ })
      .getByRole('listitem')
      .first()
      .waitFor();
    expect(await page.getByRole('alert').count()).toBe(0);
  });
});

function rankedRows(page: Page) {
  return page.getByRole('region', { name: /^Areas by/ }).getByRole('listitem');
}
