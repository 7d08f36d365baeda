// Rebuilds the shipped model from labelled texts, and measures what such a model is worth on texts it has
// not seen. The same data, recipe and Node give the same bytes.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { encodeModel } from '../services/classify/artifact.ts';
import type { ModelParts } from '../services/classify/artifact.ts';
import type { DepartmentsConfig } from '../services/classify/departments.ts';
import { createJudge } from '../services/classify/judge.ts';
import type { JudgeInput, Judgement } from '../services/classify/judge.ts';
import { createModel, loadModel } from '../services/classify/model.ts';
import type { Model } from '../services/classify/model.ts';
import { calibrationError, qualityOf } from '../services/classify/quality.ts';
import type { TaskQuality } from '../services/classify/quality.ts';
import { loadShippedDepartments } from '../services/classify/departments-file.ts';
import { foldOf, recipeSchema, train } from '../services/classify/train.ts';
import type { Example, Recipe } from '../services/classify/train.ts';

const shippedDirectory = new URL('../services/classify/model/', import.meta.url);

const rowSchema = z.looseObject({
  text: z.string().min(1),
  kind: z.enum(['ticket', 'post', 'survey']).default('post'),
  rating: z.number().min(1).max(5).optional(),
});
const labelSchema = z.union([z.string(), z.number(), z.array(z.string())]);

interface LabelledText extends Example {
  readonly kind: JudgeInput['kind'];
  readonly rating: number | null;
}

interface Options {
  data: string;
  recipe: string;
  out?: string;
  evaluateSplit?: boolean;
  crossValidate?: number;
}

const program = new Command('train-model')
  .description('Rebuild the model of the classify stage from labelled texts, or measure it.')
  .requiredOption(
    '--data <file>',
    'JSONL: text, kind, rating (1-5, optional) and the recipe’s fields',
  )
  .option(
    '--recipe <file>',
    'what to predict, and how to train',
    new URL('telecom-v1.yaml', shippedDirectory).pathname,
  )
  .option('--out <file>', 'where the model goes (default: the shipped file)')
  .option(
    '--evaluate-split',
    'train on four fifths, by a hash of the text, and measure on the rest',
  )
  .option('--cross-validate <parts>', 'measure on every part in turn', readParts)
  .addHelpText(
    'after',
    `
Without a measuring option the model is trained on all texts and written, and the thresholds that belong
into services/classify/departments.yaml are printed.

Examples:
  bin/node scripts/train-model.ts --data signals.jsonl
  bin/node scripts/train-model.ts --data signals.jsonl --evaluate-split
  bin/node scripts/train-model.ts --data signals.jsonl --cross-validate 5`,
  );

program.parse();
try {
  run(program.opts<Options>());
} catch (cause) {
  const text = cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause);
  program.error(text.replace(/^Error: /, ''));
}

function run(options: Options): void {
  const recipe = recipeSchema.parse(parseYaml(readFileSync(options.recipe, 'utf8')));
  const data = readFileSync(options.data);
  const dataSha256 = createHash('sha256').update(data).digest('hex');
  const texts = readTexts(data.toString('utf8'), recipe);
  say(`${texts.length} texts, SHA-256 ${dataSha256}\n`);
  const build = (rows: readonly Example[], label: string) =>
    train(rows, {
      recipe,
      dataSha256,
      onProgress: (done, total) => progress(`${label}: fit ${done} of ${total}`),
    });

  if (options.evaluateSplit === true || options.crossValidate !== undefined) {
    const parts = options.crossValidate ?? 5;
    const measured = options.crossValidate === undefined ? [0] : [...Array(parts).keys()];
    const results = measured.flatMap((part) => {
      const inPart = (row: Example) => foldOf(`split ${row.text}`, parts) === part;
      const seen = texts.filter((row) => !inPart(row));
      const model = build(seen, `part ${part + 1} of ${parts}`);
      return judgeAll(model, texts.filter(inPart));
    });
    report(results);
    return;
  }
  const bytes = encodeModel(build(texts, 'all texts'));
  const out = options.out ?? new URL(`${recipe.name}.bin`, shippedDirectory).pathname;
  writeFileSync(out, bytes);
  const started = performance.now();
  const model = loadModel(bytes);
  const loadMs = performance.now() - started;
  const { keys, tasks } = model.parts;
  console.log(`${model.version}: ${keys.length} keys, ${model.columns} classes`);
  console.log(`${bytes.length} bytes, loads in ${loadMs.toFixed(0)} ms, written to ${out}`);
  for (const task of tasks) {
    for (const [at, name] of task.classes.entries()) {
      const threshold = task.thresholds[at];
      if (threshold !== undefined) console.log(`threshold ${task.name} ${name}: ${threshold}`);
    }
  }
  console.log(`${speed(model, texts)} texts/s judged, one core, warm`);
}

function readTexts(jsonl: string, recipe: Recipe): LabelledText[] {
  return jsonl
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line, at) => {
      try {
        const row = rowSchema.parse(JSON.parse(line));
        const labels = recipe.tasks.map(({ name, kind, field }): [string, string[]] => {
          const label = labelSchema.parse(row[field]);
          if (Array.isArray(label)) return [name, label];
          return [name, kind === 'binary' && Number(label) === 0 ? [] : [String(label)]];
        });
        const { text, kind, rating } = row;
        return { text, kind, rating: rating ?? null, labels: Object.fromEntries(labels) };
      } catch (cause) {
        const text = cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause);
        throw new Error(`line ${at + 1} is no labelled text: ${text}`, {
          cause,
        });
      }
    });
}

