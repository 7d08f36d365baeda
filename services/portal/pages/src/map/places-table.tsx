// The map as a table, for screen readers and for who would rather read.
import { DataTable } from '../show/chart-frame.tsx';
import type { Column } from '../show/csv.ts';
import { countText, intervalText, levelTitle, shareText } from '../show/figures.ts';
import { isWithheld, type Measure } from './measures.ts';
import { nameOf } from './place-name.ts';
import type { MapPlace } from './map-place.ts';

const mostRows = 500;

export function PlacesTable({
  places,
  level,
  measure,
}: {
  places: readonly MapPlace[];
  level: string;
  measure: Measure;
}) {
  const columns: readonly Column<MapPlace>[] = [
    { title: levelTitle(level), of: ({ place }) => nameOf(place) },
    { title: 'Within', of: ({ place }) => place.within.toReversed().join(', ') },
    { title: measure.title, of: (ranked) => textOf(ranked, measure), isNumber: true },
    ...(measure.ends === undefined ? [] : [endsColumn(measure, measure.ends)]),
    ...(measure.order === null ? figureColumns : rankColumns).filter(
      ({ title }) => title !== measure.title,
    ),
  ];
  return (
    <div class="places-table">
      <DataTable
        title={`${levelTitle(level, true)} by ${measure.title.toLowerCase()}`}
        columns={columns}
        rows={places.slice(0, mostRows)}
      />
      {places.length > mostRows && (
        <p class="quiet">
          The first {mostRows} of {countText(places.length)}; Export has all of them.
        </p>
      )}
    </div>
  );
}

const rankColumns: readonly Column<MapPlace>[] = [
  {
    title: '95 % interval',
    of: ({ rate }) => (rate === null ? null : intervalText(rate)),
    isNumber: true,
  },
  {
    title: 'Tickets',
    of: ({ tickets, suppressed }) => tickets ?? (suppressed ? 'withheld' : null),
    isNumber: true,
  },
  { title: 'Tickets per 1,000', of: ({ rate }) => rate?.value ?? null, isNumber: true },
  { title: 'Subscribers', of: ({ place }) => place.subscribers, isNumber: true },
  { title: 'Tickets in the middle week', of: ({ weeks }) => weeks?.median ?? null, isNumber: true },
  { title: 'Spikes', of: ({ weeks }) => weeks?.spikes ?? null, isNumber: true },
  {
    title: 'Share in the evening',
    of: ({ busyHourShare }) => (busyHourShare === null ? null : shareText(busyHourShare.value)),
    isNumber: true,
  },
  { title: 'Score', of: ({ score }) => score, isNumber: true },
];

const figureColumns: readonly Column<MapPlace>[] = [
  { title: 'Tickets', of: ({ figures }) => figures?.opened ?? null, isNumber: true },
  { title: 'Tickets still open', of: ({ figures }) => figures?.stillOpen ?? null, isNumber: true },
  { title: 'Survey answers', of: ({ figures }) => figures?.surveyAnswers ?? null, isNumber: true },
  {
    title: 'Satisfaction in surveys',
    of: ({ figures }) => figures?.meanCsat ?? null,
    isNumber: true,
  },
  { title: 'Net promoter score', of: ({ figures }) => figures?.nps ?? null, isNumber: true },
  { title: 'Posts', of: ({ figures }) => figures?.posts ?? null, isNumber: true },
];

function endsColumn(
  { title, text }: Measure,
  ends: NonNullable<Measure['ends']>,
): Column<MapPlace> {
  return {
    title: `${title}, 95 % interval`,
    of(ranked) {
      const known = ends(ranked);
      return known === null ? null : intervalText(known, text);
    },
    isNumber: true,
  };
}

function textOf(ranked: MapPlace, measure: Measure): string {
  if (isWithheld(ranked, measure)) return 'withheld';
  const value = measure.of(ranked);
  return value === null ? '—' : measure.text(value);
}
