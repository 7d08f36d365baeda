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
  readonly role: string;
  readonly name: string;
  /** An outline, shadow, border or background that it has only with the focus. */
  readonly visible: boolean;
}

/** What has the keyboard's focus; null for the page itself. */
export async function focused(page: Page): Promise<Focus | null> {
  return page.evaluate<Focus | null>(`(() => {
    const element = document.activeElement;
    if (element === null || element === document.body) return null;
    const look = () => {
      const seen = [element, element.parentElement, element.closest('label')].filter(Boolean);
      return seen.map((one) => {
        const style = getComputedStyle(one);
        const outline = style.outlineStyle === 'none' ? '' : style.outlineWidth + style.outlineColor;
        return [outline, style.boxShadow, style.borderColor, style.backgroundColor, style.stroke, style.textDecoration].join('|');
      }).join();
    };
    const focusedLook = look();
    element.blur();
    const plainLook = look();
    element.focus({ focusVisible: true, preventScroll: true });
    return {
      tag: element.tagName.toLowerCase(),
      role: element.getAttribute('role') ?? '',
      name: (element.getAttribute('aria-label') ?? element.textContent ?? '').trim().slice(0, 80) || element.getAttribute('title') || element.getAttribute('name') || element.id,
      visible: focusedLook !== plainLook,
    };
  })()`);
}