interface Judged {
  readonly row: LabelledText;
  readonly model: ModelParts;
  /** By the words alone, and with the departments file's rules and the rating. */
  readonly words: Judgement;
  readonly joined: Judgement;
}

function judgeAll(parts: ModelParts, rows: readonly LabelledText[]): Judged[] {
  const model = createModel(parts, 'measured');
  const shipped = loadShippedDepartments();
  const bare: DepartmentsConfig = {
    ...shipped,
    departments: shipped.departments.map((department) => {
      return { ...department, bias: 0, words: [], themes: {}, rules: [] };
    }),
    rules: [],
  };
  const byWords = createJudge({ model, departments: bare });
  const joined = createJudge({ model, departments: shipped });
  return rows.map((row) => ({
    row,
    model: parts,
    words: byWords.judge(inputOf(row, false)),
    joined: joined.judge(inputOf(row, true)),
  }));
}

function inputOf({ kind, text, rating }: LabelledText, withRating: boolean): JudgeInput {
  return {
    kind,
    text,
    scale: withRating && rating !== null ? 'csat' : null,
    score: withRating ? rating : null,
    question: null,
    channel: null,
    product: null,
    technology: null,
    ticket: null,
    attributes: {},
  };
}

function report(results: readonly Judged[]): void {
  console.log(`measured on ${results.length} texts the model had not seen`);
  for (const way of ['words', 'joined'] as const) {
    console.log(way === 'words' ? '\nby the words alone' : '\nwith rules and rating');
    const { tasks } = results[0]!.model;
    for (const task of tasks) {
      const said = results.map((result) => classesOf(result, way, task.name));
      const truth = results.map(({ row }) => row.labels[task.name]!);
      if (task.kind !== 'binary') {
        printQuality(task.name, qualityOf(said, truth, task.classes));
        continue;
      }
      // Of a yes-or-no task the no is a class too, as in the usual macro-F1.
      printQuality(
        task.name,
        qualityOf(said.map(withNo), truth.map(withNo), ['0', ...task.classes]),
      );
    }
    const departments = tasks.find(({ name }) => name === 'departments')!.classes;
    const pairs = results.flatMap((result) =>
      departments.map((name) => ({
        said: result[way].departments.find((each) => each.department === name)?.relevance ?? 0,
        true: result.row.labels['departments']!.includes(name),
      })),
    );
    const error = calibrationError(
      pairs.map((pair) => pair.said),
      pairs.map((pair) => pair.true),
    );
    console.log(`  calibration error of departments ${(100 * error).toFixed(1)} %`);
  }
}

function withNo(names: readonly string[]): readonly string[] {
  return names.length > 0 ? names : ['0'];
}

/** What a judgement says to one task, by the thresholds of the model that made it. */
function classesOf({ model, ...result }: Judged, way: 'words' | 'joined', name: string): string[] {
  const task = model.tasks.find((each) => each.name === name)!;
  const judgement = result[way];
  const reaches = (probability: number, at: number) => probability >= task.thresholds[at]!;
  switch (name) {
    case 'departments':
      return judgement.departments
        .filter(({ department, relevance }) => reaches(relevance, task.classes.indexOf(department)))
        .map(({ department }) => department);
    case 'theme':
      return [judgement.theme ?? task.none ?? ''];
    case 'sentiment':
      return [String(judgement.sentiment)];
    default:
      return reaches(judgement.churnRisk, 0) ? [...task.classes] : [];
  }
}

function printQuality(name: string, { microF1, macroF1, classes }: TaskQuality): void {
  console.log(`  ${name}: micro-F1 ${microF1.toFixed(3)}, macro-F1 ${macroF1.toFixed(3)}`);
  for (const [label, { precision, recall, f1, support }] of Object.entries(classes)) {
    const figures = `precision ${precision.toFixed(2)} recall ${recall.toFixed(2)} F1 ${f1.toFixed(2)}`;
    console.log(`    ${label.padEnd(26)} ${figures} of ${support}`);
  }
}

/** Judgements a second with evidence, all rules and all tasks: the median of five passes after two to warm up. */
function speed(model: Model, texts: readonly LabelledText[]): number {
  const judge = createJudge({ model, departments: loadShippedDepartments() });
  const inputs = texts.map((row) => inputOf(row, true));
  const rates = Array.from({ length: 7 }, () => {
    const started = performance.now();
    for (const input of inputs) judge.judge(input);
    return (1000 * inputs.length) / (performance.now() - started);
  });
  return Math.round(rates.slice(2).toSorted((a, b) => a - b)[2]!);
}

function readParts(value: string): number {
  const parts = Number(value);
  if (Number.isInteger(parts) && parts >= 2 && parts <= 20) return parts;
  throw new InvalidArgumentError('must be a whole number from 2 to 20');
}

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
  else say(`${text}\n`);
}

function say(text: string): void {
  process.stderr.write(text);
}
