// Themes by their tickets, answers or posts; a press filters by one, another press takes it away.
import type { AggregatesAnswer } from '../../../api/answers.ts';
import { ask } from '../address/use-address.ts';
import { listText } from '../api/get.ts';
import { useScope } from '../api/session.tsx';
import { useAnswer } from '../api/use-answer.ts';
import { Count } from '../show/figure.tsx';
import { titleOf } from '../show/figures.ts';
import { Failed, Skeleton } from '../show/states.tsx';
import { countedName, type Counted } from './measures.ts';

const shownAtFirst = 6;

export function ThemeBars({ themes, counts }: { themes: readonly string[]; counts: Counted }) {
  const scope = useScope();
  const asked = useAnswer<AggregatesAnswer>(scope === null ? null : '/v1/aggregates', {
    ...scope,
    groupBy: 'theme',
    order: `-${counts}`,
    limit: 50,
  });
  const rows = asked.answer?.rows ?? [];
  const most = Math.max(1, ...rows.map((row) => row[counts] ?? 0));
  const first = rows.filter(
    ({ theme }, index) => index < shownAtFirst || themes.includes(theme ?? ''),
  );
  const rest = rows.filter((row) => !first.includes(row));
  const bars = (some: typeof rows) => (
    <ul class="theme-bars">
      {some.map(({ theme, ...row }) => (
        <ThemeBar
          key={theme}
          theme={theme ?? ''}
          count={row[counts]}
          share={(row[counts] ?? 0) / most}
          themes={themes}
        />
      ))}
    </ul>
  );
  return (
    <section aria-labelledby="themes-title">
      <h2 id="themes-title">Themes of {countedName(counts)}</h2>
      {asked.problem !== null && <Failed problem={asked.problem} again={asked.again} />}
      {asked.answer === null && asked.problem === null && <Skeleton lines={shownAtFirst} />}
      {bars(first)}
      {rest.length > 0 && (
        <details>
          <summary class="quiet">{rest.length} more themes</summary>
          {bars(rest)}
        </details>
      )}
    </section>
  );
}

function ThemeBar(props: {
  theme: string;
  count: number | null;
  share: number;
  themes: readonly string[];
}) {
  const { theme, count, share, themes } = props;
  const isOn = themes.includes(theme);
  const next = isOn ? themes.filter((each) => each !== theme) : [...themes, theme];
  return (
    <li>
      <button
        type="button"
        aria-pressed={isOn}
        disabled={theme === ''}
        onClick={() => ask({ theme: listText(next) })}
      >
        <span class="theme-name">{titleOf(theme)}</span>
        <span class="theme-track" aria-hidden="true">
          <span style={{ width: `${share * 100}%` }} />
        </span>
        {/* A count that may be told is, though severities of the same row may not. */}
        <Count value={count} isSuppressed={count === null} />
      </button>
    </li>
  );
}
