// `npm run bench -- alerts`: how good the alerts are, on a made-up country whose outages are known: what is found, how
// soon, where it is said to be, and how often nothing was there; beside rivals on the same sightings.
import { bestDelayMs, busiestHour } from './alerts/best-case.ts';

import { runDetector } from './alerts/detector.ts';
import type { FoundIncident } from './alerts/found.ts';
import { judge } from './alerts/judge.ts';
import { missingForFarrington, rivals, runRival, type Counted } from './alerts/rivals.ts';
import { createCountLog } from './alerts/rivals/count-log.ts';
import { createRuns, slicesIn, type Run } from './alerts/runs.ts';
import { details, overview, percentile, type Outcome, type TruthFacts } from './alerts/summary.ts';
import { sliceMs } from '../../services/alert/detect/detection.ts';
import { bucketStartOf } from '../../services/alert/slices.ts';

export interface AlertsBench {
  readonly budgets: readonly number[];
  readonly outages: number;
  readonly weeks: number;
  readonly warmUpWeeks: number;
  readonly country: 'large' | 'small';
  readonly seed: number;
  readonly minCustomers: number;
  /** Names of `alertSystems`, see alerts/systems.ts. */
  readonly systems: readonly string[];
  /** Prints each outage that had to be found and was not, and each false alarm. */
  readonly failures: boolean;
}

export interface AlertsTable {
  readonly title: string;
  readonly rows: readonly object[];
}

export async function benchAlerts(bench: AlertsBench): Promise<AlertsTable[]> {
  const started = performance.now();
  const say = (line: string): void =>
    console.error(`${((performance.now() - started) / 60_000).toFixed(1)} min  ${line}`);
  const { quiet, withOutages } = createRuns(bench);
  say(`${withOutages.truths.length} outages and drifts in ${bench.weeks} weeks`);
  const counted = { quiet: count(quiet), withOutages: count(withOutages) };
  say('both runs are counted');
  const facts = factsOf(withOutages, counted.withOutages.seen, bench.minCustomers);
  const outcome = (
    system: string,
    found: {
      readonly quiet: readonly FoundIncident[];
      readonly withOutages: readonly FoundIncident[];
    },
  ): Outcome => ({
    system,
    quiet: judge([], found.quiet),
    withOutages: judge(withOutages.truths, found.withOutages),
  });

  const rows = new Map<number | null, object[]>([null, ...bench.budgets].map((each) => [each, []]));
  const tables: AlertsTable[] = [];
  for (const budget of bench.systems.includes('signpost') ? bench.budgets : []) {
    const options = { budgetPerWeek: budget, minCustomers: bench.minCustomers };
    const of = (run: Run) =>
      runDetector(run, options, (part) =>
        say(`budget ${budget}, ${run.name}: ${Math.round(100 * part)} %`),
      );
    const ran = { quiet: of(quiet), withOutages: of(withOutages) };
    const own = outcome('signpost', {
      quiet: ran.quiet.incidents,
      withOutages: ran.withOutages.incidents,
    });
    rows.get(budget)!.push(overview(own, facts, bench.weeks));
    tables.push({ title: `Signpost at a budget of ${budget} a week`, rows: details(own, facts) });
    const times = [...ran.quiet.stepMs, ...ran.withOutages.stepMs];
    const time = (share: number) => Math.round(percentile(times, share)! * 10) / 10;
    const { seriesTested } = ran.withOutages;
    tables.push({
      title: 'A slice of 3 minutes takes it',
      rows: [{ seriesTested, 'median ms': time(0.5), 'p99 ms': time(0.99), 'most ms': time(1) }],
    });
    if (bench.failures) printFailures(own, facts);
  }
  for (const rival of rivals.filter(({ name }) => bench.systems.includes(name))) {
    const missing = rival.name === 'farringtonFlexible' ? await missingForFarrington() : undefined;
    if (missing !== undefined) {
      say(missing);
      continue;
    }
    say(rival.name);
    for (const { system, budget, ...found } of await runRival(
      rival,
      counted.quiet,
      counted.withOutages,
      bench,
    ))
      rows.get(budget)!.push(overview(outcome(system, found), facts, bench.weeks));
  }
  const compared = [...rows].filter(([, own]) => own.length > 0);
  return [
    ...compared.map(([budget, own]) => ({
      title: budget === null ? 'As usually set' : `At a budget of ${budget} false alarms a week`,
      rows: own,
    })),
    ...tables,
  ];
}

type Seen = number[][];

function count(run: Run): Counted & { readonly seen: Seen } {
  const writer = createCountLog(run.world);
  const seen: Seen = run.truths.map(() => []);
  for (const bucket of run.stream()) {
    for (const { start, sightings } of slicesIn(bucket)) {
      writer.take(sightings);
      for (const { id } of sightings) {
        const index = bucket.causedBy.get(id);
        if (index === undefined) continue;
        const at = (start - bucketStartOf(run.truths[index]!.startedAt)) / sliceMs;
        seen[index]![at] = (seen[index]![at] ?? 0) + 1;
      }
    }
  }
  return { run, log: writer.finish(), seen: seen.map((each) => Array.from(each, (n) => n ?? 0)) };
}

function factsOf({ world, truths }: Run, seen: Seen, minCustomers: number): TruthFacts[] {
  return truths.map((truth, index) => ({
    busiestHour: busiestHour(seen[index]!),
    bestDelayMs: bestDelayMs(world, truth, seen[index]!, minCustomers),
  }));
}

function printFailures({ quiet, withOutages }: Outcome, facts: readonly TruthFacts[]): void {
  const time = (at: number | null): string =>
    at === null ? '–' : new Date(at).toISOString().slice(0, 16);
  const place = (path: object): string =>
    Object.values(path)
      .filter((name) => name !== null)
      .join(' / ');
  for (const { truth, found, levelsOff } of withOutages.judgements) {
    const { busiestHour: busiest, bestDelayMs: best } = facts[truth.index]!;
    const isMissed = found === undefined && best !== undefined;
    if (!isMissed && (levelsOff === undefined || levelsOff.atEnd === 0)) continue;
    console.error(
      [
        isMissed ? 'MISSED' : `${levelsOff!.atEnd} LEVELS`,
        `${truth.index} ${truth.kind} ${truth.shape}`,
        `${time(truth.startedAt)} to ${time(truth.endedAt)}`,
        place(truth.place.path),
        truth.themes.join('+'),
        truth.product ?? 'any',
        `${truth.customersPerHour.toFixed(1)}/h, busiest ${busiest}, findable after ${best && Math.round(best / 60_000)} min`,
        found === undefined
          ? ''
          : found.said
              .map(
                ({ at, scope, themes }) => `${time(at)} ${place(scope.path)} ${themes.join('+')}`,
              )
              .join(' > '),
      ].join(' | '),
    );
  }
  for (const [run, verdict] of Object.entries({ quiet, withOutages }))
    for (const { startedAt, detectedAt, resolvedAt, said } of verdict.falseAlarms)
      console.error(
        [
          'FALSE',
          run,
          time(startedAt),
          time(detectedAt),
          time(resolvedAt),
          place(said[0]!.scope.path),
          said[0]!.themes.join('+'),
        ].join(' | '),
      );
}
