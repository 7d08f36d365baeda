// The live feed: what is said now waits behind "1 new", shows what spoke for the department, and is corrected by a press,
// which is on insights.judged.v1 when the page says so.
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Insight } from '#schemas/insight.ts';
import type { Judgement } from '#schemas/judgement.ts';
import { openBrowser, type TestBrowser } from '../support/browser.ts';
import { settled } from '../support/portal-pages.ts';
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

const feed = (page: Page, name = 'Planning') => page.getByRole('region', { name });
const rows = (page: Page) =>
  feed(page)
    .getByRole('listitem')
    .filter({ has: page.getByRole('article') });

async function openPlanning(page: Page): Promise<void> {
  await page.goto('/streams?department=planning');
  await settled(page);
  await rows(page).first().waitFor();
  await page.getByText('Live', { exact: true }).waitFor();
}

async function judgementsOf(id: string): Promise<readonly Judgement[]> {
  const judged = await portal.stream<Judgement>('judged');
  return judged.filter(({ insightId }) => insightId === id);
}

async function say(id: string, description: string): Promise<Insight> {
  const occurredAt = new Date().toISOString();
  await portal.send('tickets', [{ id, occurredAt, description, place: { area: 'Alder Bay' } }]);
  const insight = (await portal.stream('planning')).find(({ signal }) => signal.sourceId === id);
  if (insight === undefined) throw new Error(`${id} did not reach planning`);
  return insight;
}

test('a new insight waits behind "1 new", shows its evidence, and is judged wrong by a click', async () => {
  await browser.visit({ url: portal.url }, async ({ page }) => {
    await openPlanning(page);
    const first = await rows(page).first().innerText();
    const count = await rows(page).count();

    const insight = await say(
      'live-garage',
      'No signal in the garage, there is no coverage at all.',
    );
    const isNew = feed(page).getByRole('button', { name: '1 new' });
    await isNew.waitFor();
    // Nothing moves under the pointer until it is asked for.
    expect(await rows(page).first().innerText()).toBe(first);
    expect(await rows(page).count()).toBe(count);
    await isNew.click();

    const row = rows(page).first();
    await row.getByText('in the garage').first().waitFor();
    expect(await rows(page).count()).toBe(count + 1);
    expect(await isNew.count()).toBe(0);
    const planning = insight.departments.find(({ department }) => department === 'planning')!;
    const words = planning.evidence.filter(({ start, weight }) => start !== null && weight > 0);
    expect(words.length).toBeGreaterThan(0);
    const marked = await row
      .getByRole('blockquote')
      .getByTitle(/^Planning \+|, Planning \+/)
      .allInnerTexts();
    expect(words.map(({ text }) => text).filter((text) => !marked.join('').includes(text))).toEqual(
      [],
    );

    const taken = page.waitForResponse('**/v1/judgements');
    await row.getByRole('button', { name: 'Wrong' }).click();
    await page.getByText('Wrong for Planning.').waitFor();
    expect(await row.getByRole('button', { name: 'Wrong' }).getAttribute('aria-pressed')).toBe(
      'true',
    );
    expect((await taken).status()).toBe(202);
    expect(await judgementsOf(insight.id)).toEqual([
      expect.objectContaining({ department: 'planning', verdict: 'wrong', model: insight.model }),
    ]);
  });
});

test('keys alone show what is new, go along the rows and judge; leaving the page sends it', async () => {
  await browser.visit({ url: portal.url }, async ({ page }) => {
    await openPlanning(page);
    const insight = await say('live-cellar', 'No reception in the cellar, no bars, dead zone.');
    await feed(page).getByRole('button', { name: '1 new' }).waitFor();
    await page.keyboard.press('n');
    await rows(page).first().getByText('in the cellar').first().waitFor();
    // The focus is on the first of what is new.
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.keyboard.press('k');
    await page.keyboard.press('k');
    await page.keyboard.press('r');
    await page.getByText('Right for Planning.').waitFor();
    await page.goto('/map');
    await expect
      .poll(() => judgementsOf(insight.id), { timeout: 10_000 })
      .toEqual([expect.objectContaining({ department: 'planning', verdict: 'right' })]);
  });
});

test('what is taken back is not sent', async () => {
  await browser.visit({ url: portal.url }, async ({ page }) => {
    await openPlanning(page);
    const row = rows(page).filter({ hasText: 'kitchen' }).first();
    const id = await row.getAttribute('data-insight');
    const button = row.getByRole('button', { name: 'Wrong' });
    await button.click();
    await page.getByRole('button', { name: 'Undo' }).click();
    expect(await button.getAttribute('aria-pressed')).toBe('false');
    await page.goto('/map');
    await settled(page);
    expect(await judgementsOf(id!)).toEqual([]);
  });
});

test('words and filters narrow the feed, and the live one too', async () => {
  await browser.visit({ url: portal.url }, async ({ page }) => {
    await openPlanning(page);
    await page.keyboard.press('/');
    await page.keyboard.type('church');
    await page.keyboard.press('Enter');
    await rows(page).first().getByText('church').first().waitFor();
    await expect
      .poll(async () =>
        (await rows(page).allTextContents()).every((text) => text.includes('church')),
      )
      .toBe(true);
    await page.getByText('Live', { exact: true }).waitFor();
    await say('live-barn', 'No signal in the barn, no coverage there.');
    await say('live-church', 'No signal in the church, no coverage there.');
    await feed(page).getByRole('button', { name: '1 new' }).click();
    await rows(page).first().getByText('in the church').first().waitFor();
    expect(new URL(page.url()).searchParams.get('q')).toBe('church');
  });
});
