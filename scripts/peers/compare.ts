// Trains and measures each system on the same parts of a task's texts.
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { measure, type Judged, type Prediction, type Quality, type ScoreKind } from './measures.ts';
import { NotMeasured, runMeasured } from './processes.ts';
import type { Commands, JudgeReport, System } from './systems.ts';
import {
  PARTS,
  readRows,
  splitRows,
  writeSplit,
  type LabelledRow,
  type PeerTask,
} from './tasks.ts';

export interface SystemFigures {
  readonly system: string;
  readonly quality: Quality;
  /** Mean over the parts: the whole process, with its start and the reading of the texts; by the clock. */
  readonly trainSeconds: number;
  /** The same, of the processor. */
  readonly trainCpuSeconds: number | null;
  /** Median over the parts, on one core, warm, as the system's own process counts it. */
  readonly textsPerSecond: number;
  readonly way: string;
  /** Largest of the parts, all files of the model. */
  readonly modelBytes: number;
  /** Highest of the parts. */
  readonly trainPeakMb: number | null;
  readonly judgePeakMb: number | null;
}

export interface SystemFailure {
  readonly system: string;
  /** One sentence. */
  readonly notMeasured: string;
}

export interface Comparison {
  readonly task: PeerTask;
  readonly trainRows: number;
  readonly testRows: number;
  readonly results: readonly (SystemFigures | SystemFailure)[];
}

export interface CompareOptions {
  readonly systems: readonly System[];
  /** Every part is held out in turn, and what is said of all of them measured together; else the first only. */
  readonly everyPart: boolean;
  /** No single process of a system may take longer. */
  readonly limitSeconds: number;
  /** Where parts, models and predictions go. */
  readonly folder: string;
  readonly onProgress?: (text: string) => void;
}

interface Part {
  readonly files: { readonly train: string; readonly test: string };
  readonly test: readonly LabelledRow[];
  readonly folder: string;
}

interface PartFigures extends Omit<SystemFigures, 'system' | 'quality'> {
  readonly judged: readonly Judged[];
  readonly scoreKind: ScoreKind;
}

/** @throws Error when the texts cannot be read; what goes wrong with a system is a result. */
export async function compare(
  task: PeerTask,
  jsonl: string,
  options: CompareOptions,
): Promise<Comparison> {
  const rows = readRows(jsonl, task);
  const { everyPart, systems } = options;
  const splits = (everyPart ? [...Array(PARTS).keys()] : [0]).map((part) =>
    splitRows(rows, task, part, everyPart),
  );
  const parts = splits.map((split, at): Part => {
    const folder = join(options.folder, `${task.name}-${at}`);
    return { folder, files: writeSplit(folder, task, split), test: split.test };
  });
  const results: (SystemFigures | SystemFailure)[] = [];
  for (const system of systems) {
    results.push(await measureSystem(system, task, parts, options));
  }
  const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);
  return {
    task,
    trainRows: Math.round(sum(splits.map(({ train }) => train.length)) / splits.length),
    testRows: sum(splits.map(({ test }) => test.length)),
    results,
  };
}

async function measureSystem(
  system: System,
  task: PeerTask,
  parts: readonly Part[],
  options: CompareOptions,
): Promise<SystemFigures | SystemFailure> {
  const figures: PartFigures[] = [];
  try {
    const commands = await system.prepare();
    for (const [at, part] of parts.entries()) {
      options.onProgress?.(`${task.name}: ${system.name}, part ${at + 1} of ${parts.length}`);
      figures.push(await measurePart(system, commands, { task, part, options }));
    }
  } catch (cause) {
    if (!(cause instanceof NotMeasured)) throw cause;
    options.onProgress?.(`${task.name}: ${system.name} ${cause.message}`);
    return { system: system.name, notMeasured: cause.message };
  }
  const { scoreKind, way } = figures[0]!;
  const { kind, outOfScope } = task;
  const judged = figures.flatMap((part) => part.judged);
  const rates = figures.map(({ textsPerSecond }) => textsPerSecond).toSorted((a, b) => a - b);
  return {
    system: system.name,
    quality: measure(judged, { kind, scoreKind, outOfScope }),
    trainSeconds: mean(figures.map(({ trainSeconds }) => trainSeconds))!,
    trainCpuSeconds: mean(figures.map(({ trainCpuSeconds }) => trainCpuSeconds)),
    textsPerSecond: rates[rates.length >> 1]!,
    way,
    modelBytes: Math.max(...figures.map(({ modelBytes }) => modelBytes)),
    trainPeakMb: highest(figures.map(({ trainPeakMb }) => trainPeakMb)),
    judgePeakMb: highest(figures.map(({ judgePeakMb }) => judgePeakMb)),
  };
}

interface PartContext {
  readonly task: PeerTask;
  readonly part: Part;
  readonly options: CompareOptions;
}

async function measurePart(
  { name }: System,
  commands: Commands,
  { task, part, options }: PartContext,
): Promise<PartFigures> {
  const folder = join(part.folder, name);
  mkdirSync(folder);
  const predictions = join(folder, 'predictions.jsonl');
  const job = { task, ...part.files, model: join(folder, 'model'), predictions };
  const trained = await runMeasured(commands.train(job), options.limitSeconds);
  const judging = await runMeasured(commands.judge(job), options.limitSeconds);
  const report = readReport(judging.stdout);
  return {
    judged: readPredictions(readFileSync(predictions, 'utf8'), part.test),
    scoreKind: report.scoreKind ?? 'probability',
    trainSeconds: trained.seconds,
    trainCpuSeconds: trained.cpuSeconds,
    textsPerSecond: report.textsPerSecond,
    way: report.way ?? '',
    modelBytes: bytesOf(job.model),
    trainPeakMb: trained.peakMb,
    judgePeakMb: judging.peakMb,
  };
}

/** The JSON that a system prints last. @throws NotMeasured when there is none or it lacks the speed. */
export function readReport(stdout: string): JudgeReport {
  try {
    const report = JSON.parse(stdout.slice(Math.max(0, stdout.search(/^\{/m)))) as JudgeReport;
    if (report.textsPerSecond > 0) return report;
  } catch {
    // Told below: no JSON and JSON without the speed are the same to the reader.
  }
  throw new NotMeasured('printed no JSON with textsPerSecond');
}

/** Joins predictions to the rows they are for. @throws NotMeasured when they are not as many, or no predictions. */
export function readPredictions(jsonl: string, rows: readonly LabelledRow[]): Judged[] {
  const lines = jsonl.trimEnd().split('\n');
  if (lines.length !== rows.length) {
    throw new NotMeasured(`wrote ${lines.length} predictions for ${rows.length} texts`);
  }
  return lines.map((line, at) => {
    const { scores, labels } = JSON.parse(line) as Prediction;
    const isRight = Object.values(scores).every((score) => Number.isFinite(score));
    if (!isRight) throw new NotMeasured(`wrote a score that is no number (line ${at + 1})`);
    return { scores, truth: rows[at]!.labels, ...(labels === undefined ? {} : { labels }) };
  });
}

/** Bytes of all files whose path begins with that of the model. */
function bytesOf(model: string): number {
  const folder = dirname(model);
  const files = readdirSync(folder).filter((file) => file.startsWith(basename(model)));
  return files.reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);
}

/** Null when one is not known. */
function mean(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  if (known.length < values.length) return null;
  return known.reduce((sum, value) => sum + value, 0) / known.length;
}

function highest(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.max(...known);
}
