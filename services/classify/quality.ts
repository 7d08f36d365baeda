// How good judgements are against labels: the measures the project reports, and how they are counted.

/** Counts of one class: said and true, said and false, true and not said. */
interface Counts {
  hits: number;
  extra: number;
  missed: number;
}

export interface ClassQuality {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  readonly support: number;
}

export interface TaskQuality {
  /** F1 of all classes' counts together; for a single choice this is the accuracy. */
  readonly microF1: number;
  /** Mean of the classes' F1. */
  readonly macroF1: number;
  readonly classes: Readonly<Record<string, ClassQuality>>;
}

/** Compares what was said with what is true, per text a list of classes; `classes` fixes what macro averages over. */
export function qualityOf(
  said: readonly (readonly string[])[],
  truth: readonly (readonly string[])[],
  classes: readonly string[],
): TaskQuality {
  const counts = new Map<string, Counts>(
    classes.map((name) => [name, { hits: 0, extra: 0, missed: 0 }]),
  );
  for (const [row, names] of truth.entries()) {
    for (const name of said[row]!) {
      const entry = counts.get(name);
      if (entry) entry[names.includes(name) ? 'hits' : 'extra'] += 1;
    }
    for (const name of names) {
      const entry = counts.get(name);
      if (entry && !said[row]!.includes(name)) entry.missed += 1;
    }
  }
  const all = [...counts.values()];
  const together = {
    hits: all.reduce((sum, entry) => sum + entry.hits, 0),
    extra: all.reduce((sum, entry) => sum + entry.extra, 0),
    missed: all.reduce((sum, entry) => sum + entry.missed, 0),
  };
  const perClass = Object.fromEntries([...counts].map(([name, entry]) => [name, measure(entry)]));
  const f1s = Object.values(perClass).map(({ f1 }) => f1);
  return {
    microF1: measure(together).f1,
    macroF1: f1s.reduce((sum, f1) => sum + f1, 0) / Math.max(1, f1s.length),
    classes: perClass,
  };
}

/**
 * Expected calibration error over ten equal bins: the mean distance between the probability said and the
 * share that was true, weighted by how many fell in the bin (Naeini et al., AAAI 2015).
 */
export function calibrationError(
  probabilities: readonly number[],
  happened: readonly boolean[],
): number {
  const bins = Array.from({ length: 10 }, () => ({ said: 0, true: 0 }));
  for (const [at, probability] of probabilities.entries()) {
    const bin = bins[Math.min(9, Math.floor(probability * 10))]!;
    bin.said += probability;
    if (happened[at]) bin.true += 1;
  }
  const distance = bins.reduce((sum, bin) => sum + Math.abs(bin.said - bin.true), 0);
  return distance / Math.max(1, probabilities.length);
}

function measure({ hits, extra, missed }: Counts): ClassQuality {
  const precision = hits + extra === 0 ? 0 : hits / (hits + extra);
  const recall = hits + missed === 0 ? 0 : hits / (hits + missed);
  const f1 = hits === 0 ? 0 : (2 * hits) / (2 * hits + extra + missed);
  return { precision, recall, f1, support: hits + missed };
}
