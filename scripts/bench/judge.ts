// Measures judging on one core, by processor time, over texts of the field knowledge: the first pass of a fresh process, then
// warm; the model alone, departments with their five weightiest reasons, and everything that `classify` does.
import { readFileSync } from 'node:fs';
import { loadShippedDepartments } from '../../services/classify/departments-file.ts';
import { explain } from '../../services/classify/evidence.ts';
import { createJudge } from '../../services/classify/judge.ts';
import { loadShippedModel, taskOf } from '../../services/classify/model.ts';
import { nothingSaid } from '../../services/classify/rules.ts';

const RUNS = 5;
const RUN_SECONDS = 1;

/** Texts a second of each way; the median of five runs but for the first pass. */
export function benchJudge(): Record<string, number> {
  const texts = readTexts();
  const started = performance.now();
  const model = loadShippedModel();
  const loadMs = performance.now() - started;
  const judge = createJudge({ model, departments: loadShippedDepartments() });
  const task = taskOf(model, 'departments', 'multi-label');
  const score = (text: string) => void model.score(text);
  const reasons = (text: string) => {
    const scores = model.score(text);
    for (let at = 0; at < task.classes.length; at += 1)
      explain(model, scores, text, task.from + at, 5);
  };
  const everything = (text: string) => void judge.judge({ ...nothingSaid, kind: 'post', text });
  const firstPass = rate(texts, score, 0);
  return {
    texts: texts.length,
    meanUnits: Math.round(texts.reduce((sum, text) => sum + text.length, 0) / texts.length),
    loadMs: Math.round(loadMs),
    scoredInFirstPass: firstPass,
    scored: median(texts, score),
    departmentsWithReasons: median(texts, reasons),
    judged: median(texts, everything),
  };
}

function readTexts(): string[] {
  const file = new URL('../../services/classify/knowledge/telecom.jsonl', import.meta.url);
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as { text: string }).text);
}

function median(texts: readonly string[], run: (text: string) => void): number {
  const rates = Array.from({ length: RUNS + 1 }, () => rate(texts, run, RUN_SECONDS));
  return rates.slice(1).toSorted((a, b) => a - b)[RUNS >> 1]!;
}

function rate(texts: readonly string[], run: (text: string) => void, seconds: number): number {
  const started = processorSeconds();
  let passes = 0;
  let elapsed = 0;
  do {
    for (const text of texts) run(text);
    passes += 1;
    elapsed = processorSeconds() - started;
  } while (elapsed < seconds);
  return Math.round((passes * texts.length) / elapsed);
}

function processorSeconds(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000_000;
}
