// What a page tells of its own making, by the browser's own clocks.

export interface SeenPage {
  readonly firstPaintMs: number;
  readonly largestPaintMs: number;
  readonly settledMs: number;
  readonly scriptBytes: number;
  readonly requests: number;
}

/** Nothing changed for so long: the page is as it stays. */
const quietMs = 700;

/** Runs before the page's own scripts; `window.signpostBench()` resolves with a `SeenPage` once the page is quiet. */
export const pageWatch = `(() => {
  let changedAt = 0;
  let largest = 0;
  new MutationObserver(() => { changedAt = performance.now(); }).observe(document, {
    subtree: true, childList: true, characterData: true, attributes: true,
  });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) largest = entry.startTime;
  }).observe({ type: 'largest-contentful-paint', buffered: true });
  window.signpostBench = async () => {
    while (performance.now() - changedAt < ${quietMs})
      await new Promise((resolve) => setTimeout(resolve, 50));
    const resources = performance.getEntriesByType('resource');
    const scripts = resources.filter(({ name, initiatorType }) => initiatorType === 'script' || /\\.m?js$/.test(new URL(name).pathname));
    return {
      firstPaintMs: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN,
      largestPaintMs: largest,
      settledMs: changedAt,
      scriptBytes: scripts.reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0),
      requests: resources.length + 1,
    };
  };
})()`;
