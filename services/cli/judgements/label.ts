// From what readers said of an insight to what a model should have said: labels for training. Pure.
import type { Insight } from '#schemas/insight.ts';
import type { LastWord, WordsOnInsight } from './verdicts.ts';

export interface Labels {
  /** By department judged: whether the insight belongs there. */
  readonly departments: Readonly<Record<string, boolean>>;
  /** The theme it should have had; absent when nobody said. */
  readonly theme?: string;
  /** Of the last word that counts, milliseconds since the epoch. */
  readonly judgedAt: number;
}

/** Relevance, 0 to 1, from which on a department receives an insight; undefined for one that is configured no more. */
export type ThresholdOf = (department: string) => number | undefined;

/**
 * What one word says of whether the insight belongs to the department. `right` says that what the model said was: it
 * belongs there when it was sent there, by the thresholds of today. Of a department that is gone only readers of its
 * stream can have said so.
 */
export function belongs(
  verdict: LastWord['verdict'],
  department: string,
  { departments, sharedWith }: Pick<Insight, 'departments' | 'sharedWith'>,
  thresholdOf: ThresholdOf,
): boolean {
  if (verdict !== 'right') return verdict === 'missing';
  if (sharedWith !== null) return sharedWith.includes(department);
  const threshold = thresholdOf(department);
  if (threshold === undefined) return true;
  const said = departments.find((each) => each.department === department);
  return (said?.relevance ?? 0) >= threshold;
}

/** Readers vote by department with their last words; of a tie the latest word decides. So do they on the theme. */
export function labelsOf(
  words: WordsOnInsight,
  insight: Pick<Insight, 'departments' | 'sharedWith'>,
  thresholdOf: ThresholdOf,
): Labels {
  const departments = [...words].map(([department, byReader]): [string, boolean] => [
    department,
    winner(
      [...byReader.values()].map(({ verdict, order }) => ({
        vote: belongs(verdict, department, insight, thresholdOf),
        order,
      })),
    )!,
  ]);
  const all = [...words.values()].flatMap((byReader) => [...byReader.values()]);
  const theme = winner(themesOf(all));
  return {
    departments: Object.fromEntries(departments),
    ...(theme === undefined ? {} : { theme }),
    judgedAt: all.reduce((latest, { judgedAt }) => Math.max(latest, judgedAt), 0),
  };
}

interface Vote<T> {
  readonly vote: T;
  readonly order: number;
}

/** A theme is of the insight, whichever department it was said at: of each reader the one named last. */
function themesOf(words: readonly LastWord[]): readonly Vote<string>[] {
  const latest = new Map<string, Vote<string>>();
  for (const { theme, judgedBy, order } of words) {
    if (theme !== null && order > (latest.get(judgedBy)?.order ?? 0))
      latest.set(judgedBy, { vote: theme, order });
  }
  return [...latest.values()];
}

/** What most votes are for; of several the one with the latest vote. */
function winner<T>(votes: readonly Vote<T>[]): T | undefined {
  const counts = new Map<T, { count: number; latest: number }>();
  for (const { vote, order } of votes) {
    const { count = 0, latest = 0 } = counts.get(vote) ?? {};
    counts.set(vote, { count: count + 1, latest: Math.max(latest, order) });
  }
  const [best] = [...counts].toSorted(([, a], [, b]) => b.count - a.count || b.latest - a.latest);
  return best?.[0];
}
