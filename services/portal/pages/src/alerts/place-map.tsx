// Where an alert is, small: the outline it is, or a dot among the outlines around it.
import { geoBounds, geoCentroid, geoPath } from 'd3-geo';
import { useMemo, useRef } from 'preact/hooks';
import type { AlertAnswer } from '../../../alerts/answers.ts';
import { parsePlaceKey } from '../address/place-key.ts';
import { elsewhere } from '../address/address.ts';
import { useAddress } from '../address/use-address.ts';
import { isUnitedStates } from '../map/atlas-names.ts';
import { useAtlas, type Atlas, type Outline } from '../map/atlas.ts';
import { fittedProjection } from '../map/projection.ts';
import { countText, levelTitle } from '../show/figures.ts';
import { useSize } from '../show/use-size.ts';

type Alert = AlertAnswer['alert'];

const height = 180;
/** Degrees of latitude around a point: about 150 km each way. */
const around = 1.4;

export function PlaceMap({ alert }: { alert: Alert }) {
  const address = useAddress();
  const { place, lat, lon, subscribers } = alert;
  const isOutlined = place.level === 'country' || place.level === 'region';
  const isKnown = isOutlined || (lat !== null && lon !== null);
  if (place.key === null) return null;
  return (
    <section class="place-map" aria-labelledby="place-title">
      <h2 id="place-title">Where</h2>
      {isKnown && <Drawing where={{ lat, lon, ...place }} />}
      <p class="quiet">
        {levelTitle(place.level)} <bdi>{place.name}</bdi>
        {subscribers !== null && `, ${countText(subscribers)} subscribers`}
        {!isKnown && '. The gazetteer does not know where it is'}.{' '}
        <a href={elsewhere(address, '/map', { level: place.level, open: place.key })}>On the map</a>
      </p>
    </section>
  );
}

interface Where {
  readonly lat: number | null;
  readonly lon: number | null;
  readonly level: string;
  readonly key: string | null;
  readonly name: string;
}

function Drawing({ where: { lat, lon, level, key, name } }: { where: Where }) {
  const box = useRef<HTMLDivElement>(null);
  const { width } = useSize(box);
  const isStates = isUnitedStates(namesIn(key)[0] ?? 'US');
  const { atlas } = useAtlas(!isStates);
  const drawn = useMemo(
    () =>
      atlas === null || width === 0 ? null : draw({ lat, lon, level, key, name }, atlas, width),
    [lat, lon, level, key, name, atlas, width],
  );
  return (
    <div ref={box} class="place-drawing">
      {drawn !== null && (
        <svg width={width} height={height} role="img" aria-label={`Map: ${name}`}>
          <path class="map-land" d={drawn.land} />
          <path class="map-states" d={drawn.states} />
          {drawn.own !== null && <path class="map-own" d={drawn.own} />}
          {drawn.dot !== null && (
            <circle class="map-dot" cx={drawn.dot[0]} cy={drawn.dot[1]} r="6" />
          )}
        </svg>
      )}
    </div>
  );
}

interface Drawn {
  readonly land: string;
  readonly states: string;
  readonly own: string | null;
  readonly dot: readonly [number, number] | null;
}

function draw({ lat, lon, level, key }: Where, atlas: Atlas, width: number): Drawn {
  const isOutlined = level === 'country' || level === 'region';
  const found = isOutlined ? atlas.find(namesIn(key)) : null;
  const own = found !== null && isOwn(found, level, atlas) ? found : null;
  // As the whole of it is known from other maps: its outermost islands would make it small.
  const isStates = level === 'country' && isUnitedStates(namesIn(key)[0] ?? '');
  const points = own === null ? pointsAround(lat, lon) : cornersOf(own);
  const projection = fittedProjection({ points, isStates, isCountries: false }, width, height);
  const path = geoPath(projection);
  const at = own === null && lat !== null && lon !== null ? projection([lon, lat]) : null;
  return {
    land: path({ type: 'FeatureCollection', features: [...atlas.countries] }) ?? '',
    states: path({ type: 'FeatureCollection', features: [...atlas.states] }) ?? '',
    own: own === null ? null : path(own),
    dot: at,
  };
}

/** From the country down, as far as the key has them. */
function namesIn(key: string | null): readonly string[] {
  return key === null ? [] : (parsePlaceKey(key)?.path ?? []);
}

/** A region that the atlas does not have lies in its country, which is not it. */
function isOwn(outline: Outline, level: string, atlas: Atlas): boolean {
  return level === 'country' || atlas.states.includes(outline);
}

function pointsAround(lat: number | null, lon: number | null): readonly [number, number][] {
  if (lat === null || lon === null) return [];
  const wide = around / Math.max(0.2, Math.cos((lat * Math.PI) / 180));
  return [
    [lon - wide, lat - around],
    [lon + wide, lat + around],
  ];
}

/** The middle alone of what crosses the antimeridian. */
function cornersOf(outline: Outline): readonly [number, number][] {
  const [southWest, northEast] = geoBounds(outline);
  return southWest[0] <= northEast[0]
    ? [southWest, northEast]
    : pointsAround(...flipped(geoCentroid(outline)));
}

function flipped([lon, lat]: readonly [number, number]): [number, number] {
  return [lat, lon];
}
