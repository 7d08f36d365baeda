// How good judgements are against labels: the measures the project reports, and how they are counted.
import type { Task } from '../artifact.ts';
import { highest, probabilitiesOf } from './answers.ts';
import type { Answer } from './answers.ts';
import { isOutside, sidesOf } from './examples.ts';
import { outOfScopeOf } from './out-of-scope.ts';
import type { OutOfScopeQuality } from './out-of-scope.ts';

export interface LabelQuality {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  /** How many texts have the label. */
  readonly support: number;
  /** Area under precision over recall: how well texts are ordered by the probability of the label. */
  readonly averagePrecision: number;
}

export interface Quality {
  readonly task: string;
  /** Texts with a label, those out of scope not among them. */
  readonly n: number;
  /** Share of texts of which everything said is true; of a multi-label task all labels. */
  readonly accuracy: number;
  readonly macroF1: number;
  readonly microF1: number;
  readonly meanAveragePrecision: number;
  /** See `calibrationError`; of a single choice the probability of the class said, else of every yes or no. */
  readonly ece: number;
  readonly perLabel: Readonly<Record<string, LabelQuality>>;
  /** Accuracy of the texts (decisions of a multi-label task) judged with the most certainty, by the share of them kept. */
  readonly abstention: readonly { readonly kept: number; readonly accuracy: number }[];
  /** What is most often taken for what, commonest first; of a multi-label task what is missed for what is said too much. */
  readonly confusions: readonly {
    readonly truth: string;
    readonly said: string;
    readonly texts: number;
  }[];
  readonly outOfScope?: OutOfScopeQuality;
}

/** Compares answers with labels. Texts without a label of the task are passed over. */
export function measure(task: Task, answers: readonly Answer[]): Quality {
  const labelled = answers.filter(({ label }) => label !== undefined);
  const inside = labelled.filter(({ label }) => !isOutside(label, task));
  const outside = labelled.filter(({ label }) => isOutside(label, task));
  const judged = inside.map((answer) => judgedOf(task, answer));
  const names = task.kind === 'binary' ? ['0', ...task.classes] : task.classes;
  const perLabel = Object.fromEntries(names.map((name) => [name, labelQuality(name, judged)]));
  const counts = together(judged);
  const decisions = judged.flatMap(({ decisions: own }) => own);
  const base: Quality = {
    task: task.name,
    n: inside.length,
    accuracy: mean(judged.map(({ right }) => Number(right))),
    // A label that is neither true of nor said of any text measures nothing.
    macroF1: mean(names.filter((name) => occurs(name, judged)).map((name) => perLabel[name]!.f1)),
    microF1: f1Of(counts),
    meanAveragePrecision: mean(
      task.classes
        .map((name) => perLabel[name]!)
        .filter(({ support }) => support > 0)
        .map((label) => label.averagePrecision),
    ),
    ece: calibrationError(
      decisions.map(({ probability }) => probability),
      decisions.map(({ happened }) => happened),
    ),
    perLabel,
    abstention: abstentionOf(decisions, task),
    confusions: confusionsOf(judged),
  };
  return task.outOfScope === null || outside.length === 0
    ? base
    : { ...base, outOfScope: outOfScopeOf(task, inside, outside) };
}

interface Judged {
  readonly said: readonly string[];
  readonly truth: readonly string[];
  /** Names of which it is not known whether they hold. */
  readonly open: readonly string[];
  readonly right: boolean;
  readonly probabilities: Readonly<Record<string, number>>;
  readonly decisions: readonly { readonly probability: number; readonly happened: boolean }[];
}

function judgedOf(task: Task, { label, scores }: Answer): Judged {
  const probabilities = probabilitiesOf(task, scores);
  if (task.kind === 'single') {
    const truth = label?.kind === 'one' ? label.name : '';
    const best = highest(scores);
    const name = task.classes[best]!;
    const right = name === truth;
    return {
      said: [name],
      truth: [truth],
      open: [],
      right,
      probabilities: Object.fromEntries(task.classes.map((each, at) => [each, probabilities[at]!])),
      decisions: [{ probability: probabilities[best]!, happened: right }],
    };
  }
  const sides = sidesOf(label, task);
  const pick = (holds: (at: number) => boolean) => task.classes.filter((_, at) => holds(at));
  const open = pick((at) => sides[at] === 0);
  const said = pick((at) => sides[at] !== 0 && probabilities[at]! >= task.thresholds[at]!);
  // A label that the task does not have is missed.
  const strange =
    label?.kind === 'all' && task.kind === 'multi-label'
      ? label.names.filter((name) => !task.classes.includes(name))
      : [];
  const truth = [...pick((at) => sides[at]! > 0), ...strange];
  const decisions = sides.flatMap((side, at) =>
    side === 0 ? [] : [{ probability: probabilities[at]!, happened: side > 0 }],
  );
  const known = Object.fromEntries(task.classes.map((each, at) => [each, probabilities[at]!]));
  const right = said.join('\n') === truth.join('\n');
  if (task.kind !== 'binary') return { said, truth, open, right, probabilities: known, decisions };
  // Of a yes-or-no task the no is a label too, as in the usual macro-F1.
  const withNo = (list: readonly string[]) => (list.length > 0 ? list : ['0']);
  const no = { ['0']: 1 - probabilities[0]! };
  const probabilitiesWithNo = { ...known, ...no };
  return {
    said: withNo(said),
    truth: withNo(truth),
    open,
    right,
    probabilities: probabilitiesWithNo,
    decisions,
  };
}

