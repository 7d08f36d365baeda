// Keys of the list: j and k go along its rows, n shows what is new.
import { useEffect } from 'preact/hooks';

const rowSelector = '.alert-row .alert-link';

export function useListKeys(): void {
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (isTaken(event)) return;
      const { key } = event;
      const isDone = key === 'n' ? clickNew() : key === 'j' || key === 'k' ? move(key) : false;
      if (isDone) event.preventDefault();
    };
    document.addEventListener('keydown', press);
    return () => document.removeEventListener('keydown', press);
  }, []);
}

/** Whether a key is somebody else's: of a field, a dialog, the browser. */
export function isTaken(event: KeyboardEvent): boolean {
  const { target } = event;
  return (
    event.defaultPrevented ||
    event.metaKey ||
    event.ctrlKey ||
    event.altKey ||
    (target instanceof HTMLElement &&
      (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName))) ||
    document.querySelector('dialog[open]') !== null
  );
}

function clickNew(): boolean {
  const button = document.querySelector<HTMLElement>('.alerts-new');
  button?.click();
  return button !== null;
}

function move(key: 'j' | 'k'): boolean {
  const rows = [...document.querySelectorAll<HTMLElement>(rowSelector)];
  const at = rows.findIndex((row) => row === document.activeElement);
  const row = at === -1 ? rows[0] : rows[key === 'j' ? at + 1 : at - 1];
  if (row === undefined) return false;
  row.focus({ preventScroll: true });
  row.closest('.alert-row')?.scrollIntoView({ block: 'nearest' });
  return true;
}
