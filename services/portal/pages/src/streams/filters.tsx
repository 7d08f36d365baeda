// Which feeds stand side by side, and what of them is shown; all of it in the address.
import { ask, useAddress } from '../address/use-address.ts';
import { useSession } from '../api/session.tsx';
import { Department } from '../show/department-mark.tsx';
import { titleOf } from '../show/figures.ts';
import { isFiltered, noFilters, toggled, type FilterName } from './asked.ts';

export function Beside({
  columns,
  known,
  fit,
}: {
  columns: readonly string[];
  known: readonly string[];
  fit: number;
}) {
  if (useAddress().query.has('department') || known.length < 2) return null;
  return (
    <div class="chips" role="group" aria-label={fit > 1 ? 'Feeds side by side' : 'Feed'}>
      {known.map((name) => (
        <button
          key={name}
          type="button"
          class="chip"
          aria-pressed={columns.includes(name)}
          onClick={() => ask({ beside: toggled(columns, name, fit) })}
        >
          <Department department={name} />
        </button>
      ))}
    </div>
  );
}

const kindTitles = { ticket: 'Tickets', post: 'Posts', survey: 'Survey answers' } as const;

export function Filters() {
  const { facets } = useSession();
  const address = useAddress();
  const { themes = [], technologies = [] } = facets.answer ?? {};
  return (
    <div class="stream-filters" role="group" aria-label="Filters">
      <Choice
        name="kind"
        label="Kind"
        all="All kinds"
        values={Object.keys(kindTitles)}
        title={(value) => kindTitles[value as keyof typeof kindTitles] ?? value}
      />
      <Choice name="theme" label="Theme" all="All themes" values={themes} />
      {technologies.length > 1 && (
        <Choice name="technology" label="Technology" all="All technologies" values={technologies} />
      )}
      {isFiltered(address) && (
        <button type="button" class="quiet-button" onClick={() => ask(noFilters)}>
          Clear filters
        </button>
      )}
    </div>
  );
}

function Choice({
  name,
  label,
  all,
  values,
  title = titleOf,
}: {
  name: FilterName;
  label: string;
  all: string;
  values: readonly string[];
  title?: (value: string) => string;
}) {
  const value = useAddress().query.get(name) ?? '';
  return (
    <select
      class="choice"
      aria-label={label}
      value={value}
      onChange={(event) => ask({ [name]: event.currentTarget.value })}
    >
      <option value="">{all}</option>
      {value !== '' && !values.includes(value) && <option value={value}>{title(value)}</option>}
      {values.map((each) => (
        <option key={each} value={each}>
          {title(each)}
        </option>
      ))}
    </select>
  );
}
