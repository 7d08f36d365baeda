// A real Chromium for tests of pages: one for a file, a fresh profile for each visit. A visit fails on whatever a user
// would not see but should: errors in the console or of scripts, dialogs, and requests to any other host than the server's.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { chromiumLaunch } from '../../scripts/chromium.ts';

export interface VisitOptions {
  /** The server's origin: the only host that the page may ask anything of. */
  readonly url: string;
  readonly colorScheme?: 'light' | 'dark';
  /** Pixels. */
  readonly width?: number;
  readonly height?: number;
  /** Errors in the console that the test is about, such as an answer 401: these alone are allowed. */
  readonly expects?: readonly RegExp[];
  /** Runs in every page before its own scripts do. */
  readonly script?: string;
}

export interface Visit {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What went wrong so far, in words. */
  readonly troubles: readonly string[];
}

export interface TestBrowser {
  /**
   * Calls `act` with a page of a fresh profile, closes it, and rejects with all that went wrong meanwhile. Where `act`
   * rejects, a picture of the page is kept and named in the error.
   */
  visit<T>(options: VisitOptions, act: (visit: Visit) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Longer than any page takes, on a machine that has much else to do too, and shorter than a test may: a locator that finds nothing says so. */
const patienceMs = 40_000;

/** @throws SignpostError `chromium-missing`, with what to install. */
export async function openBrowser(): Promise<TestBrowser> {
  const launch = chromiumLaunch();
  const downloadsPath = await mkdtemp(join(tmpdir(), 'signpost-downloads-'));
  const browser = await chromium.launch({ ...launch, downloadsPath });
  return {
    visit: (options, act) => visit(browser, options, act),
    async close() {
      await browser.close();
      await rm(downloadsPath, { recursive: true, force: true });
    },
  };
}

async function visit<T>(
  browser: Browser,
  { url, colorScheme = 'light', width = 1280, height = 800, expects = [], script }: VisitOptions,
  act: (visit: Visit) => Promise<T>,
): Promise<T> {
  const context = await browser.newContext({
    baseURL: url,
    colorScheme,
    viewport: { width, height },
    reducedMotion: 'reduce',
    locale: 'en-US',
    timezoneId: 'America/Los_Angeles',
    acceptDownloads: true,
  });
  try {
    context.setDefaultTimeout(patienceMs);
    if (script !== undefined) await context.addInitScript({ content: script });
    const troubles = watch(context, new URL(url).host, expects);
    const page = await context.newPage();
    let result: T;
    try {
      result = await act({ page, context, troubles });
    } catch (error) {
      throw await explained(page, error, troubles);
    }
    if (troubles.length > 0) throw new Error(`The page was not quiet:\n${troubles.join('\n')}`);
    return result;
  } finally {
    await context.close();
  }
}

/** Collects what goes wrong in any page of the context, as it does. */
function watch(context: BrowserContext, host: string, expects: readonly RegExp[]): string[] {
  const troubles: string[] = [];
  const note = (text: string): void => {
    if (!expects.some((expected) => expected.test(text))) troubles.push(text);
  };
  context.on('console', (message) => {
    if (message.type() === 'error')
      note(`console: ${message.text()} (${message.location().url || 'no address'})`);
  });
  context.on('weberror', (error) =>
    note(`script: ${String(error.error().stack ?? error.error())}`),
  );
  context.on('dialog', (dialog) => {
    note(`dialog: ${dialog.type()} ${dialog.message()}`);
    void dialog.dismiss();
  });
  context.on('request', (request) => {
    const asked = new URL(request.url());
    const stays = asked.host === host || asked.protocol === 'data:' || asked.protocol === 'blob:';
    if (!stays) note(`request to another host: ${request.url()}`);
  });
  return troubles;
}

/** The error with what else went wrong, and where the page as it was then can be seen. */
async function explained(page: Page, error: unknown, troubles: readonly string[]): Promise<Error> {
  const folder = process.env['SIGNPOST_TEST_PICTURES'] ?? join(tmpdir(), 'signpost-test-pictures');
  const path = join(folder, `${Date.now().toString(36)}-${process.pid}.png`);
  const kept = await mkdir(folder, { recursive: true })
    .then(() => page.screenshot({ path, timeout: 5000 }))
    .then(
      () => [`The page then: ${path} (${page.url()})`],
      () => [],
    );
  const said = error instanceof Error ? error.message : String(error);
  return new Error([said, ...troubles, ...kept].join('\n'), { cause: error });
}
