// The judgement of one record: the model's scores of its words, joined in log-odds with what the
// departments file says of fields and phrases. Pure; every department's relevance comes with its reasons.
import { unreadable } from './artifact.ts';
import type { Task } from './artifact.ts';
import { invalid } from './departments.ts';
import type { DepartmentsConfig } from './departments.ts';
import { add, compileEffects } from './effects.ts';
import type { Effect } from './effects.ts';
import { explain, insert } from './evidence.ts';
import type { Evidence } from './evidence.ts';
import { createContextReader, taskOf } from './model.ts';
import type { Model, Scores } from './model.ts';
import { createPhrases, showPhrase } from './rules.ts';
import type { Findings, JudgeInput, PhraseSpans } from './rules.ts';

export type { Evidence } from './evidence.ts';
export type { JudgeInput } from './rules.ts';

export interface JudgedDepartment {
  readonly department: string;
  /** Probability, 0 to 1, that the department should read this. */
  readonly relevance: number;
  /** The weightiest reasons first, five or, where it is not even unsure, two; a negative weight speaks against. */
  readonly evidence: readonly Evidence[];
  /** Log-odds that are not listed as evidence: weights and rest sum to the log-odds of the relevance, before rounding. */
  readonly rest: number;
}

export interface Judgement {
  /** Every department of at least 0.05 relevance, the most relevant first. */
  readonly departments: readonly JudgedDepartment[];
  /** The main subject, or null when there is none. */
  readonly theme: string | null;
  /** Probability, 0 to 1, of that theme (or of there being none). */
  readonly themeConfidence: number;
  readonly sentiment: -1 | 0 | 1;
  readonly urgency: 'low' | 'normal' | 'high';
  /** Probability, 0 to 1, that the writer says or threatens to leave. */
  readonly churnRisk: number;
  /** How many words and signs were read, and how many of them the model does not know. */
  readonly reading: { readonly tokens: number; readonly unknown: number };
}

export interface Judge {
  /** Version of the model, for example `telecom-v2+0a1b2c3d`. */
  readonly version: string;
  judge(input: JudgeInput): Judgement;
}

const nothingRead = { tokens: 0, unknown: 0 } as const;
const SHOWN_FROM = 0.05;
/** Reasons shown for a department that receives the insight or may be meant, and for one that was merely considered. */
const MOST_EVIDENCE = 5;
const LESS_EVIDENCE = 2;

/**
 * Joins a model and a departments file. Not to be shared between threads: the model's buffers are reused.
 * @throws SignpostError `departments-invalid` when the file names a theme the model does not know, or a
 * phrase without a word; `model-unreadable` when the model lacks one of the four tasks.
 */
