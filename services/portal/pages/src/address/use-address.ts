// The address as state: components that read it draw anew when it changes, by a link, a call of `go` or the browser's
// back and forward.
import { useEffect, useState } from 'preact/hooks';
import { changed, elsewhere, parseAddress, type Address, type Changes } from './address.ts';

type Listener = (address: Address) => void;

const listeners = new Set<Listener>();
let current = parseAddress(window.location);

function tell(): void {
  current = parseAddress(window.location);
  for (const listener of listeners) listener(current);
}

window.addEventListener('popstate', tell);
document.addEventListener('click', (event) => {
  const link = event.target instanceof Element ? event.target.closest('a[href]') : null;
  if (!(link instanceof HTMLAnchorElement) || !isOurs(link, event)) return;
  event.preventDefault();
  go(link.pathname + link.search);
});

/** A plain click on a link to a page: not to a file, not to the API, not into another tab. */
function isOurs(link: HTMLAnchorElement, event: MouseEvent): boolean {
  return (
    event.button === 0 &&
    !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || event.defaultPrevented) &&
    link.origin === window.location.origin &&
    !link.hasAttribute('download') &&
    link.target === '' &&
    !link.pathname.startsWith('/v1/') &&
    !link.pathname.endsWith('/report') &&
    !link.getAttribute('href')!.startsWith('#')
  );
}

/** @param replace without a step for the back button: for what changes while a pointer moves. */
export function go(to: string, { replace = false }: { replace?: boolean } = {}): void {
  const now = window.location.pathname + window.location.search;
  if (to === now) return;
  if (replace) history.replaceState(null, '', to);
  else history.pushState(null, '', to);
  tell();
}

/** Changes what is asked of the page that is open. */
export function ask(changes: Changes, options: { replace?: boolean } = {}): void {
  go(changed(current, changes), options);
}

/** Opens another page with the time range, place and department that are set. */
export function open(path: string, changes: Changes = {}): void {
  go(elsewhere(current, path, changes));
}

export function useAddress(): Address {
  const [address, setAddress] = useState(current);
  useEffect(() => {
    setAddress(current);
    listeners.add(setAddress);
    return () => void listeners.delete(setAddress);
  }, []);
  return address;
}
