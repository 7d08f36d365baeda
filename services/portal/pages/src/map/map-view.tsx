// The map with its legend and what it leaves out; or the same as a table.
import { useEffect, useMemo, useState } from 'preact/hooks';
import { Figure } from '../show/figure.tsx';
import { countText, intervalText, levelTitle } from '../show/figures.ts';
import type { Places } from './ask-places.ts';
import { useAtlas } from './atlas.ts';
import { extentOf, isState } from './extent.ts';
import { boundsOf } from './color-classes.ts';
import { Legend, toneToken } from './legend.tsx';
import { MapCanvas } from './map-canvas.tsx';
import type { MapState } from './map-state.ts';
import { baseOf, countedName, isWithheld, type Counted, type Measure } from './measures.ts';
import { PlacesTable } from './places-table.tsx';
import { projectionKind } from './projection.ts';
import { nameOf } from './place-name.ts';
import type { MapPlace } from './map-place.ts';

interface MapViewProps {
  readonly state: MapState;
  readonly places: Places;
  readonly ordered: readonly MapPlace[];
  readonly measure: Measure;
  /** Keys of the places of the wave that is picked. */
  readonly inWave: ReadonlySet<string> | null;
  readonly pointed: string | null;
  readonly onPoint: (key: string | null) => void;
  readonly onOpen: (key: string) => void;
}

export function MapView(props: MapViewProps) {
  const { state, places, ordered, measure, inWave, pointed, onPoint, onOpen } = props;
  const [isFine, setFine] = useState(false);
  const { atlas, isFailed } = useAtlas(isFine);
  const extent = useMemo(
    () => extentOf(ordered, state.level, atlas),
    [ordered, state.level, atlas],
  );
  const kind = projectionKind(extent);
  useEffect(() => {
    if (kind === 'regional' || kind === 'several-countries') setFine(true);
  }, [kind]);
  const values = useMemo(
    () => ordered.map((ranked) => measure.of(ranked)).filter((value) => value !== null),
    [ordered, measure],
  );
  const bounds = useMemo(() => boundsOf(values), [values]);
  const byKey = useMemo(
    () => new Map(ordered.map((ranked): [string, MapPlace] => [ranked.place.key, ranked])),
    [ordered],
  );
  const toneOf = useMemo(
    () => (key: string) => {
      const ranked = byKey.get(key);
      return ranked ? toneToken(ranked, measure, bounds) : null;
    },
    [byKey, measure, bounds],
  );
  const read = pointed === null ? undefined : byKey.get(pointed);
  const hasWithheld = ordered.some((ranked) => isWithheld(ranked, measure));
  return (
    <section class="map-view" aria-label={state.isTable ? 'Places as a table' : 'Map'}>
      {state.isTable ? (
        <PlacesTable places={ordered} level={state.level} measure={measure} />
      ) : (
        <MapCanvas
          places={places}
          level={state.level}
          atlas={atlas}
          extent={extent}
          toneOf={toneOf}
          inWave={inWave}
          pointed={pointed}
          opened={state.opened}
          onPoint={onPoint}
          onOpen={onOpen}
          label={`Map of ${countText(ordered.length)} ${levelTitle(state.level, true).toLowerCase()} by ${measure.title}. Arrows move it, plus and minus come nearer and go farther. The list and the table have the same places.`}
        />
      )}
      <div class="map-foot">
        {!state.isTable && values.length > 0 && (
          <Legend
            measure={measure}
            bounds={bounds}
            hasWithheld={hasWithheld}
            hasNone={extent.isStates || extent.isCountries || values.length < ordered.length}
          />
        )}
        <p class="quiet map-left-out">
          {isFailed && 'The base map could not be loaded. '}
          <LeftOut places={places} level={state.level} counts={measure.counts} />
        </p>
      </div>
      {read !== undefined && !state.isTable && (
        <p class="map-read" aria-hidden="true">
          <bdi>{nameOf(read.place)}</bdi>
          <Read ranked={read} measure={measure} />
        </p>
      )}
    </section>
  );
}

function Read({ ranked, measure }: { ranked: MapPlace; measure: Measure }) {
  const value = measure.of(ranked);
  if (isWithheld(ranked, measure)) return <span class="quiet">withheld</span>;
  const base = baseOf(ranked, measure);
  const ends = measure.ends?.(ranked);
  if (measure.key === 'rate') {
    return <Figure estimate={ranked.rate} unit="per 1,000" base={ranked.tickets} />;
  }
  return (
    <span>
      {value === null ? 'not known' : `${measure.text(value)} ${measure.unit}`}
      {ends != null && <span class="quiet">, {intervalText(ends, measure.text)}</span>}
      {value !== base && base !== null && (
        <span class="quiet">
          , n = {countText(base)} {countedName(measure.counts)}
        </span>
      )}
    </span>
  );
}

/** How much is not on the map, always said. */
function LeftOut(props: { places: Places; level: string; counts: Counted }) {
  const { places, level, counts } = props;
  if (!places.isKnown) return null;
  const { unplaced, shown, isCut } = places;
  const named = level.startsWith('h3-') ? 'position' : levelTitle(level).toLowerCase();
  const unlocated = shown.filter(({ ranked, shape }) => !isLocated(ranked, shape !== null)).length;
  return (
    <>
      {(shown.length > 0 || unplaced !== 0) && unplacedText(unplaced, named, counts)}
      {unlocated > 0 &&
        ` ${countText(unlocated)} ${unlocated === 1 ? 'place has' : 'places have'} no position: in the list alone.`}
      {isCut && ` Only the first ${countText(shown.length)} places are shown.`}
    </>
  );
}

/** The ranking counts tickets, figures all that was said. */
function unplacedText(unplaced: number | null, named: string, counts: Counted): string {
  const [one, many] = counts === 'opened' ? ['ticket', 'tickets'] : ['signal', 'signals'];
  if (unplaced === null) return `How many ${many} name no ${named} is withheld.`;
  if (unplaced === 0) return `Every ${one} names its ${named}.`;
  return `${countText(unplaced)} ${unplaced === 1 ? `${one} names` : `${many} name`} no ${named}.`;
}

function isLocated({ place }: MapPlace, hasShape: boolean): boolean {
  if (hasShape || place.lat !== null || place.level === 'country') return true;
  return place.level === 'region' && isState(place);
}
