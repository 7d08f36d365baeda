// A department's reader sees no other department's rows: by no address of the API, and on no page, whatever is pressed
// or put into the address.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBrowser, type TestBrowser } from '../support/browser.ts';
import { settled, shownText, signIn } from '../support/portal-pages.ts';
import { sender, startPortal, type Portal } from '../support/portal-served.ts';
import { describeApiForDepartments, ownWord, wordsOfOthers } from './departments.cases.ts';

/** The browser says so of an answer 401, 403 or 400 that a page asked for. */
const refused = [/status of 40[0134]/];

let browser: TestBrowser;
let portal: Portal;
beforeAll(async () => {
  [browser, portal] = await Promise.all([
    openBrowser(),
    startPortal({
      holds: 'provider',
      keys: {
        billing: { role: 'reader', departments: ['billing'] },
        planner: { role: 'planner', departments: null },
      },
    }),
  ]);
});
afterAll(async () => {
  await browser?.close();
  await portal?.close();
});

describeApiForDepartments(() => portal);

test('pages ask for a key, say what is wrong with a wrong one, and show the page with the right one', async () => {
  await browser.visit({ url: portal.url, expects: refused }, async ({ page }) => {
    await page.goto('/map');
    const dialog = page.getByRole('dialog', { name: 'Sign in with a key' });
    await dialog.getByLabel('Key', { exact: true }).fill(`sp_000000000000_${'x'.repeat(43)}`);
    await dialog.getByRole('button', { name: 'Sign in' }).click();
    await dialog
      .getByRole('alert')
      .getByText(/unknown|revoked/)
      .waitFor();
    await dialog.getByLabel('Key', { exact: true }).fill(portal.keys[sender]!);
    await dialog.getByRole('button', { name: 'Sign in' }).click();
    await dialog.getByRole('alert').waitFor();
    await signIn(page, portal.keys['planner']!);
    await page
      .getByRole('region', { name: /^Areas by/ })
      .getByRole('listitem')
      .first()
      .waitFor();
    await page.reload();
    await page
      .getByRole('region', { name: /^Areas by/ })
      .getByRole('listitem')
      .first()
      .waitFor();
    expect(await page.getByRole('dialog').count()).toBe(0);
  });
});

test("billing's reader finds its own words and no others on any page", async () => {
  await browser.visit({ url: portal.url, expects: refused }, async ({ page }) => {
    await page.goto('/');
    await signIn(page, portal.keys['billing']!);
    const seen: Record<string, string> = {};
    for (const address of [
      '/',
      '/streams',
      '/streams?department=planning',
      '/streams?beside=planning,operations',
      '/streams?q=coverage',
      '/streams?theme=coverage',
      '/map?level=area',
      '/map?level=area&theme=coverage',
      '/map?level=area&view=table',
      '/map?department=planning&level=area',
      '/map?level=area&open=area:Alder+Bay',
      '/map?level=area&open=area:San+Perdido',
      '/map?wave=Wave+2&level=area',
    ]) {
      await page.goto(address);
      await settled(page);
      seen[address] = await shownText(page);
    }
    const found = Object.entries(seen).flatMap(([address, text]) =>
      wordsOfOthers.filter((word) => text.includes(word)).map((word) => `${word} at ${address}`),
    );
    expect(found).toEqual([]);
    expect(seen['/streams']).toContain(ownWord);
  });
});

test("billing's reader is offered its own department alone, and hears nothing else live", async () => {
  await browser.visit({ url: portal.url, expects: refused }, async ({ page }) => {
    await page.goto('/streams');
    await signIn(page, portal.keys['billing']!);
    await settled(page);
    const feeds = page.getByRole('main').getByRole('region');
    await page.getByText('Live', { exact: true }).waitFor();
    expect(await feeds.count()).toBe(1);
    const offered = await page.getByLabel('Department').getByRole('option').allInnerTexts();
    expect(offered.filter((name) => /planning|operations|marketing/i.test(name))).toEqual([]);
    const occurredAt = new Date().toISOString();
    await portal.send('tickets', [
      { id: 'd-1', occurredAt, description: 'No signal in the kitchen, no coverage at all.' },
      { id: 'd-2', occurredAt, description: 'I was charged twice on my bill, please refund it.' },
    ]);
    await page.getByRole('button', { name: '1 new' }).click();
    const first = page.getByRole('main').getByRole('article').first();
    await first.getByText('please refund it').first().waitFor();
    expect(await shownText(page)).not.toContain('kitchen');
  });
});
