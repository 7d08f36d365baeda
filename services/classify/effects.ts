// The rules of a departments file made ready for many records: effects by number, and for each record
// only the rules that can fire on one of its kind and with what it has.
import type { DepartmentsConfig, Rule } from './departments.ts';
import type { Task } from './artifact.ts';
import { compileCondition, haves } from './rules.ts';
import type { Condition, JudgeInput, PhraseSpans, Phrases } from './rules.ts';

/** Adds `weights[i]` to the score numbered `at[i]`. */
export interface Additions {
  readonly at: readonly number[];
  readonly weights: readonly number[];
}

export interface Effect {
  readonly condition: Condition;
  readonly departments: Additions;
  readonly theme: Additions;
  readonly sentiment: Additions;
  readonly churn: number;
  readonly urgency: number;
}

export interface Effects {
  /** Asked at once. */
  readonly early: readonly Effect[];
  /** Asked when theme, sentiment and churn are settled. */
  readonly late: readonly Effect[];
}

/** Finds the rules, the departments' own among them, that can fire on a record. */
export function compileEffects(
  config: DepartmentsConfig,
  tasks: { theme: Task; sentiment: Task },
  phrases: Phrases,
): (input: JudgeInput, spans: PhraseSpans) => Effects {
  const names = config.departments.map(({ name }) => name);
  const own = config.departments.flatMap(({ name, rules }) =>
    rules.map(({ when, adds }): Rule => {
      return { when, adds: { [name]: adds }, theme: {}, sentiment: {}, churn: 0, urgency: 0 };
    }),
  );
  const all = [...config.rules, ...own].map(({ when, adds, theme, sentiment, churn, urgency }) => ({
    kinds: when.kind,
    condition: compileCondition(when, phrases),
    departments: additions(adds, names),
    theme: additions(theme, tasks.theme.classes),
    sentiment: additions(sentiment, tasks.sentiment.classes),
    churn,
    urgency,
  }));
  const possible = (kind: JudgeInput['kind'], has: number): Effects => {
    const found = all.filter(
      ({ kinds, condition }) =>
        (kinds === undefined || kinds.some((each) => each === kind)) &&
        (condition.needs & ~has) === 0,
    );
    return {
      early: found.filter(({ condition }) => !condition.late),
      late: found.filter(({ condition }) => condition.late),
    };
  };
  type ByHaves = (Effects | undefined)[];
  const known: Record<JudgeInput['kind'], ByHaves> = {
    ticket: [],
    post: [],
    survey: [],
    unknown: [],
  };
  return (input, spans) => {
    const has = haves(input, spans);
    return (known[input.kind][has] ??= possible(input.kind, has));
  };
}

export function add(scores: Float64Array, { at, weights }: Additions): void {
  for (let number = 0; number < at.length; number += 1) scores[at[number]!]! += weights[number]!;
}

function additions(effects: Readonly<Record<string, number>>, names: readonly string[]): Additions {
  // What the model does not know cannot be said, see `mayNameMissingThemes`.
  const entries = Object.entries(effects).filter(([name]) => names.includes(name));
  return { at: entries.map(([name]) => names.indexOf(name)), weights: entries.map(([, w]) => w) };
}
