// The one global time range: a preset that follows the newest signal, or two days of the calendar (UTC).
import { useState } from 'preact/hooks';
import {
  dayAfter,
  isDay,
  lastDay,
  presetOf,
  presets,
  rangeAsked,
  rangeTitle,
} from '../address/range.ts';
import { ask, useAddress } from '../address/use-address.ts';
import { useSession } from '../api/session.tsx';
import { Icon } from './icon.tsx';
import { Popover } from './popover.tsx';

export function RangeMenu() {
  const address = useAddress();
  const title = rangeTitle(address);
  return (
    <Popover
      label={`Time range: ${title}`}
      button={
        <>
          <Icon name="clock" />
          <span>{title}</span>
          <Icon name="down" />
        </>
      }
    >
      {(close) => <RangeChoices close={close} />}
    </Popover>
  );
}

function RangeChoices({ close }: { close: () => void }) {
  const address = useAddress();
  const { facets } = useSession();
  const known = facets.answer?.range ?? null;
  const asked = rangeAsked(address, known);
  const isOwn = address.query.has('from') || address.query.has('to');
  return (
    <div class="range-choices">
      <ul class="choices">
        {presets.map(({ key, title }) => (
          <li key={key}>
            <button
              type="button"
              aria-pressed={!isOwn && presetOf(address.query) === key}
              onClick={() => {
                ask({ last: key, from: null, to: null });
                close();
              }}
            >
              {title}
            </button>
          </li>
        ))}
      </ul>
      <OwnRange
        first={asked.from?.slice(0, 10) ?? ''}
        last={asked.to === undefined ? '' : lastDay(asked.to)}
        close={close}
      />
      {known !== null && (
        <p class="quiet">
          There are signals from {known.from.slice(0, 10)} to {known.to.slice(0, 10)}. Days are in
          UTC.
        </p>
      )}
    </div>
  );
}

function OwnRange({ first, last, close }: { first: string; last: string; close: () => void }) {
  const [days, setDays] = useState({ first, last });
  const isWrong = !isDay(days.first) || !isDay(days.last) || days.first > days.last;
  return (
    <form
      class="own-range"
      onSubmit={(event) => {
        event.preventDefault();
        if (isWrong) return;
        ask({ last: null, from: days.first, to: dayAfter(days.last) });
        close();
      }}
    >
      {(['first', 'last'] as const).map((name) => (
        <label key={name}>
          {name === 'first' ? 'First day' : 'Last day'}
          <input
            type="date"
            value={days[name]}
            onInput={(event) => setDays({ ...days, [name]: event.currentTarget.value })}
          />
        </label>
      ))}
      <button type="submit" class="button" disabled={isWrong}>
        Show these days
      </button>
      {isWrong && days.first > days.last && (
        <p role="alert">The first day is after the last one.</p>
      )}
    </form>
  );
}
