// What tests do on the portal's pages as a user would: sign in, wait until a page has all it shows.
import type { Page } from 'playwright-core';

/** Types the key into the dialog that asks for one. */
export async function signIn(page: Page, key: string): Promise<void> {
  const dialog = page.getByRole('dialog', { name: 'Sign in with a key' });
  await dialog.getByLabel('Key', { exact: true }).fill(key);
  await dialog.getByRole('button', { name: 'Sign in' }).click();
  await dialog.waitFor({ state: 'detached' });
}

/** Opens an address, or follows it within the page, and waits until nothing of it is being loaded any more. */
export async function open(page: Page, address: string): Promise<void> {
  await page.goto(address);
  await settled(page);
}

/** Nothing says that it is being loaded, and the page has its heading. */
export async function settled(page: Page): Promise<void> {
  await page.getByRole('main').getByRole('heading').first().waitFor({ state: 'attached' });
  await page.locator('main .skeleton').first().waitFor({ state: 'detached' });
}

/** What a reader sees of a page, and what its tooltips and labels say. */
export function shownText(page: Page): Promise<string> {
  return page.evaluate<string>(`[
    document.title,
    document.body.innerText,
    ...[...document.querySelectorAll('[title], [aria-label], [alt], [placeholder]')].flatMap((element) =>
      ['title', 'aria-label', 'alt', 'placeholder'].map((name) => element.getAttribute(name) ?? '')),
    ...[...document.querySelectorAll('option')].map((option) => option.textContent),
  ].join('\\n')`);
}
