// What the tones mean: bounds, "no data" and "withheld", and what the map leaves out.
import { intervalText } from '../show/figures.ts';
import { classOf, toneOf } from './color-classes.ts';
import type { MapPlace } from './map-place.ts';
import { isWithheld, type Measure } from './measures.ts';

interface LegendProps {
  readonly measure: Measure;
  readonly bounds: readonly number[];
  readonly hasWithheld: boolean;
  readonly hasNone: boolean;
}

export function Legend({ measure, bounds, hasWithheld, hasNone }: LegendProps) {
  return (
    <div class="legend" role="group" aria-label={`Tones: ${measure.title}`}>
      <span class="legend-title" title={measure.explains}>
        {measure.title}
      </span>
      <ul>
        {classTexts(bounds, measure.text).map((text, index) => (
          <li key={text}>
            <span
              class={`swatch tone-${toneOf(index, bounds, measure.isWorstLow)}`}
              aria-hidden="true"
            />
            {text}
          </li>
        ))}
        {hasNone && (
          <li>
            <span class="swatch tone-none" aria-hidden="true" />
            No data
          </li>
        )}
        {hasWithheld && (
          <li>
            <span class="swatch tone-withheld" aria-hidden="true" />
            Withheld, too few
          </li>
        )}
      </ul>
    </div>
  );
}

/** "under 0.8", "0.8–1.4", …, "3.1 and more". */
function classTexts(bounds: readonly number[], text: (value: number) => string): readonly string[] {
  if (bounds.length === 0) return ['all the same'];
  return [
    `under ${text(bounds[0]!)}`,
    ...bounds.slice(1).map((high, index) => intervalText({ low: bounds[index]!, high }, text)),
    `${text(bounds.at(-1)!)} and more`,
  ];
}

/** The token of a place's tone. */
export function toneToken(place: MapPlace, measure: Measure, bounds: readonly number[]): string {
  const value = measure.of(place);
  if (isWithheld(place, measure)) return 'map-withheld';
  if (value === null) return 'map-none';
  return `scale-${toneOf(classOf(value, bounds), bounds, measure.isWorstLow)}`;
}