function occurs(name: string, judged: readonly Judged[]): boolean {
  return judged.some(({ said, truth }) => said.includes(name) || truth.includes(name));
}

interface Counts {
  hits: number;
  extra: number;
  missed: number;
}

function labelQuality(name: string, judged: readonly Judged[]): LabelQuality {
  const counts: Counts = { hits: 0, extra: 0, missed: 0 };
  const ranked: number[] = [];
  const holding: boolean[] = [];
  for (const { said, truth, open, probabilities } of judged) {
    if (open.includes(name)) continue;
    const holds = truth.includes(name);
    if (said.includes(name)) counts[holds ? 'hits' : 'extra'] += 1;
    else if (holds) counts.missed += 1;
    ranked.push(probabilities[name] ?? 0);
    holding.push(holds);
  }
  const { hits, extra, missed } = counts;
  return {
    precision: hits + extra === 0 ? 0 : hits / (hits + extra),
    recall: hits + missed === 0 ? 0 : hits / (hits + missed),
    f1: f1Of(counts),
    support: hits + missed,
    averagePrecision: averagePrecision(ranked, holding),
  };
}

/** Area under precision over recall, by steps: Σ (recall gained × precision there), equal scores taken together. */
export function averagePrecision(scores: readonly number[], truth: readonly boolean[]): number {
  const order = scores.map((_, row) => row).toSorted((a, b) => scores[b]! - scores[a]! || 0);
  const positives = Math.max(1, truth.filter(Boolean).length);
  let [seen, hits, counted, sum] = [0, 0, 0, 0];
  for (const [at, row] of order.entries()) {
    seen += 1;
    if (truth[row]) hits += 1;
    const next = order[at + 1];
    if (next !== undefined && scores[next] === scores[row]) continue;
    sum += ((hits - counted) / positives) * (hits / seen);
    counted = hits;
  }
  return sum;
}

function together(judged: readonly Judged[]): Counts {
  const counts: Counts = { hits: 0, extra: 0, missed: 0 };
  for (const { said, truth } of judged) {
    for (const name of said) counts[truth.includes(name) ? 'hits' : 'extra'] += 1;
    for (const name of truth) if (!said.includes(name)) counts.missed += 1;
  }
  return counts;
}

function f1Of({ hits, extra, missed }: Counts): number {
  return hits === 0 ? 0 : (2 * hits) / (2 * hits + extra + missed);
}

/**
 * Expected calibration error over ten equal bins: the mean distance between the probability said and the share that was
 * true, weighted by how many fell in the bin (Naeini et al., AAAI 2015).
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

function abstentionOf(decisions: Judged['decisions'], task: Task): Quality['abstention'] {
  const sure = decisions
    .map(({ probability, happened }) =>
      task.kind === 'single'
        ? { certainty: probability, right: happened }
        : { certainty: Math.abs(probability - 0.5), right: probability >= 0.5 === happened },
    )
    .toSorted((a, b) => b.certainty - a.certainty);
  return [1, 0.95, 0.9, 0.8, 0.7, 0.5].map((kept) => {
    const part = sure.slice(0, Math.round(kept * sure.length));
    return { kept, accuracy: mean(part.map(({ right }) => Number(right))) };
  });
}

const MOST_CONFUSIONS = 10;

function confusionsOf(judged: readonly Judged[]): Quality['confusions'] {
  const counts = new Map<string, { truth: string; said: string; texts: number }>();
  for (const { said, truth } of judged) {
    const missed = truth.filter((name) => !said.includes(name));
    const extra = said.filter((name) => !truth.includes(name));
    for (const name of missed.length === 0 && extra.length > 0 ? ['-'] : missed) {
      for (const other of extra.length === 0 ? ['-'] : extra) {
        const key = `${name}\n${other}`;
        const entry = counts.get(key) ?? { truth: name, said: other, texts: 0 };
        entry.texts += 1;
        counts.set(key, entry);
      }
    }
  }
  return [...counts.values()].toSorted((a, b) => b.texts - a.texts).slice(0, MOST_CONFUSIONS);
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
