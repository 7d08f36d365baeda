// The rivals on both runs, each at levels of its own: as it is usually set, and tuned so that it keeps a budget.
import type { FoundIncident } from './found.ts';
import { latenessMs, slicesPerBucket, weekBuckets, type Run } from './runs.ts';
import { groupAlarms, tune, type Alarm } from './rivals/alarms.ts';
import type { CountLog } from './rivals/count-log.ts';
import { farringtonAlarms, missingForFarrington } from './rivals/farrington.ts';
import { fixedThresholdAlarms, zScoreAlarms, type SimpleOptions } from './rivals/simple.ts';

export interface Counted {
  readonly run: Run;
  readonly log: CountLog;
}

export interface Rival {
  readonly name: string;
  readonly alarms: (log: CountLog, options: SimpleOptions) => Alarm[] | Promise<Alarm[]>;
  /** A level that people take, if there is one; and how it is called. */
  readonly usual?: { readonly score: number; readonly name: string };
  /** True when it says something within the warm-up already. */
  readonly canBeTunedInWarmUp: boolean;
}

export const rivals: readonly Rival[] = [
  { name: 'fixed-threshold', alarms: fixedThresholdAlarms, canBeTunedInWarmUp: true },
  {
    name: 'z-score',
    alarms: zScoreAlarms,
    usual: { score: 3, name: 'z > 3' },
    canBeTunedInWarmUp: true,
  },
  { name: 'farringtonFlexible', alarms: farringtonAlarms, canBeTunedInWarmUp: false },
];

export { missingForFarrington };

export interface RivalResult {
  readonly system: string;
  /** Null: the usual level, whatever the budget. */
  readonly budget: number | null;
  readonly quiet: readonly FoundIncident[];
  readonly withOutages: readonly FoundIncident[];
}

/**
 * A rival is tuned to each budget twice: on the warm-up, as one has to, and on the quiet weeks themselves, which nobody
 * can, but which compares its recall at the false alarms that were asked for.
 */
export async function runRival(
  { name, alarms, usual, canBeTunedInWarmUp }: Rival,
  quiet: Counted,
  withOutages: Counted,
  { budgets, minCustomers }: { readonly budgets: readonly number[]; readonly minCustomers: number },
): Promise<RivalResult[]> {
  const { world, warmUpBuckets, buckets } = quiet.run;
  const warmUpSlices = warmUpBuckets * slicesPerBucket;
  const options = { warmUpSlices, minCustomers, leastScore: 3 };
  const ofQuiet = await alarms(quiet.log, options);
  const ofOutages = await alarms(withOutages.log, options);
  const group = (of: readonly Alarm[]): readonly FoundIncident[] =>
    groupAlarms(world, of, latenessMs);
  const count = (of: readonly Alarm[]): number => group(of).length;
  const isAfter = ({ slice }: Alarm): boolean => slice >= warmUpSlices;
  const at = (system: string, budget: number | null, level: number): RivalResult => {
    const over = (of: readonly Alarm[]): readonly FoundIncident[] =>
      group(of.filter((alarm) => isAfter(alarm) && alarm.score > level));
    return {
      system: `${name}, ${system}`,
      budget,
      quiet: over(ofQuiet),
      withOutages: over(ofOutages),
    };
  };
  const results: RivalResult[] = [];
  if (usual !== undefined) results.push(at(usual.name, null, usual.score));
  const warmUp = ofQuiet.filter((alarm) => !isAfter(alarm));
  const after = ofQuiet.filter(isAfter);
  for (const budget of budgets) {
    const warmUpMost = Math.floor((budget * warmUpBuckets) / 2 / weekBuckets);
    if (canBeTunedInWarmUp)
      results.push(at('tuned on the warm-up', budget, tune(warmUpMost, warmUp, count)));
    const most = Math.floor((budget * (buckets - warmUpBuckets)) / weekBuckets);
    results.push(at('tuned in hindsight', budget, tune(most, after, count)));
  }
  return results;
}
