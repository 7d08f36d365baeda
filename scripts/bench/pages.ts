// Bench: how soon each page of the portal is there in a real Chromium, and what it weighs. Each view has a fresh profile:
// nothing is cached.
import { chromium, type Browser } from 'playwright-core';
import { SignpostError } from '#core/errors.ts';
import { chromiumLaunch } from '../chromium.ts';
import { servePages, type ServedPages } from './pages/serve.ts';
import { serveSignals } from './pages/serve-signals.ts';
import { pageWatch, type SeenPage } from './pages/watch.ts';

export interface PagesWanted {
  /** A portal that runs already, with a key where it needs one; else one is started with `records` made-up records. */
  readonly url?: string | undefined;
  readonly key?: string | undefined;
  /** On PostgreSQL with so many signals of two years, instead. */
  readonly signals?: number | undefined;
  readonly records: number;
  readonly runs: number;
}

/** Medians of the runs. Milliseconds are from the start of the navigation. */
export interface PageFigures {
  readonly page: string;
  /** First thing drawn, and the largest (web.dev/articles/lcp). */
  readonly firstPaintMs: number;
  readonly largestPaintMs: number;
  /** Last change of what the page shows, before nothing changed for a while. */
  readonly settledMs: number;
  /** Scripts as they came, compressed, in kB (10^3 bytes). */
  readonly scriptKb: number;
  readonly requests: number;
}

const pages = ['/', '/map', '/streams'] as const;

export async function benchPages(wanted: PagesWanted): Promise<readonly PageFigures[]> {
  const server = await serverOf(wanted);
  const browser = await chromium.launch(chromiumLaunch());
  try {
    const figures: PageFigures[] = [];
    for (const page of pages) {
      const seen: SeenPage[] = [];
      // The first view has the server compile and fill its caches.
      for (let run = 0; run <= wanted.runs; run += 1) {
        const view = await look(browser, new URL(page, server.url), wanted.key);
        if (run > 0) seen.push(view);
      }
      figures.push(mediansOf(page, seen));
    }
    return figures;
  } finally {
    await browser.close();
    await server.close();
  }
}

async function serverOf({ url, signals, records }: PagesWanted): Promise<ServedPages> {
  if (url !== undefined) return { url, close: async () => {} };
  return signals === undefined ? servePages(records) : serveSignals(signals);
}

async function look(browser: Browser, url: URL, key: string | undefined): Promise<SeenPage> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    ...(key === undefined ? {} : { extraHTTPHeaders: { authorization: `Bearer ${key}` } }),
  });
  try {
    await context.addInitScript({ content: pageWatch });
    const page = await context.newPage();
    await page.goto(url.href);
    const seen = await page.evaluate<SeenPage>('window.signpostBench()');
    if (seen.scriptBytes === 0) throw notBuilt(url);
    return seen;
  } finally {
    await context.close();
  }
}

/** A sentence is soon drawn, and no page. */
function notBuilt(url: URL): SignpostError {
  return new SignpostError('pages-not-built', `${url.href} has no pages to measure`, {
    hint: '`npm run build:pages` builds them.',
  });
}

function mediansOf(page: string, seen: readonly SeenPage[]): PageFigures {
  const median = (of: (one: SeenPage) => number): number =>
    Math.round(seen.map(of).toSorted((a, b) => a - b)[Math.floor(seen.length / 2)] ?? Number.NaN);
  return {
    page,
    firstPaintMs: median(({ firstPaintMs }) => firstPaintMs),
    largestPaintMs: median(({ largestPaintMs }) => largestPaintMs),
    settledMs: median(({ settledMs }) => settledMs),
    scriptKb: median(({ scriptBytes }) => scriptBytes / 1000),
    requests: median(({ requests }) => requests),
  };
}
