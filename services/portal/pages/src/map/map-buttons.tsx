// Nearer, farther, all of it.
import { Icon } from '../shell/icon.tsx';

export function MapButtons({ zoom, whole }: { zoom: (by: number) => void; whole: () => void }) {
  return (
    <div class="map-buttons">
      <button type="button" aria-label="Nearer" title="Nearer (+)" onClick={() => zoom(1.5)}>
        <Icon name="plus" />
      </button>
      <button type="button" aria-label="Farther" title="Farther (−)" onClick={() => zoom(1 / 1.5)}>
        <Icon name="minus" />
      </button>
      <button type="button" aria-label="All of it" title="All of it (0)" onClick={whole}>
        <Icon name="whole" />
      </button>
    </div>
  );
}
