// One place: its figures, trend, themes, what customers said, and what waves would do there.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { PlaceAnswer } from '../../../api/answers.ts';
import { ask, useAddress } from '../address/use-address.ts';
import { addressOf } from '../api/get.ts';
import { useScope, useSession } from '../api/session.tsx';
import { useAnswer } from '../api/use-answer.ts';
import { Count, Figure, Unknown } from '../show/figure.tsx';
import { countText, decimalText, levelTitle, shareText, titleOf } from '../show/figures.ts';
import { LineChart, type Point } from '../show/line-chart.tsx';
import { poissonQuantile } from '../show/poisson.ts';
import { Empty, Failed, Skeleton } from '../show/states.tsx';
import { Verbatim } from '../show/verbatim.tsx';
import { Icon } from '../shell/icon.tsx';
import { levelsOf, mapLevels } from './map-state.ts';
import { nameOf } from './ranked-list.tsx';
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

function KeyFigures({ answer: { figures, place, ranked } }: { answer: PlaceAnswer }) {
  const { suppressed } = figures;
  if (suppressed) {
    return (
      <Empty title="Withheld">
        There are too few tickets here for what you may see. A longer time range may have enough.
      </Empty>
    );
  }
  const hours = (value: number | null) =>
    value === null ? (
      <Unknown why="No ticket of the range is resolved." />
    ) : (
      <>{hoursText(value)}</>
    );
  return (
    <dl class="key-figures">
      <Pair title="Rate">
        {figures.rate === null ? (
          <Unknown why="The gazetteer knows no subscribers here." />
        ) : (
          <Figure estimate={figures.rate} unit="per 1,000" base={figures.opened} />
        )}
      </Pair>
      <Pair title="Tickets">
        <Count value={figures.opened} />{' '}
        <span class="quiet">
          opened, {textOr(figures.stillOpen)} still open, {textOr(figures.reopened)} reopened
        </span>
      </Pair>
      <Pair title="To resolve">
        {hours(figures.medianHoursToResolve)}{' '}
        <span class="quiet">median, nine in ten within {hours(figures.p90HoursToResolve)}</span>
      </Pair>
      <Pair title="Customers">
        <Count value={figures.customers} />
        {place.subscribers !== null && (
          <span class="quiet"> of {countText(place.subscribers)} subscribers</span>
        )}
      </Pair>
      {ranked?.busyHourShare != null && (
        <Pair title="Evenings">
          <Figure estimate={ranked.busyHourShare} text={shareText} />
          <span class="quiet"> of tickets from 18 to 23 h; 21 % were even</span>
        </Pair>
      )}
      {ranked?.weeks != null && ranked.weeks.whole > 1 && (
        <Pair title="Persistence">
          <span class="figure-value">{decimalText(ranked.weeks.median)}</span>{' '}
          <span class="quiet">
            in the middle of {ranked.weeks.whole} weeks, {shareText(ranked.weeks.burstShare)} in
            bursts
          </span>
        </Pair>
      )}
      {(figures.surveyAnswers ?? 0) > 0 && (
        <Pair title="Surveys">
          <Count value={figures.surveyAnswers} />{' '}
          <span class="quiet">answers{scores(figures)}</span>
        </Pair>
      )}
      {(figures.posts ?? 0) > 0 && (
        <Pair title="Posts">
          <Count value={figures.posts} />
        </Pair>
      )}
    </dl>
  );
}

function Pair({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <div>
      <dt class="quiet">{title}</dt>
      <dd>{children}</dd>
    </div>
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

function hoursText(hours: number): string {
  return hours < 48 ? `${decimalText(hours)} h` : `${decimalText(hours / 24)} days`;
}

function textOr(count: number | null): string {
  return count === null ? '—' : countText(count);
}

function scores({ meanCsat, nps }: PlaceAnswer['figures']): string {
  const csat = meanCsat === null ? '' : `, CSAT ${decimalText(meanCsat)} of 5`;
  return `${csat}${nps === null ? '' : `, NPS ${decimalText(nps)}`}`;
}
