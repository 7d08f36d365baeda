// Every question of the query API, asked of one database.
import type { Db } from '#core/store/postgres.ts';
import { listAlerts, type AlertOptions } from '../alerts/list-alerts.ts';
import { listSilences } from '../alerts/list-silences.ts';
import { readAlert } from '../alerts/read-alert.ts';
import type { Queries } from '../api/queries.ts';
import { aggregates } from './aggregates.ts';
import { areaStatus, nearestArea, type AreaStatusOptions } from './area-status.ts';
import { facets } from './facets.ts';
import { insights } from './insights.ts';
import { place } from './place.ts';
import { rank } from './rank.ts';
import { waves } from './waves.ts';

/** As alert has it where nothing else is set. */
const usualWarmUpDays = 14;

/**
 * @param clock milliseconds since the epoch
 * @param settings of the portal's configuration; by default as they are there
 */
export function createQueries(
  db: Db,
  clock: () => number,
  settings?: AreaStatusOptions & Partial<AlertOptions>,
): Omit<Queries, 'overview'> {
  const now = () => new Date(clock());
  const alertOptions = { warmUpDays: settings?.warmUpDays ?? usualWarmUpDays };
  return {
    aggregates: (reader, question) => aggregates(db, reader, question, now()),
    rank: (reader, question) => rank(db, reader, question, now()),
    place: (reader, key, question) => place(db, reader, key, question, now()),
    waves: (reader, question) => waves(db, reader, question, now()),
    insights: (reader, question) => insights(db, reader, question, now()),
    // The same for everyone: nothing of it is one department's.
    areaStatus: (_reader, question) => areaStatus(db, question, now(), settings),
    nearestArea: (reader, question) => nearestArea(db, reader, question),
    facets: (reader) => facets(db, reader),
    alerts: (reader, question) => listAlerts(db, reader, question, now(), alertOptions),
    alert: (reader, id) => readAlert(db, reader, id, now()),
    silences: (reader, question) => listSilences(db, reader, question, now()),
  };
}
