// Keys of the feeds: j and k move along rows, the arrows between feeds, r and w judge the row that has the focus, n shows
// what is new.
import { useEffect } from 'preact/hooks';

const rowSelector = '.row';

export function useRowKeys(): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.metaKey || event.ctrlKey || event.altKey || event.defaultPrevented) return;
      if (isTyping(event.target) || document.querySelector('dialog[open]') !== null) return;
      if (actOn(event.key)) event.preventDefault();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
}

function actOn(key: string): boolean {
  switch (key) {
    case 'j':
      return move(1);
    case 'k':
      return move(-1);
    case 'ArrowRight':
      return moveFeed(1);
    case 'ArrowLeft':
      return moveFeed(-1);
    case 'r':
      return press(currentRow(), '[data-verdict="right"]');
    case 'w':
      return press(currentRow(), '[data-verdict="wrong"]');
    case 'n':
      return press(currentFeed(), '.feed-new') || press(document, '.feed-new');
    default:
      return false;
  }
}

function move(by: 1 | -1): boolean {
  const rows = rowsOf(currentFeed());
  const row = currentRow();
  const at = row === null ? -1 : rows.indexOf(row);
  return focus(rows[at === -1 ? 0 : at + by]);
}

function moveFeed(by: 1 | -1): boolean {
  const feeds = feedsThere();
  const row = currentRow();
  const from = currentFeed();
  const to = from === null ? undefined : feeds[feeds.indexOf(from) + by];
  if (row === null || from === null || to === undefined) return false;
  // To the row that stands beside, as the eye goes.
  const top = row.getBoundingClientRect().top;
  const near = rowsOf(to).toSorted((a, b) => distance(a, top) - distance(b, top))[0];
  return focus(near);
}

function distance(row: HTMLElement, top: number): number {
  return Math.abs(row.getBoundingClientRect().top - top);
}

function focus(row: HTMLElement | undefined): boolean {
  if (row === undefined) return false;
  row.focus({ preventScroll: true });
  row.scrollIntoView({ block: 'nearest' });
  return true;
}

function press(within: ParentNode | null, selector: string): boolean {
  const button = within?.querySelector<HTMLElement>(selector);
  button?.click();
  return button !== null && button !== undefined;
}

function currentRow(): HTMLElement | null {
  return document.activeElement?.closest<HTMLElement>(rowSelector) ?? null;
}

function currentFeed(): HTMLElement | null {
  return document.activeElement?.closest<HTMLElement>('.feed') ?? feedsThere()[0] ?? null;
}

function feedsThere(): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>('.feed')];
}

function rowsOf(feed: HTMLElement | null): HTMLElement[] {
  return feed === null ? [] : [...feed.querySelectorAll<HTMLElement>(rowSelector)];
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName))
  );
}
