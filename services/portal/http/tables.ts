// The columns of each answer that there is as a table. A name that was published stays; new columns are added at the end.
import type { z } from 'zod';
import {
  term,
  type AggregatesAnswer,
  type InsightAnswer,
  type InsightsAnswer,
  type Place,
  type RankAnswer,
  type RankedPlace,
  type WaveAnswer,
  type WavesAnswer,
} from '../api/answers.ts';
import {
  column,
  endsColumns,
  estimateColumns,
  listColumn,
  type Column,
  type Table,
} from './table.ts';

type AggregateRow = AggregatesAnswer['rows'][number];
interface Placed {
  readonly place: Place | null;
}

const placeColumns: readonly Column<Placed>[] = [
  column('place', 'text', ({ place }) => place?.key),
  column('place_level', 'text', ({ place }) => place?.level),
  column('place_name', 'text', ({ place }) => place?.name),
  column('place_within', 'text', ({ place }) => place?.within.join(' / ')),
  column('lat', 'number', ({ place }) => place?.lat),
  column('lon', 'number', ({ place }) => place?.lon),
  column('subscribers', 'number', ({ place }) => place?.subscribers),
];

const aggregateColumns: readonly Column<AggregateRow>[] = [
  column('start', 'moment', ({ start }) => start),
  ...placeColumns,
  column('theme', 'text', ({ theme }) => theme),
  column('technology', 'text', ({ technology }) => technology),
  column('department', 'text', ({ department }) => department),
  column('kind', 'text', ({ kind }) => kind),
  column('suppressed', 'flag', ({ suppressed }) => suppressed),
  column('opened', 'count', ({ opened }) => opened),
  column('reopened', 'count', ({ reopened }) => reopened),
  column('resolved', 'count', ({ resolved }) => resolved),
  column('still_open', 'count', ({ stillOpen }) => stillOpen),
  column('customers', 'count', ({ customers }) => customers),
  column('median_hours_to_resolve', 'number', (row) => row.medianHoursToResolve),
  column('p90_hours_to_resolve', 'number', (row) => row.p90HoursToResolve),
  column('mean_sentiment', 'number', ({ meanSentiment }) => meanSentiment),
  column('severities', 'text', ({ severities }) => JSON.stringify(severities)),
  column('posts', 'count', ({ posts }) => posts),
  column('survey_answers', 'count', ({ surveyAnswers }) => surveyAnswers),
  column('mean_csat', 'number', ({ meanCsat }) => meanCsat),
  column('nps', 'number', ({ nps }) => nps),
  ...estimateColumns<AggregateRow>('rate', ({ rate }) => rate),
  ...endsColumns<AggregateRow>('mean_sentiment', (row) => row.meanSentimentInterval),
  ...endsColumns<AggregateRow>('mean_csat', (row) => row.meanCsatInterval),
  ...endsColumns<AggregateRow>('nps', (row) => row.npsInterval),
  column('mean_ces', 'number', ({ meanCes }) => meanCes),
  ...endsColumns<AggregateRow>('mean_ces', (row) => row.meanCesInterval),
];

const rankColumns: readonly Column<RankedPlace>[] = [
  column('rank', 'count', ({ rank }) => rank),
  ...placeColumns,
  column('suppressed', 'flag', ({ suppressed }) => suppressed),
  column('tickets', 'count', ({ tickets }) => tickets),
  ...estimateColumns<RankedPlace>('rate', ({ rate }) => rate),
  column('whole_weeks', 'count', ({ weeks }) => weeks?.whole),
  column('median_week', 'number', ({ weeks }) => weeks?.median),
  column('burst_share', 'number', ({ weeks }) => weeks?.burstShare),
  column('spikes', 'count', ({ weeks }) => weeks?.spikes),
  ...estimateColumns<RankedPlace>('busy_hour_share', (row) => row.busyHourShare),
  column('churn_risk', 'number', ({ churnRisk }) => churnRisk),
  column('score', 'number', ({ score }) => score),
  ...term.shape.name.options.flatMap((name) => termColumns(name)),
  ...endsColumns<RankedPlace>('churn_risk', (row) => row.churnRiskInterval),
];

