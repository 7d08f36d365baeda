// Keys that work everywhere, and the list of them at `?`.
import { useEffect, useState } from 'preact/hooks';
import { open } from '../address/use-address.ts';
import { Dialog } from './dialog.tsx';
import { pages } from './pages.ts';
import { openPalette } from './palette.tsx';

/** What `?` lists besides the pages. */
const listed: readonly (readonly [keys: string, does: string])[] = [
  ['⌘K or Ctrl K', 'Go to a page, place, theme or insight'],
  ['/', 'Search the words of customers'],
  ['p', 'Choose a place'],
  ['?', 'This list'],
  ['Esc', 'Close what is open'],
  ['+ − 0', 'Map: nearer, farther, all of it'],
  ['← ↑ → ↓', 'Map: move; lists and charts: go along'],
  ['Enter', 'List or map: open the place'],
  ['j k', 'Streams and Alerts: next and previous; Streams: ← → to the feed beside'],
  ['r w', 'Streams: the insight is right, or wrong, for the feed it stands in'],
  ['n', 'Streams and Alerts: show what is new'],
  ['a s', 'Alert: acknowledge it, silence it'],
];

export function Keys() {
  const [isOpen, setOpen] = useState(false);
  useEffect(() => {
    let went = false;
    const press = (event: KeyboardEvent): void => {
      if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault();
        openPalette('all');
        return;
      }
      if (event.metaKey || event.ctrlKey || event.altKey || isTyping(event.target)) return;
      if (document.querySelector('dialog[open]') !== null) return;
      if (went) {
        went = false;
        const page = pages.find(({ key }) => key === event.key);
        if (page === undefined) return;
        // What the page before would do by the same key it does not do now.
        event.preventDefault();
        open(page.path);
        return;
      }
      if (event.key === '?') setOpen(true);
      else if (event.key === 'p') openPalette('places');
      else if (event.key === 'g') went = true;
      else if (event.key === '/') document.getElementById('search')?.focus();
      else return;
      event.preventDefault();
    };
    document.addEventListener('keydown', press);
    return () => document.removeEventListener('keydown', press);
  }, []);
  const rows = [
    ...pages.map(({ key, title }): readonly [string, string] => [`g ${key}`, `Open ${title}`]),
    ...listed,
  ];
  return (
    <Dialog label="Keys" isOpen={isOpen} onClose={() => setOpen(false)}>
      <h2>Keys</h2>
      <table class="keys">
        <tbody>
          {rows.map(([keys, does]) => (
            <tr key={keys}>
              <th scope="row">
                <kbd>{keys}</kbd>
              </th>
              <td>{does}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="dialog-actions">
        <button type="button" class="button" onClick={() => setOpen(false)}>
          Close
        </button>
      </p>
    </Dialog>
  );
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName))
  );
}
