// The browser that pages are tested in: found where it is, missed in plain words, and watched.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chromiumPath } from '../../scripts/chromium.ts';
import { axeViolations, sideways, tabThrough } from '../support/browser-checks.ts';
import { openBrowser, type TestBrowser } from '../support/browser.ts';

describe('Chromium', () => {
  const only =
    (...paths: string[]) =>
    (path: string) =>
      paths.includes(path);

  test('is the one that CHROMIUM_PATH names', () => {
    const env = { CHROMIUM_PATH: '/opt/chrome', PATH: '/usr/bin' };
    expect(chromiumPath(env, only('/opt/chrome', '/usr/bin/chromium'))).toBe('/opt/chrome');
  });

  test('is found on the PATH, the headless one before Chromium, and that before Chrome', () => {
    const runs = only('/a/google-chrome', '/b/chromium');
    expect(chromiumPath({ PATH: '/a:/b' }, runs)).toBe('/b/chromium');
    const headless = only('/a/chromium', '/b/chromium-headless-shell');
    expect(chromiumPath({ PATH: '/a:/b' }, headless)).toBe('/b/chromium-headless-shell');
    expect(chromiumPath({ PATH: '/a' }, only('/a/google-chrome'))).toBe('/a/google-chrome');
  });

  test('that is missing is missed in one sentence that says what to install', () => {
    expect(() => chromiumPath({ PATH: '/a' }, only())).toThrow(
      /^No Chromium is installed.*apt-get install chromium-headless-shell.*CHROMIUM_PATH\.$/,
    );
    expect(() => chromiumPath({ CHROMIUM_PATH: '/no' }, only('/usr/bin/chromium'))).toThrow(
      /^CHROMIUM_PATH names \/no, which is no program\. Install it/,
    );
  });
});

describe('a visit', () => {
  let browser: TestBrowser;
  let server: Server;
  let url: string;
  let body: string;

  beforeAll(async () => {
    browser = await openBrowser();
    server = createServer((request, response) => {
      if (request.url !== '/') return void response.writeHead(404).end();
      response.setHeader('content-type', 'text/html; charset=utf-8');
      response.setHeader('content-security-policy', "script-src 'self' 'unsafe-inline'");
      response.end(
        `<!doctype html><html lang="en"><title>Page</title><link rel="icon" href="data:,"><main><h1>Page</h1>${body}</main></html>`,
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  const visit = (html: string, expects: readonly RegExp[] = []) => {
    body = html;
    return browser.visit({ url, expects }, async ({ page }) => {
      await page.goto('/', { waitUntil: 'networkidle' });
    });
  };

  test('of a quiet page is fine', async () => {
    await expect(visit('<p>Nothing to see.</p>')).resolves.toBeUndefined();
  });

  test.each([
    ['an error in the console', '<script>console.error("lost")</script>', 'console: lost'],
    ['an error of a script', '<script>throw new Error("broken")</script>', 'script: Error: broken'],
    ['a dialog', '<script>alert("hello")</script>', 'dialog: alert hello'],
    ['an answer of 404', '<img alt="" src="/missing.png">', 'status of 404'],
    [
      'a request to another host',
      '<img alt="" src="http://example.com/x.png">',
      'request to another host: http://example.com/x.png',
    ],
    [
      'a request to another port',
      '<img alt="" src="http://127.0.0.1:9/x.png">',
      'request to another host: http://127.0.0.1:9/x.png',
    ],
  ])('fails on %s', async (_what, html, trouble) => {
    await expect(visit(html)).rejects.toThrow(trouble);
  });

  test('does not fail on what the test is about', async () => {
    const image = '<img alt="" src="/missing.png">';
    await expect(visit(image, [/status of 404/])).resolves.toBeUndefined();
  });

  test('sees what axe finds, what stands out of the window, and whether the focus can be seen', async () => {
    body =
      '<img src="data:,"><div class="wide" style="width: 3000px">x</div><button>Seen</button><button style="outline: none">Unseen</button>';
    await browser.visit({ url }, async ({ page }) => {
      await page.goto('/');
      expect(await axeViolations(page)).toEqual([expect.stringContaining('image-alt')]);
      expect(await sideways(page)).toContain('div.wide: 3008 px');
      expect(await tabThrough(page)).toEqual({
        stops: [
          { tag: 'button', name: 'Seen', visible: true },
          { tag: 'button', name: 'Unseen', visible: false },
        ],
        missed: [],
      });
    });
    body =
      '<button>Fine</button><button onfocus="this.blur()">Shy</button><button disabled>Not now</button>';
    await browser.visit({ url }, async ({ page }) => {
      await page.goto('/');
      expect((await tabThrough(page)).missed).toEqual(['button Shy']);
      expect(await axeViolations(page)).toEqual([]);
      expect(await sideways(page)).toEqual([]);
    });
  });
});
