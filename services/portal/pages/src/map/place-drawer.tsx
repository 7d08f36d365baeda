// One place: its figures, trend, themes, what customers said, and what waves would do there.
import { useEffect, useRef } from 'preact/hooks';
import type { PlaceAnswer } from '../../../api/answers.ts';
import { ask, useAddress } from '../address/use-address.ts';
import { addressOf } from '../api/get.ts';
import { useScope, useSession } from '../api/session.tsx';
import { useAnswer } from '../api/use-answer.ts';
import { Count } from '../show/figure.tsx';
import { decimalText, levelTitle, shareText, titleOf } from '../show/figures.ts';
import { LineChart, type Point } from '../show/line-chart.tsx';
import { poissonQuantile } from '../show/poisson.ts';
import { Failed, Skeleton } from '../show/states.tsx';
import { Verbatim } from '../show/verbatim.tsx';
import { Icon } from '../shell/icon.tsx';
import { KeyFigures } from './key-figures.tsx';
import { levelsOf, mapLevels } from './map-state.ts';
import { nameOf } from './place-name.ts';
import { ScoreTable } from './score-terms.tsx';
import { WaveCard } from './wave-card.tsx';

export function PlaceDrawer({
  placeKey,
  themes,
  onClose,
}: {
  placeKey: string;
  themes: readonly string[];
  onClose: () => void;
}) {
  const scope = useScope();
  const { from, to, department } = scope ?? {};
  const path = `/v1/areas/${encodeURIComponent(placeKey)}`;
  const asked = useAnswer<PlaceAnswer>(scope === null ? null : path, {
    from,
    to,
    department,
    theme: themes,
  });
  const { answer, problem } = asked;
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), [placeKey]);
  return (
    <section
      class="drawer"
      aria-labelledby="drawer-title"
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        event.stopPropagation();
        onClose();
      }}
    >
      <div class="drawer-head">
        <div>
          <h2 id="drawer-title" tabIndex={-1} ref={heading}>
            <bdi>{answer === null ? 'Place' : nameOf(answer.place)}</bdi>
          </h2>
          {answer !== null && (
            <p class="quiet">
              <bdi>
                {[levelTitle(answer.place.level), ...answer.place.within.toReversed()].join(', ')}
              </bdi>
            </p>
          )}
        </div>
        <button type="button" class="bar-button" aria-label="Close the place" onClick={onClose}>
          <Icon name="close" />
        </button>
      </div>
      {problem !== null && <Failed problem={problem} again={asked.again} />}
      {answer === null && problem === null && <Skeleton lines={12} what="Loading the place" />}
      {answer !== null && <Facts answer={answer} />}
    </section>
  );
}

function Facts({ answer }: { answer: PlaceAnswer }) {
  const department = useAddress().query.get('department') ?? undefined;
  const { place, figures, ranked, themes, verbatims, waves } = answer;
  return (
    <>
      <KeyFigures answer={answer} />
      <Within level={place.level} placeKey={place.key} />
      <Trend answer={answer} />
      {ranked?.score != null && (
        <section aria-label="Score">
          <h3>Score {decimalText(ranked.score)}</h3>
          <ScoreTable score={ranked.score} terms={ranked.terms} />
        </section>
      )}
      <section aria-label="Themes here">
        <h3>Themes</h3>
        <ul class="theme-shares">
          {themes.map(({ theme, tickets, share }) => (
            <li key={theme}>
              <span>{titleOf(theme)}</span>
              <span>
                <Count value={tickets} isSuppressed={tickets === null && figures.suppressed} />
                {share !== null && <span class="quiet">, {shareText(share)}</span>}
              </span>
            </li>
          ))}
        </ul>
      </section>
      {waves.length > 0 && (
        <section aria-label="Rollout waves here">
          {waves.map((wave) => (
            <WaveCard key={wave.wave} wave={wave} isOfAreas />
          ))}
        </section>
      )}
      <section aria-label="What customers said">
        <h3>What customers said</h3>
        {verbatims.length === 0 && (
          <p class="quiet">
            No words of this time range are kept: they are forgotten after a month.
          </p>
        )}
        {verbatims.map((insight) => (
          <Verbatim key={insight.id} insight={insight} department={department} />
        ))}
      </section>
      <p class="quiet small">
        <a
          href={addressOf(`/v1/areas/${encodeURIComponent(place.key)}`, answer.range)}
          target="_blank"
          rel="noreferrer"
        >
          The same as JSON
        </a>
      </p>
    </>
  );
}

/** Goes down a level, within this place. */
function Within({ level, placeKey }: { level: string; placeKey: string }) {
  const { facets } = useSession();
  const known = levelsOf(facets.answer);
  const finer = mapLevels.slice(mapLevels.indexOf(level as (typeof mapLevels)[number]) + 1);
  const next = finer.filter((each) => known.includes(each) && each !== 'site').slice(0, 2);
  if (level.startsWith('h3-') || next.length === 0) return null;
  return (
    <p class="within">
      <span class="quiet">Within it: </span>
      {next.map((each) => (
        <button
          key={each}
          type="button"
          class="quiet-button"
          onClick={() => ask({ place: placeKey, level: each, open: null })}
        >
          {levelTitle(each, true)}
        </button>
      ))}
    </p>
  );
}

function Trend({ answer: { trend, ranked, waves, place } }: { answer: PlaceAnswer }) {
  if (trend.length < 2) return null;
  const isRate = trend.some(({ rate }) => rate !== null);
  const points = trend.map(({ start, tickets, rate }): Point => {
    const at = Date.parse(start);
    if (!isRate) return { at, value: tickets };
    return { at, value: rate?.value ?? null, ...(rate && { low: rate.low, high: rate.high }) };
  });
  const scale = isRate && place.subscribers ? 1000 / place.subscribers : 1;
  const median = ranked?.weeks?.median;
  const expected =
    median === undefined
      ? undefined
      : {
          low: poissonQuantile(median, 0.005) * scale,
          high: poissonQuantile(median, 0.995) * scale,
          text: 'usual',
        };
  const [first, last] = [points[0]!.at, points.at(-1)!.at];
  const events = waves
    .map(({ wave, finishedOn }) => ({ at: Date.parse(finishedOn ?? ''), text: wave }))
    .filter(({ at }) => at >= first && at <= last);
  return (
    <LineChart
      title={isRate ? 'Tickets per 1,000 a week' : 'Tickets a week'}
      name={`trend-${place.name.replaceAll(/[^\w-]+/g, '-')}`}
      unit={isRate ? 'per 1,000' : 'tickets'}
      points={points}
      events={events}
      {...(expected && { expected })}
    />
  );
}
