// `signpost alerts backtest`: replays history and prints what would have been raised.
import { SignpostError } from '#core/errors.ts';
import { backtest, type Backtest, type BacktestIncident } from '../../alert/backtest.ts';
import type { Sighting } from '../../alert/sighting.ts';
import { count } from '../count.ts';
import { momentOf } from '../moment.ts';
import { configOf } from '../open-log.ts';
import type { LogPlace } from '../options.ts';
import { createOutput } from '../output.ts';
import { createProgress } from '../progress.ts';
import { safeText } from '../safe-text.ts';
import { historyOf, historyOfFile } from './history.ts';

export interface BacktestCommand {
  readonly place: LogPlace;
  readonly file?: string | undefined;
  readonly mapping?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  /** As configured where it is undefined, as are the three that follow. */
  readonly budget: number | undefined;
  readonly minCustomers: number | undefined;
  readonly warmUpDays: number | undefined;
  readonly latenessMs: number | undefined;
  readonly json: boolean;
}

/** @throws SignpostError, `no-history` where there is nothing to replay. */
export async function runBacktest(command: BacktestCommand): Promise<void> {
  const { place, file, mapping, from, to } = command;
  const { alert } = configOf(place);
  const range = {
    from: from === undefined ? -Infinity : momentOf('--from', from),
    to: to === undefined ? Infinity : momentOf('--to', to),
  };
  if (range.from >= range.to)
    throw new SignpostError('wrong-time', '--to is not later than --from');
  const progress = createProgress(process.stderr, () => performance.now());
  const { sightings, isLogAlone } = await (file === undefined
    ? historyOf(place, (read, all) => progress.update(read / all, `${count(read)} insights read`))
    : historyOfFile(file, mapping, place.config));
  if (sightings.length === 0) throw noHistory(file);
  const result = backtest(sightings, {
    ...range,
    budgetPerWeek: command.budget ?? alert.falseAlarmsPerWeek,
    minCustomers: command.minCustomers ?? alert.minCustomers,
    warmUpDays: command.warmUpDays ?? alert.warmUpDays,
    latenessMs: command.latenessMs ?? alert.latenessMs,
    latenessMsBySource: alert.latenessMsBySource,
    families: alert.themeFamilies,
    onProgress: (share, at) => progress.update(share, new Date(at).toISOString().slice(0, 10)),
  });
  progress.end();
  const output = createOutput();
  if (command.json) await output.json(result);
  else for (const line of reportLines(result, sightings, range)) await output.line(line);
  if (isLogAlone)
    process.stderr.write(
      'signpost: another process has the data directory open, so only what its log still holds was replayed\n',
    );
}

function noHistory(file: string | undefined): SignpostError {
  return new SignpostError(
    'no-history',
    'There is nothing to replay: no ticket or post whose time is known to the minute.',
    {
      hint:
        file === undefined
          ? 'Take something in first: signpost import, or signpost up --demo. A file is replayed with --file.'
          : 'Times known to the day only, and survey answers, do not say that something happens now.',
    },
  );
}

function reportLines(
  result: Backtest,
  sightings: readonly Sighting[],
  range: { readonly from: number; readonly to: number },
): string[] {
  const { incidents, weeks, falseAlarmBudgetPerWeek, seriesTested, warmUpDays } = result;
  const times = sightings.map(({ at }) => at);
  const day = (at: number): string => new Date(at).toISOString().slice(0, 10);
  const first = times.reduce((least, at) => Math.min(least, at), Infinity);
  const last = times.reduce((most, at) => Math.max(most, at), -Infinity);
  const lines = [
    `${count(sightings.length)} tickets and posts from ${day(first)} to ${day(last)}; ${count(seriesTested)} series tested.`,
    `${weeks.toFixed(1)} weeks after ${warmUpDays} days of warm-up, at ${falseAlarmBudgetPerWeek} false alarm${falseAlarmBudgetPerWeek === 1 ? '' : 's'} a week: ${ofChance(incidents.length, Math.ceil(weeks * falseAlarmBudgetPerWeek))}.`,
    '',
  ];
  if (weeks === 0)
    lines.push(
      range.from > last || range.to <= first
        ? 'Nothing could be detected: nothing lies in the range (--from, --to).'
        : 'Nothing could be detected: it ends within the warm-up (--warm-up-days).',
    );
  else if (incidents.length === 0) lines.push('No incident.');
  return [...lines, ...incidents.flatMap(incidentLines)];
}

/** @param allowed false alarms, in all that was replayed */
function ofChance(incidents: number, allowed: number): string {
  const most = `on average at most about ${count(allowed)}`;
  return allowed < incidents
    ? `${most} of these ${count(incidents)} incidents are chance`
    : `${count(incidents)} incident${incidents === 1 ? '' : 's'}, ${most} of them by chance`;
}

function incidentLines(incident: BacktestIncident): string[] {
  const { startedAt, detectedAt, resolvedAt, place, placeLevel, themes, customers } = incident;
  const minute = (at: string): string => at.slice(0, 16).replace('T', ' ');
  const end = resolvedAt === null ? 'not over' : `over ${minute(resolvedAt)}`;
  return [
    `${minute(startedAt)}  ${safeText(place)} (${placeLevel}): ${safeText(themes.join(', '))}`,
    `    ${count(customers)} customers, ${incident.expectedCustomers} usual; detected ${minute(detectedAt)}, after ${incident.detectionDelayMinutes} min; ${end}`,
  ];
}
