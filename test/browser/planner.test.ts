// A planner's task from start to end, by clicks and keys alone: which five areas of California complain most about
// coverage per subscriber, what would wave 2 answer, export it. What is read is counted again from the log.
import { readFile } from 'node:fs/promises';
import { parse } from 'csv-parse/sync';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Insight } from '#schemas/insight.ts';
import { openBrowser, type TestBrowser } from '../support/browser.ts';
import { areas, wave1FinishedDays, wave2Areas } from '../support/portal-data.ts';
import {
  aroundDay,
  answeredBy,
  rankedByRate,
  ticketsOf,
  type CountedArea,
} from '../support/portal-oracle.ts';
import { startPortal, type Portal } from '../support/portal-served.ts';

let browser: TestBrowser;
let portal: Portal;
let insights: readonly Insight[];
let expected: readonly CountedArea[];

beforeAll(async () => {
  [browser, portal] = await Promise.all([openBrowser(), startPortal({ holds: 'provider' })]);
  insights = await portal.stream('shared');
  expected = rankedByRate(insights, { theme: 'coverage', region: 'California' });
});
afterAll(async () => {
  await browser?.close();
  await portal?.close();
});

test('the records are such that ranking by rate, by count and without regard to region differ', () => {
  expect(expected.length).toBe(8);
  const byCount = expected.toSorted((a, b) => b.tickets - a.tickets);
  expect(byCount.slice(0, 5)).not.toEqual(expected.slice(0, 5));
  expect(Math.max(...expected.map(({ rate }) => rate))).toBeLessThan(60);
});

describe('a planner', () => {
  test('finds the five areas, what wave 2 answers, and takes it along', async () => {
    await browser.visit({ url: portal.url }, async ({ page }) => {
      await page.goto('/');
      await page
        .getByRole('navigation', { name: 'Pages' })
        .getByRole('link', { name: 'Map' })
        .click();
      await chooseCalifornia(page);
      await theme(page, 'Coverage').click();
      await choice(page, 'Level').selectOption({ label: 'Areas' });
      await choice(page, 'By').selectOption({ label: 'Tickets per 1,000' });

      const rows = rankedRows(page);
      // What was there stays until the answer to the new question is.
      await expect
        .poll(async () => (await rows.allInnerTexts()).map(nameIn))
        .toEqual(expected.map(({ area }) => area));
      const texts = await rows.allInnerTexts();
      const shown = texts.map(figuresIn);
      expect(shown.map((one) => one?.tickets)).toEqual(expected.map(({ tickets }) => tickets));
      const off = expected.flatMap(({ area, rate, low, high }, at) =>
        [rate, low, high]
          .map((value, end) => ({ area, value, shown: shown[at]!.rate[end]! }))
          // Two digits are shown at least.
          .filter((one) => Math.abs(one.shown / one.value - 1) > 0.06),
      );
      expect(off).toEqual([]);

      await choice(page, 'Wave').selectOption({ label: 'Wave 2' });
      const answered = answeredBy(insights, 'coverage', wave2Areas, 'California');
      const wave = page.getByText(/^It covers/);
      await wave.waitFor();
      const said = flat(await wave.innerText());
      expect(said).toContain(`${Math.round((100 * answered.tickets) / answered.of)} %`);
      expect(said).toContain(`(${answered.tickets} of ${answered.of})`);
      expect(said).toContain('(7,000)');

      await rows.first().getByRole('button').click();
      const drawer = page.getByRole('region', { name: expected[0]!.area });
      await drawer.getByText('What customers said').waitFor();
      expect(flat(await drawer.innerText())).toContain(
        `of ${(2000).toLocaleString('en')} subscribers`,
      );
      expect(await drawer.getByRole('article').count()).toBeGreaterThan(2);
      await page.keyboard.press('Escape');
      await drawer.waitFor({ state: 'detached' });

      await page.getByRole('button', { name: 'Export' }).click();
      const download = page.waitForEvent('download');
      await page.getByRole('link', { name: /^CSV/ }).click();
      const file = await readFile(await (await download).path(), 'utf8');
      expect((await download).suggestedFilename()).toMatch(/\.csv$/);
      checkFile(file);
    });
  });

  test('reads of a finished wave that there are fewer tickets than before', async () => {
    await browser.visit({ url: portal.url }, async ({ page }) => {
      await page.goto('/map?level=area&theme=coverage&wave=Wave+1');
      await page.getByText('Fewer tickets than before').waitFor();
      const said = flat(await page.getByText(/days before and after/).innerText());
      const [, days, before, after] =
        /(\d+) days before and after: (\d+) to (\d+) tickets/.exec(said) ?? [];
      const finished = new Date(portal.now - wave1FinishedDays * 86_400_000).setUTCHours(
        0,
        0,
        0,
        0,
      );
      const area = { theme: 'coverage', area: 'Los Robles' };
      const counted = aroundDay(insights, area, finished, Number(days));
      expect({ before: Number(before), after: Number(after) }).toEqual(counted);
      expect(counted.after).toBeLessThan(counted.before / 2);
    });
  });

  test('sends an address on that shows the same again, and goes back to it', async () => {
    const drawer = (page: Page) => page.getByRole('region', { name: 'Quail Ridge' });
    const words = (page: Page) => drawer(page).getByRole('article');
    const seen = async (page: Page) => {
      await words(page).first().waitFor();
      return {
        address: page.url(),
        level: await choice(page, 'Level').inputValue(),
        measure: await choice(page, 'By').inputValue(),
        wave: await choice(page, 'Wave').inputValue(),
        range: await page.getByRole('button', { name: /^Time range/ }).innerText(),
        place: await drawer(page).innerText(),
      };
    };
    const sent = await browser.visit({ url: portal.url }, async ({ page }) => {
      await page.goto('/map');
      await chooseCalifornia(page);
      await theme(page, 'Coverage').click();
      await choice(page, 'Level').selectOption({ label: 'Areas' });
      await choice(page, 'By').selectOption({ label: 'Tickets' });
      await choice(page, 'Wave').selectOption({ label: 'Wave 2' });
      await page.getByRole('button', { name: /^Time range/ }).click();
      await page.getByRole('button', { name: 'Last 28 days' }).click();
      await rankedRows(page).filter({ hasText: 'Quail Ridge' }).getByRole('button').click();
      return seen(page);
    });
    await browser.visit({ url: portal.url }, async ({ page }) => {
      await page.goto(sent.address);
      expect(await seen(page)).toEqual(sent);
      await page.getByRole('button', { name: 'Close the place' }).click();
      await rankedRows(page).first().waitFor();
      await page.goBack();
      expect(await seen(page)).toEqual(sent);
    });
  });
});