/** What a term of the score stands on and adds to it. */
function termColumns(name: z.output<typeof term>['name']): Column<RankedPlace>[] {
  const prefix = `term_${snake(name)}`;
  const of = (row: RankedPlace) => row.terms.find((one) => one.name === name);
  return [
    column(`${prefix}_value`, 'number', (row) => of(row)?.value),
    column(`${prefix}_share`, 'number', (row) => of(row)?.share),
    column(`${prefix}_weight`, 'number', (row) => of(row)?.weight),
    column(`${prefix}_points`, 'number', (row) => of(row)?.points),
  ];
}

const insightColumns: readonly Column<InsightAnswer>[] = [
  column('id', 'text', ({ id }) => id),
  column('thing', 'text', ({ thing }) => thing),
  column('kind', 'text', ({ kind }) => kind),
  column('source', 'text', ({ source }) => source),
  column('at', 'moment', ({ at }) => at),
  column('is_exact', 'flag', ({ isExact }) => isExact),
  column('received_at', 'moment', ({ receivedAt }) => receivedAt),
  column('text', 'text', ({ text }) => text),
  column('language', 'text', ({ language }) => language),
  column('theme', 'text', ({ theme }) => theme),
  column('sentiment', 'number', ({ sentiment }) => sentiment),
  column('urgency', 'text', ({ urgency }) => urgency),
  column('churn_risk', 'number', ({ churnRisk }) => churnRisk),
  column('technology', 'text', ({ technology }) => technology),
  column('country', 'text', ({ place }) => place.country),
  column('region', 'text', ({ place }) => place.region),
  column('city', 'text', ({ place }) => place.city),
  column('area', 'text', ({ place }) => place.area),
  column('postcode', 'text', ({ place }) => place.postcode),
  column('site', 'text', ({ place }) => place.site),
  column('h3', 'text', ({ place }) => place.h3),
  column('is_open', 'flag', ({ isOpen }) => isOpen),
  column('score_scale', 'text', ({ score }) => score?.scale),
  column('score', 'number', ({ score }) => score?.value),
  listColumn('departments', ({ departments }) =>
    departments.filter(({ received }) => received).map(({ department }) => department),
  ),
  column('relevances', 'text', ({ departments }) =>
    JSON.stringify(Object.fromEntries(departments.map((one) => [one.department, one.relevance]))),
  ),
  column('model', 'text', ({ model }) => model),
];

const waveColumns: readonly Column<WaveAnswer>[] = [
  column('wave', 'text', ({ wave }) => wave),
  listColumn('technologies', ({ technologies }) => technologies),
  listColumn('areas', ({ areas }) => areas),
  column('planned_on', 'day', ({ plannedOn }) => plannedOn),
  column('finished_on', 'day', ({ finishedOn }) => finishedOn),
  column('suppressed', 'flag', ({ answers }) => answers.suppressed),
  column('tickets', 'count', ({ answers }) => answers.tickets),
  column('of_tickets', 'count', ({ answers }) => answers.of),
  ...estimateColumns<WaveAnswer>('share', ({ answers }) => answers.share),
  column('subscribers', 'number', ({ answers }) => answers.subscribers),
  column('subscribers_share', 'number', ({ answers }) => answers.subscribersShare),
  column('effect_days', 'count', ({ effect }) => effect?.days),
  column('before', 'count', ({ effect }) => effect?.before),
  column('after', 'count', ({ effect }) => effect?.after),
  ...estimateColumns<WaveAnswer>('ratio', ({ effect }) => effect?.ratio),
  ...estimateColumns<WaveAnswer>('elsewhere', ({ effect }) => effect?.elsewhere),
  column('verdict', 'text', ({ effect }) => effect?.verdict),
];

export const aggregatesTable = ({ rows }: AggregatesAnswer): Table<AggregateRow> => ({
  columns: aggregateColumns,
  rows,
});
export const rankTable = ({ places }: RankAnswer): Table<RankedPlace> => ({
  columns: rankColumns,
  rows: places,
});
export const insightsTable = ({ insights }: InsightsAnswer): Table<InsightAnswer> => ({
  columns: insightColumns,
  rows: insights,
});
export const wavesTable = ({ waves }: WavesAnswer): Table<WaveAnswer> => ({
  columns: waveColumns,
  rows: waves,
});

function snake(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
