// What counts of all that readers said: of one reader the last word on an insight and department. Pure.
import type { Judgement } from '#schemas/judgement.ts';

/** The last word of one reader on one insight and department. */
export interface LastWord {
  readonly verdict: 'right' | 'wrong' | 'missing';
  readonly theme: string | null;
  readonly judgedBy: string;
  readonly judgedAt: number;
  readonly model: string;
  /** Place in the order of the log: of two words the one with the higher number came later. */
  readonly order: number;
}

/** By department, then by reader. */
export type WordsOnInsight = ReadonlyMap<string, ReadonlyMap<string, LastWord>>;

export interface Verdicts {
  /** Judgements in the order of the log. */
  add(judgement: Judgement): void;
  /** By id of the insight, in order of the first word on each. */
  readonly byInsight: ReadonlyMap<string, WordsOnInsight>;
  /** Judgements added, those replaced by later ones too. */
  readonly judgements: number;
  /** How many have a verdict of a later release, which says nothing to this one. They are not counted further. */
  readonly unknown: number;
  readonly readers: number;
}

export function createVerdicts(): Verdicts {
  const byInsight = new Map<string, Map<string, Map<string, LastWord>>>();
  const readers = new Set<string>();
  let judgements = 0;
  let unknown = 0;
  return {
    byInsight,
    get judgements() {
      return judgements;
    },
    get unknown() {
      return unknown;
    },
    get readers() {
      return readers.size;
    },
    add({ insightId, department, verdict, theme, judgedBy, judgedAt, model }) {
      judgements += 1;
      if (verdict === 'unknown') {
        unknown += 1;
        return;
      }
      readers.add(judgedBy);
      const words = entryOf(entryOf(byInsight, insightId), department);
      words.set(judgedBy, { verdict, theme, judgedBy, judgedAt, model, order: judgements });
    },
  };
}

function entryOf<V>(map: Map<string, Map<string, V>>, key: string): Map<string, V> {
  let entry = map.get(key);
  if (entry === undefined) map.set(key, (entry = new Map<string, V>()));
  return entry;
}