function choice(page: Page, name: string) {
  return page.getByRole('combobox', { name, exact: true });
}

function theme(page: Page, name: string) {
  const themes = page.getByRole('region', { name: /^Themes of/ });
  return themes.getByRole('button', { name: new RegExp(`^${name}`) });
}

async function chooseCalifornia(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Place: everywhere' }).waitFor();
  await page.getByRole('heading', { level: 1 }).waitFor({ state: 'attached' });
  await page.keyboard.press('p');
  const field = page.getByRole('combobox', { name: /^Country, region/ });
  await field.waitFor();
  await page.keyboard.type('California');
  await page.getByRole('option', { name: /^California.*Region/ }).waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Place: Region California' }).waitFor();
}

function rankedRows(page: Page) {
  return page.getByRole('region', { name: /^Areas by/ }).getByRole('listitem');
}

/** The row begins with its position, then the name. */
function nameIn(row: string): string | undefined {
  return areas.find(({ area }) => row.includes(area))?.area;
}

function flat(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll(' ,', ',');
}

/** "22 per 1,000, 16–30, n = 44" */
function figuresIn(row: string) {
  const figures = /([\d.]+) per 1,000, ([\d.]+)–([\d.]+), n = (\d+)/.exec(flat(row));
  if (figures === null) return undefined;
  const [, rate, low, high, tickets] = figures.map(Number);
  return { rate: [rate, low, high], tickets };
}

/** Every number of the file against the same counted again. */
function checkFile(file: string): void {
  const rows = parse(file, { columns: true, bom: true }) as Record<string, string>[];
  expect(rows.map((row) => row['place_name'])).toEqual(expected.map(({ area }) => area));
  for (const [at, { tickets, subscribers, rate, low, high }] of expected.entries()) {
    const row = rows[at]!;
    expect(Number(row['tickets'])).toBe(tickets);
    expect(Number(row['subscribers'])).toBe(subscribers);
    expect(Number(row['rate'])).toBeCloseTo(rate, 6);
    expect(Number(row['rate_low'])).toBeCloseTo(low, 3);
    expect(Number(row['rate_high'])).toBeCloseTo(high, 3);
  }
  const total = rows.reduce((sum, row) => sum + Number(row['tickets']), 0);
  const inCalifornia = ticketsOf(insights, 'coverage').filter(
    ({ signal }) => signal.place.region === 'California',
  );
  expect(total).toBe(inCalifornia.length);
}
