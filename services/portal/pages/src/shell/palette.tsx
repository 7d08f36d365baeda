// ⌘K: type where to go. A combobox: the focus stays in the field, arrows move the choice.
import { useEffect, useState } from 'preact/hooks';
import { Dialog } from './dialog.tsx';
import { useItems, type Item } from './palette-items.ts';

type Mode = 'all' | 'places';

let openWith: ((mode: Mode) => void) | null = null;

export function openPalette(mode: Mode): void {
  openWith?.(mode);
}

export function Palette() {
  const [mode, setMode] = useState<Mode | null>(null);
  useEffect(() => {
    openWith = setMode;
    return () => {
      openWith = null;
    };
  }, []);
  const close = (): void => setMode(null);
  return (
    <Dialog
      label={mode === 'places' ? 'Choose a place' : 'Go to'}
      class="palette"
      isOpen={mode !== null}
      onClose={close}
    >
      {mode !== null && <PaletteBody key={mode} mode={mode} close={close} />}
    </Dialog>
  );
}

function PaletteBody({ mode, close }: { mode: Mode; close: () => void }) {
  const [typed, setTyped] = useState('');
  const [at, setAt] = useState(0);
  const items = useItems(typed, mode);
  const chosen = Math.min(at, items.length - 1);
  const pick = (item: Item | undefined): void => {
    if (item === undefined) return;
    close();
    item.choose();
  };
  const what =
    mode === 'places' ? 'Country, region, city, area, postcode' : 'Page, theme, place, words';
  return (
    <>
      <input
        class="palette-field"
        type="text"
        role="combobox"
        aria-expanded={items.length > 0}
        aria-controls="palette-list"
        aria-activedescendant={items.length > 0 ? `palette-${chosen}` : undefined}
        aria-label={what}
        placeholder={what}
        spellcheck={false}
        autocomplete="off"
        value={typed}
        onInput={(event) => {
          setTyped(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={(event) => {
          const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
          if (event.key === 'Enter') pick(items[chosen]);
          else if (step !== 0 && items.length > 0) {
            setAt((chosen + step + items.length) % items.length);
          } else return;
          event.preventDefault();
        }}
      />
      <div class="palette-list" id="palette-list" role="listbox" aria-label="Found">
        {items.map((item, index) => (
          <Choice
            key={item.id}
            item={item}
            index={index}
            isFirst={items[index - 1]?.group !== item.group}
            isChosen={index === chosen}
            pick={pick}
          />
        ))}
      </div>
      <p class="quiet palette-none" role="status">
        {items.length === 0 ? 'Nothing has these words.' : ''}
      </p>
    </>
  );
}

function Choice(props: {
  item: Item;
  index: number;
  isFirst: boolean;
  isChosen: boolean;
  pick: (item: Item) => void;
}) {
  const { item, index, isFirst, isChosen, pick } = props;
  return (
    <>
      {isFirst && (
        <div class="palette-group" role="presentation">
          {item.group}
        </div>
      )}
      <div
        id={`palette-${index}`}
        class="palette-item"
        role="option"
        tabIndex={-1}
        aria-selected={isChosen}
        ref={(element) => {
          if (isChosen) element?.scrollIntoView({ block: 'nearest' });
        }}
        onClick={() => pick(item)}
      >
        <bdi class="palette-title">{item.title}</bdi>
        <bdi class="quiet">{item.detail}</bdi>
      </div>
    </>
  );
}
