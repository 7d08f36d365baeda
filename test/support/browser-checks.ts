// What must hold of every page, looked at in the browser: accessibility by axe, no scrolling sideways, a visible focus.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const axeFile = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
let axeSource: Promise<string> | undefined;

interface AxeViolation {
  readonly id: string;
  readonly help: string;
  readonly nodes: readonly { readonly target: readonly string[]; readonly html: string }[];
}

/** Every violation that axe finds of WCAG 2.2 A and AA and of its best practices, one line for each element. */
export async function axeViolations(page: Page): Promise<string[]> {
  axeSource ??= readFile(axeFile, 'utf8');
  await page.evaluate(await axeSource);
  const { violations } = await page.evaluate<{ violations: readonly AxeViolation[] }>(
    `axe.run(document, { resultTypes: ['violations'] })`,
  );
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, html }) => `${id}: ${help}: ${target.join(' ')} ${html.slice(0, 200)}`),
  );
}

/** What stands out to the right of the window, as `tag.class: right px`; none where nothing scrolls sideways. */
export async function sideways(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(`(() => {
    const root = document.documentElement;
    if (root.scrollWidth <= root.clientWidth) return [];
    const out = [...document.querySelectorAll('body *')]
      .map((element) => ({ element, right: element.getBoundingClientRect().right }))
      .filter(({ right }) => right > root.clientWidth + 0.5)
      .map(({ element, right }) => element.tagName.toLowerCase() + '.' + element.getAttribute('class') + ': ' + Math.round(right) + ' px');
    return ['scrolls ' + root.scrollWidth + ' of ' + root.clientWidth + ' px', ...out.slice(0, 10)];
  })()`);
}

export interface Focus {
  readonly tag: string;
  readonly name: string;
  /** It looks otherwise with the focus than without: an outline, shadow, border or background. */
  readonly visible: boolean;
}

export interface TabStops {
  /** In order. */
  readonly stops: readonly Focus[];
  /** What can be pressed, chosen or typed into, is shown, and never had the focus. */
  readonly missed: readonly string[];
}

/**
 * Presses Tab until the focus comes round to where it was before, `most` times at most; it leaves the document at its
 * end and comes back at its beginning. What is reached by arrows within something else
 * that has the focus (`tabindex="-1"`) is not missed.
 */
export async function tabThrough(page: Page, most = 250): Promise<TabStops> {
  await page.evaluate(tabWatch);
  const stops: Focus[] = [];
  for (let press = 0; press <= most; press += 1) {
    await page.keyboard.press('Tab');
    const { left, isOver } = await page.evaluate<{ left: Focus | null; isOver: boolean }>(
      'window.signpostTab()',
    );
    if (left !== null) stops.push(left);
    if (isOver) break;
  }
  return { stops, missed: await page.evaluate<string[]>('window.signpostMissed()') };
}

/** `signpostTab` tells of the element that the focus has just left: how it looked with it, and looks without. */
const tabWatch = `(() => {
  const reached = new Set();
  let before = null;
  let outside = 0;
  const describe = (element) => ({
    tag: element.tagName.toLowerCase(),
    name: (element.getAttribute('aria-label') || element.textContent || element.getAttribute('title') || element.labels?.[0]?.textContent || element.id || '').trim().slice(0, 60),
  });
  const look = (element) => [element, element.parentElement, element.closest('label, form')]
    .filter(Boolean)
    .map((one) => {
      const style = getComputedStyle(one);
      const outline = style.outlineStyle === 'none' ? '' : style.outlineWidth + style.outlineColor;
      return [outline, style.boxShadow, style.borderColor, style.backgroundColor, style.opacity].join('|');
    }).join();
  window.signpostTab = () => {
    const element = document.activeElement;
    const isOutside = element === null || element === document.body;
    if (isOutside) outside += 1;
    const isOver = outside > 1 || reached.has(element);
    const left = before === null ? null : { ...describe(before.element), visible: before.look !== look(before.element) };
    before = isOver || isOutside ? null : { element, look: look(element) };
    if (before !== null) reached.add(element);
    return { left, isOver };
  };
  window.signpostMissed = () => [...document.querySelectorAll('a[href], button, select, input, textarea, summary, [tabindex="0"]')]
    .filter((element) => !element.disabled && element.tabIndex >= 0 && element.checkVisibility({ visibilityProperty: true }) && !reached.has(element))
    .filter((element) => !(element.type === 'radio' && [...reached].some((other) => other.name === element.name)))
    .map((element) => Object.values(describe(element)).join(' '));
})()`;