export function createJudge(parts: { model: Model; departments: DepartmentsConfig }): Judge {
  const { model, departments: config } = parts;
  const contextOf = createContextReader(model);
  const labelTask = taskOf(model, 'departments', 'multi-label');
  const themeTask = taskOf(model, 'theme', 'single');
  const sentimentTask = taskOf(model, 'sentiment', 'single');
  const churnTask = taskOf(model, 'churn', 'binary');
  checkThemes(config, themeTask);
  const sentiments = sentimentTask.classes.map(sentimentOf);
  const phrases = createPhrases();
  const { effectsFor, departments } = compile();
  const themeScores = new Float64Array(themeTask.classes.length);
  const sentimentScores = new Float64Array(sentimentTask.classes.length);
  const logOdds = new Float64Array(departments.length);
  const reasons: Evidence[][] = departments.map(() => []);

  function judge(input: JudgeInput): Judgement {
    const scores = hasText(input.text) ? model.score(input.text, contextOf(fieldsOf(input))) : null;
    const worded = scores !== null && scores.tokens.count > 0 ? scores : null;
    const text = worded === null ? '' : input.text!;
    const spans = phrases.find(text, worded?.tokens ?? null);
    start(worded);
    let churn = worded === null ? config.prior : worded.values[churnTask.from]!;
    let points = 0;
    const { early, late } = effectsFor(input, spans);
    for (let at = 0; at < early.length; at += 1) {
      const effect = early[at]!;
      if (!effect.condition.holds(input, spans, null)) continue;
      addToDepartments(effect, input, spans, null);
      add(themeScores, effect.theme);
      add(sentimentScores, effect.sentiment);
      churn += effect.churn;
      points += effect.urgency;
    }
    const best = highest(themeScores);
    const className = themeTask.classes[best]!;
    const theme = className === themeTask.none ? null : className;
    const sentiment = sentiments[highest(sentimentScores)]!;
    const findings = { theme: className, sentiment, churnRisk: round(probability(churn)) };
    for (let at = 0; at < late.length; at += 1) {
      const effect = late[at]!;
      if (!effect.condition.holds(input, spans, findings)) continue;
      addToDepartments(effect, input, spans, findings);
      points += effect.urgency;
    }
    return {
      departments: departmentsOf(worded, text, spans, className),
      theme,
      themeConfidence: round(share(themeScores, best)),
      sentiment,
      urgency: urgencyOf(points),
      churnRisk: findings.churnRisk,
      reading:
        worded === null ? nothingRead : { tokens: worded.tokens.count, unknown: worded.unknown },
    };
  }

  /** Scores before rules: the model's where there are words, else the prior. */
  function start(worded: Scores | null): void {
    for (let at = 0; at < departments.length; at += 1) {
      const { column, bias } = departments[at]!;
      const known = worded !== null && column !== null;
      logOdds[at] = (known ? worded.values[column]! : config.prior) + bias;
      reasons[at]!.length = 0;
    }
    for (let at = 0; at < themeScores.length; at += 1) {
      const unsaid = themeTask.classes[at] === themeTask.none ? 0 : config.prior;
      themeScores[at] = worded === null ? unsaid : worded.values[themeTask.from + at]!;
    }
    for (let at = 0; at < sentimentScores.length; at += 1) {
      sentimentScores[at] = worded === null ? 0 : worded.values[sentimentTask.from + at]!;
    }
  }

  function addToDepartments(
    { departments: { at, weights }, condition }: Effect,
    input: JudgeInput,
    spans: PhraseSpans,
    findings: Findings | null,
  ): void {
    for (let number = 0; number < at.length; number += 1) {
      const weight = weights[number]!;
      logOdds[at[number]!]! += weight;
      const shown = condition.shown(input, spans, findings);
      const kind = shown.start === null ? 'field' : 'words';
      insert(reasons[at[number]!]!, { kind, ...shown, weight }, MOST_EVIDENCE);
    }
  }

  function urgencyOf(points: number): Judgement['urgency'] {
    if (points >= config.urgency.high) return 'high';
    return points >= config.urgency.normal ? 'normal' : 'low';
  }

  function departmentsOf(
    worded: Scores | null,
    text: string,
    spans: PhraseSpans,
    theme: string,
  ): JudgedDepartment[] {
    const found: JudgedDepartment[] = [];
    for (let at = 0; at < departments.length; at += 1) {
      const { name, column, words, themes } = departments[at]!;
      const own = reasons[at]!;
      for (let word = 0; spans.any && word < words.length; word += 1) {
        const { phrase, adds } = words[word]!;
        if (spans.start[phrase]! < 0) continue;
        logOdds[at]! += adds;
        insert(own, { kind: 'words', ...showPhrase(spans, phrase), weight: adds }, MOST_EVIDENCE);
      }
      const themeAdds = Object.hasOwn(themes, theme) ? themes[theme] : undefined;
      if (themeAdds !== undefined) {
        logOdds[at]! += themeAdds;
        const shown = { text: `theme: ${theme}`, start: null, end: null };
        insert(own, { kind: 'field', ...shown, weight: themeAdds }, MOST_EVIDENCE);
      }
      const relevance = round(probability(logOdds[at]!));
      if (relevance < SHOWN_FROM) continue;
      const most = relevance >= config.departments[at]!.unsureFrom ? MOST_EVIDENCE : LESS_EVIDENCE;
      const evidence =
        worded === null || column === null ? [] : explain(model, worded, text, column, most);
      for (const piece of own) insert(evidence, piece, most);
      let place = found.length;
      while (place > 0 && found[place - 1]!.relevance < relevance) place -= 1;
      let rest = logOdds[at]!;
      for (const { weight } of evidence) rest -= weight;
      found.splice(place, 0, { department: name, relevance, evidence, rest });
    }
    return found;
  }

  function compile() {
    try {
      return {
        effectsFor: compileEffects(config, { theme: themeTask, sentiment: sentimentTask }, phrases),
        departments: config.departments.map(({ name, bias, words, wordAdds, themes }) => {
          const label = labelTask.classes.indexOf(name);
          const column = label < 0 ? null : labelTask.from + label;
          const weighted = words.map((word) =>
            typeof word === 'string' ? { phrase: word, adds: wordAdds } : word,
          );
          return {
            name,
            bias,
            themes,
            column,
            words: weighted.map(({ phrase, adds }) => ({ phrase: phrases.add(phrase), adds })),
          };
        }),
      };
    } catch (cause) {
      throw invalid(
        `A department or rule has a phrase that cannot be matched: ${String(cause)}`,
        cause,
      );
    }
  }

  return { version: model.version, judge };
}

function checkThemes(config: DepartmentsConfig, task: Task): void {
  const rules = config.rules.flatMap(({ when, theme }) => [
    ...Object.keys(theme),
    ...(when.themes ?? []),
  ]);
  const departments = config.departments.flatMap(({ themes, rules: own }) => [
    ...Object.keys(themes),
    ...own.flatMap(({ when }) => when.themes ?? []),
  ]);
  const named = new Set([...rules, ...departments]);
  const unknown = [...named].filter((theme) => !task.classes.includes(theme));
  if (unknown.length === 0 || config.mayNameMissingThemes === true) return;
  const known = task.classes.join(', ');
  throw invalid(
    `Departments or rules name themes the model does not know: ${unknown.join(', ')}; it knows ${known}`,
  );
}

function sentimentOf(name: string): -1 | 0 | 1 {
  const value = ([-1, 0, 1] as const).find((each) => String(each) === name);
  if (value !== undefined) return value;
  throw unreadable(`has a sentiment ${name}, where -1, 0 and 1 are understood`);
}

/** What a model may read beside the words, by the names that training data has for it. */
function fieldsOf({ kind, scale, score }: JudgeInput): Readonly<Record<string, unknown>> {
  return { kind, rating: scale === 'csat' ? score : null };
}

function hasText(text: string | null): text is string {
  return text !== null && text.length > 0;
}

function probability(logOdds: number): number {
  return 1 / (1 + Math.exp(-logOdds));
}

function highest(scores: Float64Array): number {
  let best = 0;
  for (let at = 1; at < scores.length; at += 1) if (scores[at]! > scores[best]!) best = at;
  return best;
}

/** Softmax of one score among all. */
function share(scores: Float64Array, at: number): number {
  let total = 0;
  for (let other = 0; other < scores.length; other += 1) {
    total += Math.exp(scores[other]! - scores[at]!);
  }
  return 1 / total;
}

function round(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
