// The places in order, linked with the map: pointing at one marks it there, and the other way round.
import { useEffect, useState } from 'preact/hooks';
import { Figure, Withheld } from '../show/figure.tsx';
import { countText, decimalText, intervalText, levelTitle, shareText } from '../show/figures.ts';
import { baseOf, countedName, isWithheld, type Measure } from './measures.ts';
import { nameOf } from './place-name.ts';
import { ScoreBar } from './score-terms.tsx';
import type { MapPlace } from './map-place.ts';

interface RankedListProps {
  /** In the order of the measure. */
  readonly places: readonly MapPlace[];
  readonly level: string;
  readonly measure: Measure;
  /** Of the wave that is picked; none without one. */
  readonly isInWave: (key: string) => boolean;
  readonly pointed: string | null;
  readonly opened: string | null;
  readonly onPoint: (key: string | null) => void;
  readonly onOpen: (key: string) => void;
}

const step = 50;

export function RankedList(props: RankedListProps) {
  const { places, level, measure } = props;
  const [count, setCount] = useState(step);
  useEffect(() => setCount(step), [level]);
  return (
    <section aria-labelledby="ranked-title">
      <h2 id="ranked-title">
        {levelTitle(level, true)} by {measure.title.toLowerCase()}
      </h2>
      <p class="quiet small">{measure.explains}</p>
      <ol class="ranked">
        {places.slice(0, count).map((ranked, index) => (
          <RankedRow key={ranked.place.key} ranked={ranked} position={index + 1} {...props} />
        ))}
      </ol>
      {places.length > count && (
        <button type="button" class="button" onClick={() => setCount(count + step)}>
          {Math.min(step, places.length - count)} more of {countText(places.length)}
        </button>
      )}
    </section>
  );
}

function RankedRow(props: RankedListProps & { ranked: MapPlace; position: number }) {
  const { ranked, position, measure, isInWave, pointed, opened, onPoint, onOpen } = props;
  const { place, terms, score } = ranked;
  const { key } = place;
  const value = measure.of(ranked);
  const state = ['ranked-row', key === pointed && 'is-pointed', key === opened && 'is-open'];
  return (
    <li class={state.filter(Boolean).join(' ')}>
      <button
        type="button"
        data-place={key}
        aria-current={key === opened ? 'true' : undefined}
        onClick={() => onOpen(key)}
        onFocus={() => onPoint(key)}
        onBlur={() => onPoint(null)}
        onPointerEnter={() => onPoint(key)}
        onPointerLeave={() => onPoint(null)}
        onKeyDown={alongList}
      >
        <span class="ranked-position">{position}</span>
        <span class="ranked-name">
          <bdi>{nameOf(place)}</bdi>
          <bdi class="quiet ranked-within">{aroundOf(place)}</bdi>
          {isInWave(key) && <span class="in-wave">in the wave</span>}
        </span>
        <span class="ranked-value" title={measure.explains}>
          {value === null ? '—' : measure.text(value)}
        </span>
        {isWithheld(ranked, measure) ? (
          <span class="ranked-figures">
            <Withheld />
          </span>
        ) : (
          <span class="ranked-figures">
            <RestsOn ranked={ranked} measure={measure} />
            <span class="quiet">{habits(ranked)}</span>
          </span>
        )}
        {score !== null && <ScoreBar terms={terms} />}
        {score !== null && <span class="unseen">Score {decimalText(score)}.</span>}
      </button>
    </li>
  );
}

function RestsOn({ ranked, measure }: { ranked: MapPlace; measure: Measure }) {
  const base = baseOf(ranked, measure);
  const ends = measure.ends?.(ranked);
  if (measure.counts === 'opened' && ends === undefined && ranked.rate !== null) {
    return <Figure estimate={ranked.rate} unit="per 1,000" base={ranked.tickets} />;
  }
  return (
    <span>
      {ends != null && <span title="95 % interval">{intervalText(ends, measure.text)} · </span>}
      {base === null ? '—' : countText(base)} {countedName(measure.counts)}
    </span>
  );
}

/** How the tickets come: every week or in bursts, and when in the day. */
function habits({ weeks, busyHourShare }: MapPlace): string {
  const parts: string[] = [];
  if (weeks !== null && weeks.whole > 1) {
    parts.push(`${decimalText(weeks.median)} in the middle week`);
    if (weeks.spikes > 0) parts.push(`${weeks.spikes} ${weeks.spikes === 1 ? 'spike' : 'spikes'}`);
  }
  if (busyHourShare !== null) parts.push(`evenings ${shareText(busyHourShare.value)}`);
  return parts.join(' · ');
}

/** What it lies in; of a hex its id. */
function aroundOf({ level, name, within }: MapPlace['place']): string {
  if (level.startsWith('h3-')) return name;
  return within
    .slice(level === 'region' ? 0 : 1)
    .toReversed()
    .join(', ');
}

/** Arrows go from row to row; Tab still does as well. */
function alongList(event: KeyboardEvent): void {
  const by = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
  if (by === 0 || !(event.currentTarget instanceof HTMLElement)) return;
  event.preventDefault();
  const row = event.currentTarget.closest('li');
  const next = by > 0 ? row?.nextElementSibling : row?.previousElementSibling;
  next?.querySelector('button')?.focus();
}
