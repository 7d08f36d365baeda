// The planner's map: where the tickets are, how sure that is, and what building would answer.
import { useCallback, useMemo, useState } from 'preact/hooks';
import type { AggregatesAnswer } from '../../../api/answers.ts';
import { ask } from '../address/use-address.ts';
import { useScope, useSession } from '../api/session.tsx';
import { forgetAnswers, useAnswer } from '../api/use-answer.ts';
import { CatchingUp } from '../show/catching-up.tsx';
import { countText } from '../show/figures.ts';
import { IgnoredStrip } from '../show/ignored-strip.tsx';
import { Empty, Failed, Skeleton } from '../show/states.tsx';
import { usePlaces, type Places } from './ask-places.ts';
import { Controls } from './controls.tsx';
import { MapView } from './map-view.tsx';
import { mapLevels, useMapState, type MapState } from './map-state.ts';
import {
  countedName,
  inOrder,
  measureOf,
  measures,
  measuresWithData,
  type Measure,
} from './measures.ts';
import { PlaceDrawer } from './place-drawer.tsx';
import { RankedList } from './ranked-list.tsx';
import { ThemeBars } from './theme-bars.tsx';
import { TimeBrush } from './time-brush.tsx';
import { useWave, type WaveShown } from './use-wave.ts';
import { WaveCard } from './wave-card.tsx';
import './map.css';
import type { MapPlace } from './map-place.ts';

export default function MapPage() {
  const { facets } = useSession();
  const [turn, setTurn] = useState(0);
  if (facets.answer === null) {
    return (
      <div class="map-nothing">
        <h1 class="unseen">Map</h1>
        <Skeleton lines={8} what="Asking what there is" />
      </div>
    );
  }
  if (facets.answer.range === null) return <NothingYet />;
  const again = (): void => {
    forgetAnswers();
    facets.again();
    setTurn(turn + 1);
  };
  return <Map key={turn} again={again} />;
}

function NothingYet() {
  return (
    <div class="map-nothing">
      <h1>Map</h1>
      <CatchingUp />
      <Empty title="No signal has arrived yet" command="signpost up --demo">
        The map shows tickets, posts and survey answers by place. Import a file, connect a source,
        or look at made-up data:
      </Empty>
    </div>
  );
}

const allowed = { level: mapLevels, measure: measures.map(({ key }) => key) };

/** @param again asks everything anew */
function Map({ again }: { again: () => void }) {
  const state = useMapState();
  const places = usePlaces(state);
  const measure = measureOf(state.measure);
  const [pointed, setPointed] = useState<string | null>(null);
  const ordered = useOrdered(places, measure);
  const wave = useWave(state);
  const inWave = useInWave(ordered, wave);
  const isInWave = useCallback((key: string) => inWave?.has(key) === true, [inWave]);
  const onOpen = useCallback((open: string) => ask({ open }), []);
  const onClose = useCallback(() => {
    const key = state.opened;
    ask({ open: null });
    // Back to where the reader came from, as far as it is still there.
    requestAnimationFrame(() => {
      const rows = document.querySelectorAll<HTMLElement>('[data-place]');
      [...rows].find(({ dataset }) => dataset['place'] === key)?.focus();
    });
  }, [state.opened]);
  const shared = { level: state.level, measure, pointed, onOpen, onPoint: setPointed };
  return (
    <div class={state.opened === null ? 'map-page' : 'map-page has-drawer'}>
      <h1 class="unseen">Map</h1>
      <Controls state={state} places={places} />
      <div class="map-notes">
        <CatchingUp again={again} />
        <IgnoredStrip allowed={{ ...allowed, ...(wave.isNone && { wave: [] }) }} />
      </div>
      <MapView {...shared} state={state} places={places} ordered={ordered} inWave={inWave} />
      <TimeBrush themes={state.themes} counts={measure.counts} />
      <div class="map-side">
        <ThemeBars themes={state.themes} counts={measure.counts} />
        {wave.answer !== null && <WaveCard wave={wave.answer} isOfAreas={wave.isShown} />}
        {wave.problem !== null && <Failed problem={wave.problem} />}
        {places.problem !== null && <Failed problem={places.problem} again={places.again} />}
        {!places.isKnown && places.problem === null && <Skeleton lines={12} />}
        {places.isKnown && ordered.length > 0 && (
          <RankedList {...shared} places={ordered} opened={state.opened} isInWave={isInWave} />
        )}
        {places.isKnown && ordered.length === 0 && <NoPlaces state={state} places={places} />}
      </div>
      {state.opened !== null && (
        <PlaceDrawer placeKey={state.opened} themes={state.themes} onClose={onClose} />
      )}
    </div>
  );
}

function useOrdered({ shown }: Places, measure: Measure): readonly MapPlace[] {
  return useMemo(
    () =>
      inOrder(
        shown.map(({ ranked }) => ranked),
        measure,
      ),
    [shown, measure],
  );
}

/** Keys of the places of the wave that is picked; null where none is or this level cannot show it. */
function useInWave(ordered: readonly MapPlace[], wave: WaveShown): ReadonlySet<string> | null {
  return useMemo(() => {
    if (wave.answer === null || !wave.isShown) return null;
    const areas = new Set(wave.answer.areas);
    return new Set(
      ordered
        .filter(
          ({ place }) => areas.has(place.name) || place.within.some((each) => areas.has(each)),
        )
        .map(({ place }) => place.key),
    );
  }, [ordered, wave.answer, wave.isShown]);
}

function NoPlaces({ state, places }: { state: MapState; places: Places }) {
  const { counts } = measureOf(state.measure);
  const scope = useScope();
  const { answer } = useAnswer<AggregatesAnswer>(scope === null ? null : '/v1/aggregates', {
    ...scope,
    theme: state.themes,
  });
  const all = answer?.rows[0];
  const others = all === undefined ? [] : measuresWithData(all, counts);
  return (
    <Empty title="Nothing is placed here">
      {(places.unplaced ?? 0) > 0
        ? `${countText(places.unplaced ?? 0)} tickets of this time range name no place of this level. A gazetteer fills in what they leave out.`
        : `No ${countedName(counts)} with this time range, place, department and themes.`}
      {others.length > 0 && ` There are ${others.map(({ has }) => has).join(' and ')}.`}
      {places.notices.map(({ field, message }) => (field === null ? '' : ` ${message}`)).join('')}
      <p class="empty-actions">
        <button
          type="button"
          class="button"
          onClick={() => ask({ last: 'all', from: null, to: null })}
        >
          All of the time
        </button>
        {others.map(({ key, title }) => (
          <button key={key} type="button" class="button" onClick={() => ask({ measure: key })}>
            {title}
          </button>
        ))}
        {state.themes.length > 0 && (
          <button type="button" class="button" onClick={() => ask({ theme: null })}>
            All themes
          </button>
        )}
        <button type="button" class="button" onClick={() => ask({ place: null })}>
          Everywhere
        </button>
      </p>
    </Empty>
  );
}
