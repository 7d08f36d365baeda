// What is asked of every page: time range, place, department; and the search for words, which Streams answers.
import { useEffect, useState } from 'preact/hooks';
import { parsePlaceKey, placeTitle } from '../address/place-key.ts';
import { ask, open, useAddress } from '../address/use-address.ts';
import { listIn, listText } from '../api/get.ts';
import { useSession } from '../api/session.tsx';
import { levelTitle, titleOf } from '../show/figures.ts';
import { Icon } from './icon.tsx';
import { paletteKeysOn } from './palette-keys.ts';
import { openPalette } from './palette.tsx';
import { RangeMenu } from './range-menu.tsx';

const paletteKeys = paletteKeysOn(navigator.userAgent);

export function TopBar() {
  return (
    <header class="top-bar">
      <RangeMenu />
      <PlaceChoice />
      <DepartmentChoice />
      <Search />
    </header>
  );
}

function PlaceChoice() {
  const place = useAddress().query.get('place');
  const level = place === null ? '' : levelTitle(parsePlaceKey(place)?.level ?? '');
  return (
    <div class="place-choice">
      <button
        type="button"
        class="bar-button"
        aria-label={place === null ? 'Place: everywhere' : `Place: ${level} ${placeTitle(place)}`}
        onClick={() => openPalette('places')}
      >
        <Icon name="pin" />
        <bdi>{place === null ? 'Everywhere' : placeTitle(place)}</bdi>
      </button>
      {place !== null && (
        <button
          type="button"
          class="bar-button"
          aria-label="Everywhere again"
          title="Everywhere again"
          onClick={() => ask({ place: null })}
        >
          <Icon name="close" />
        </button>
      )}
    </div>
  );
}

function DepartmentChoice() {
  const department = listIn(useAddress().query.get('department'))[0] ?? '';
  const { me, facets } = useSession();
  const all = facets.answer?.departments ?? [];
  const mine = me.answer?.departments ?? null;
  const shown = all.filter((name) => mine === null || mine.includes(name));
  return (
    <label class="department-choice">
      <span class="unseen">Department</span>
      <select
        value={department}
        onChange={(event) => ask({ department: listText([event.currentTarget.value]) })}
      >
        <option value="">{mine === null ? 'All departments' : 'All of mine'}</option>
        {department !== '' && !shown.includes(department) && (
          <option value={department}>{titleOf(department)}</option>
        )}
        {shown.map((name) => (
          <option key={name} value={name}>
            {titleOf(name)}
          </option>
        ))}
      </select>
    </label>
  );
}

function Search() {
  const { query, path } = useAddress();
  const asked = path === '/streams' ? (query.get('q') ?? '') : '';
  const [words, setWords] = useState(asked);
  useEffect(() => setWords(asked), [asked]);
  return (
    <search class="search">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const q = words.trim() || null;
          if (path === '/streams') ask({ q });
          else if (q !== null) open('/streams', { q });
        }}
      >
        <Icon name="search" />
        <input
          id="search"
          type="search"
          aria-label="Words of customers"
          title={'All of the words; "in quotes" one after the other; -without'}
          placeholder="Words of customers"
          maxLength={200}
          value={words}
          onInput={(event) => setWords(event.currentTarget.value)}
        />
        <kbd aria-hidden="true">/</kbd>
      </form>
      <button
        type="button"
        class="bar-button palette-button"
        aria-label={`${paletteKeys}: go to a page, place, theme or insight`}
        title={`Go to a page, place, theme or insight (${paletteKeys})`}
        onClick={() => openPalette('all')}
      >
        <kbd aria-hidden="true">{paletteKeys}</kbd>
      </button>
    </search>
  );
}
