// Replays history through the detector as it would have run live, and tells the incidents it would have raised. Pure.
import { createDetector } from './detect/detector.ts';
import { sliceMs, type Change, type DetectorOptions, type Incident } from './detect/detection.ts';
import { countsAt, type Lateness } from './in-time.ts';
import { placeLevels, type Sighting } from './sighting.ts';
import { bucketStartOf, slicesOf, sliceStartOf, type Counted } from './slices.ts';

export interface BacktestOptions extends DetectorOptions {
  /** Of sources that are slower than `latenessMs`. */
  readonly latenessMsBySource?: Lateness['latenessMsBySource'];
  /** Milliseconds since the epoch: incidents that were detected from then (inclusive) to then (exclusive) are told. */
  readonly from: number;
  readonly to: number;
  /** Told now and then: the share that is done, and where the replay is. */
  readonly onProgress?: (share: number, at: number) => void;
}

export interface BacktestIncident {
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly detectedAt: string;
  readonly resolvedAt: string | null;
  /** The narrowest name first: `Knoxville, Tennessee, US`. */
  readonly place: string;
  readonly placeLevel: Incident['scope']['level'];
  readonly themes: readonly string[];
  readonly customers: number;
  readonly expectedCustomers: number;
  readonly departments: readonly string[];
  /** Minutes from its start to its detection. */
  readonly detectionDelayMinutes: number;
}

export interface Backtest {
  readonly incidents: readonly BacktestIncident[];
  readonly falseAlarmBudgetPerWeek: number;
  /** Weeks in which something could be detected: within the range, and after the warm-up. */
  readonly weeks: number;
  readonly incidentsPerWeek: number;
  readonly seriesTested: number;
  /** Sightings replayed. */
  readonly sightings: number;
  readonly warmUpDays: number;
}

const dayMs = 86_400_000;
const weekMs = 7 * dayMs;
/** After the last sighting it takes this long at most until what stands is over. */
const tailMs = 2 * dayMs;
const toldEach = 1_500;

/**
 * History before `from` is learnt from. Every sighting counts as received in time, those of
 * slow sources when they would have been, and within its bucket when it was.
 * @param sightings in any order
 */
export function backtest(sightings: readonly Sighting[], options: BacktestOptions): Backtest {
  const { from, to, onProgress = () => {}, latenessMs, latenessMsBySource = {} } = options;
  const lateness = { latenessMs, latenessMsBySource };
  const counted = sightings
    .map((each): Counted => ({ ...each, countsAt: countsAt(each, lateness) }))
    .filter(({ countsAt: at }) => sliceStartOf(at) < to);
  const first = counted.reduce((least, { countsAt: at }) => Math.min(least, at), Infinity);
  const last = counted.reduce((most, { countsAt: at }) => Math.max(most, at), -Infinity);
  const [begin, newest] = [bucketStartOf(first), sliceStartOf(last)];
  const end = Math.min(newest + tailMs + sliceMs, Math.ceil(to / sliceMs) * sliceMs);
  const detector = createDetector(options);
  const told = new Map<string, Incident>();
  const warm = begin + options.warmUpDays * dayMs;
  let evaluated = 0;
  let steps = 0;
  for (const slice of slicesOf(counted, begin, end)) {
    const { start } = slice;
    const changes = detector.step(slice);
    if (start >= warm && start >= from && start <= newest) evaluated += 1;
    for (const change of changes) take(told, change, options);
    steps += 1;
    if (steps % toldEach === 0) onProgress((start - begin) / (end - begin), start);
  }
  const incidents = [...told.values()].filter(({ mergedInto }) => mergedInto === null);
  const weeks = (evaluated * sliceMs) / weekMs;
  return {
    incidents: incidents.map(shown),
    falseAlarmBudgetPerWeek: options.budgetPerWeek,
    weeks,
    incidentsPerWeek: weeks === 0 ? 0 : incidents.length / weeks,
    seriesTested: detector.seriesTested(),
    sightings: counted.length,
    warmUpDays: options.warmUpDays,
  };
}

function take(
  told: Map<string, Incident>,
  { incident }: Change,
  { from, to }: BacktestOptions,
): void {
  const { id, detectedAt } = incident;
  if (told.has(id) || (detectedAt >= from && detectedAt < to)) told.set(id, incident);
}

function shown(incident: Incident): BacktestIncident {
  const { startedAt, detectedAt, resolvedAt, scope, themes, customers, departments } = incident;
  const names = placeLevels.map((level) => scope.path[level]).filter((name) => name !== null);
  return {
    startedAt: new Date(startedAt).toISOString(),
    detectedAt: new Date(detectedAt).toISOString(),
    resolvedAt: resolvedAt === null ? null : new Date(resolvedAt).toISOString(),
    place: names.length === 0 ? 'everywhere' : names.toReversed().join(', '),
    placeLevel: scope.level,
    themes,
    customers,
    expectedCustomers: Math.round(incident.expectedCustomers * 10) / 10,
    departments,
    detectionDelayMinutes: Math.round((detectedAt - startedAt) / 60_000),
  };
}
