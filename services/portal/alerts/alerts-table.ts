// The columns of alerts as a table. A name that was published stays; new columns are added at the end.
import { column, estimateColumns, listColumn, type Column, type Table } from '../http/table.ts';
import type { AlertRow, AlertsAnswer } from './answers.ts';

const columns: readonly Column<AlertRow>[] = [
  column('id', 'text', ({ id }) => id),
  column('state', 'text', ({ state }) => state),
  column('started_at', 'moment', ({ startedAt }) => startedAt),
  column('detected_at', 'moment', ({ detectedAt }) => detectedAt),
  column('resolved_at', 'moment', ({ resolvedAt }) => resolvedAt),
  column('place_level', 'text', ({ place }) => place.level),
  column('place', 'text', ({ place }) => place.key),
  column('place_name', 'text', ({ place }) => place.name),
  listColumn('themes', ({ themes }) => themes),
  column('product', 'text', ({ product }) => product),
  column('customers', 'count', ({ customers }) => customers),
  column('expected', 'number', ({ expected }) => expected),
  ...estimateColumns<AlertRow>('excess', ({ excess }) => excess),
  ...estimateColumns<AlertRow>('affected', ({ affected }) => affected),
  ...estimateColumns<AlertRow>('user_minutes', ({ userMinutes }) => userMinutes),
  column('p_value', 'number', ({ pValue }) => pValue),
  listColumn('departments', ({ departments }) => departments),
  listColumn('sources', ({ sources }) => sources),
  listColumn('held_by', ({ heldBy }) => heldBy),
  column('reopened', 'count', ({ reopened }) => reopened),
  column('is_past', 'flag', ({ isPast }) => isPast),
  column('acknowledged_at', 'moment', ({ acknowledgedAt }) => acknowledgedAt),
  column('acknowledged_by', 'text', ({ acknowledgedBy }) => acknowledgedBy),
  column('suppressed_by', 'text', ({ suppressedBy }) => suppressedBy),
];

export const alertsTable = ({ alerts }: AlertsAnswer): Table<AlertRow> => ({
  columns,
  rows: alerts,
});
