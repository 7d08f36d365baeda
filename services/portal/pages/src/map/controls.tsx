// The strip above the map: level, measure, wave, what is picked, table and files.
import { ask } from '../address/use-address.ts';
import { listText } from '../api/get.ts';
import { useSession } from '../api/session.tsx';
import { levelTitle, titleOf } from '../show/figures.ts';
import { Icon } from '../shell/icon.tsx';
import { Popover } from '../shell/popover.tsx';
import type { Places } from './ask-places.ts';
import { levelsOf, type MapState } from './map-state.ts';
import { measureOf, measures } from './measures.ts';

export function Controls({ state, places }: { state: MapState; places: Places }) {
  const { facets } = useSession();
  const levels = levelsOf(facets.answer);
  const known = facets.answer?.waves ?? [];
  const waves = state.wave === null || known.includes(state.wave) ? known : [state.wave, ...known];
  return (
    <div class="map-controls" role="toolbar" aria-label="What the map shows">
      <Choice
        label="Level"
        value={state.level}
        options={(levels.includes(state.level) ? levels : [state.level, ...levels]).map(
          (level) => [level, levelTitle(level, true)] as const,
        )}
        onChange={(level) => ask({ level, open: null })}
      />
      <Choice
        label="By"
        value={state.measure}
        title={measureOf(state.measure).explains}
        options={measures.map(({ key, title }) => [key, title] as const)}
        onChange={(measure) => ask({ measure })}
      />
      {waves.length > 0 && (
        <Choice
          label="Wave"
          value={state.wave ?? ''}
          options={[['', 'No wave'] as const, ...waves.map((wave) => [wave, wave] as const)]}
          onChange={(wave) => ask({ wave })}
        />
      )}
      {state.themes.map((theme) => (
        <button
          key={theme}
          type="button"
          class="chip"
          aria-label={`Without the theme ${titleOf(theme)}`}
          onClick={() => ask({ theme: listText(state.themes.filter((each) => each !== theme)) })}
        >
          {titleOf(theme)} <Icon name="close" />
        </button>
      ))}
      <span class="map-controls-end">
        <button
          type="button"
          class="bar-button"
          aria-pressed={state.isTable}
          onClick={() => ask({ view: state.isTable ? null : 'table' })}
        >
          <Icon name="table" />
          <span>Table</span>
        </button>
        <Popover
          button={
            <>
              <Icon name="save" />
              <span>Export</span>
            </>
          }
        >
          {(close) => <Files places={places} close={close} />}
        </Popover>
      </span>
    </div>
  );
}

function Choice(props: {
  label: string;
  value: string;
  title?: string;
  options: readonly (readonly [value: string, text: string])[];
  onChange: (value: string) => void;
}) {
  const { label, value, title, options, onChange } = props;
  return (
    <label class="choice" title={title}>
      <span class="choice-label">{label}</span>
      <select value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        {options.map(([key, text]) => (
          <option key={key} value={key}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

const fileTitles = [
  ['csv', 'CSV, for spreadsheets'],
  ['geojson', 'GeoJSON, for maps'],
  ['parquet', 'Parquet, for data frames'],
] as const;

function Files({ places, close }: { places: Places; close: () => void }) {
  return (
    <div class="files">
      <p class="quiet">
        Just what is shown: {places.shown.length} places, with this time range, place, department
        and themes.
      </p>
      <ul class="choices">
        {fileTitles.map(([format, title]) => (
          <li key={format}>
            <a
              href={places.fileAddress(format)}
              download={`signpost-places.${format}`}
              onClick={close}
            >
              {title}
            </a>
          </li>
        ))}
      </ul>
    </div>
  );
}
