// Every page for everyone: no violation that axe knows of in light and dark, narrow and wide, with data and without;
// everything reached by the keyboard with the focus to be seen; no scrolling sideways from 360 to 2,560 pixels.
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { axeViolations, sideways, tabThrough } from '../support/browser-checks.ts';
import { openBrowser, type TestBrowser } from '../support/browser.ts';
import { open } from '../support/portal-pages.ts';
import { startPortal, type Portal } from '../support/portal-served.ts';

let browser: TestBrowser;
let full: Portal;
let empty: Portal;
beforeAll(async () => {
  [browser, full, empty] = await Promise.all([
    openBrowser(),
    startPortal({ holds: 'provider' }),
    startPortal({ holds: 'none' }),
  ]);
});
afterAll(async () => {
  await browser?.close();
  await Promise.all([full?.close(), empty?.close()]);
});

const pages = [
  '/',
  '/streams',
  '/streams?department=planning&theme=coverage',
  '/streams?q=nothing+has+these+words',
  '/map',
  '/map?level=area&theme=coverage&wave=Wave+2&open=area:Alder+Bay',
  '/map?level=area&view=table',
  '/map?level=h3-4',
  '/no-such-page',
];
const ofEmpty = ['/', '/streams', '/map', '/map?open=area:Nowhere'];
const looks = [
  { colorScheme: 'light', width: 1280 },
  { colorScheme: 'dark', width: 1280 },
  { colorScheme: 'light', width: 360 },
  { colorScheme: 'dark', width: 2560 },
] as const;

describe.each(looks)('in $colorScheme, $width pixels wide', (look) => {
  test.each([
    ['with data', pages],
    ['without data', ofEmpty],
  ])('no page %s has a violation of axe or scrolls sideways', async (what, addresses) => {
    const portal = what === 'with data' ? full : empty;
    const found: string[] = [];
    await browser.visit(
      { url: portal.url, ...look, expects: [/status of 40[04]/] },
      async ({ page }) => {
        for (const address of addresses) {
          await open(page, address);
          const flaws = [...(await axeViolations(page)), ...(await sideways(page))];
          found.push(...flaws.map((flaw) => `${address}: ${flaw}`));
        }
        for (const key of ['?', 'Control+k', 'p']) {
          // Pressed again where the page was too busy to hear it.
          await vi.waitFor(
            async () => {
              await page.keyboard.press(key);
              await page.getByRole('dialog').waitFor({ timeout: 4000 });
            },
            { timeout: 15_000 },
          );
          found.push(...(await axeViolations(page)).map((flaw) => `dialog of ${key}: ${flaw}`));
          await page.keyboard.press('Escape');
          await page.getByRole('dialog').waitFor({ state: 'detached' });
        }
      },
    );
    expect(found).toEqual([]);
  });
});

describe('by the keyboard', () => {
  test.each([
    '/',
    '/streams?department=it',
    '/map?level=area&theme=coverage&wave=Wave+2',
    '/map?level=area&view=table',
    '/map?level=area&open=area:Alder+Bay&department=it',
  ])('everything at %s is reached, and the focus can be seen', async (address) => {
    await browser.visit({ url: full.url }, async ({ page }) => {
      await open(page, address);
      const { stops, missed } = await tabThrough(page);
      expect(missed).toEqual([]);
      expect(stops.length).toBeGreaterThan(8);
      expect(stops.filter(({ visible, name }) => !visible || name === '')).toEqual([]);
    });
  });

  test('? lists the keys, and each of them does what it says', async () => {
    await browser.visit({ url: full.url }, async ({ page }) => {
      await open(page, '/');
      await page.keyboard.press('?');
      await page.getByRole('dialog', { name: 'Keys' }).getByText('Open Map').waitFor();
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      for (const [key, title] of [
        ['m', 'Map'],
        ['s', 'Streams'],
        ['h', 'Home'],
      ]) {
        await page.keyboard.press('g');
        await page.keyboard.press(key!);
        await expect.poll(() => page.title()).toBe(`${title} · Signpost`);
      }
      await page.keyboard.press('/');
      await page.keyboard.type('?gm');
      expect(await page.getByRole('searchbox').inputValue()).toBe('?gm');
      expect(await page.title()).toBe('Home · Signpost');
    });
  });

  test.each(['Control+k', 'Meta+k'])('%s goes to a page, a theme and a place', async (key) => {
    await browser.visit({ url: full.url }, async ({ page }) => {
      await open(page, '/');
      const go = async (typed: string): Promise<void> => {
        await page.keyboard.press(key);
        await page.getByRole('combobox', { name: /^Page, theme/ }).waitFor();
        await page.keyboard.type(typed);
        await page
          .getByRole('dialog')
          .getByRole('option', { name: new RegExp(`^${typed}`) })
          .first()
          .waitFor();
        await page.keyboard.press('Enter');
        await page.getByRole('dialog').waitFor({ state: 'detached' });
      };
      await go('Streams');
      await expect.poll(() => page.title()).toBe('Streams · Signpost');
      await go('Coverage');
      await expect.poll(() => new URL(page.url()).searchParams.get('theme')).toBe('coverage');
      await go('Quail Ridge');
      await expect.poll(() => new URL(page.url()).searchParams.get('place')).toContain('Quail');
    });
  });
});

test('an empty server says on every page what to do next, with the command', async () => {
  await browser.visit({ url: empty.url }, async ({ page }) => {
    for (const address of ['/', '/streams', '/map']) {
      await open(page, address);
      await page
        .getByRole('main')
        .getByText(/signpost up --demo/)
        .first()
        .waitFor();
    }
    expect(page.url()).toContain('/map');
  });
});
