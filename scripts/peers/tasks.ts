// The tasks that classifiers are compared on, and how their texts are parted: by a hash of the text, so that every system
// and every run sees the same parts, whatever the order of the file.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { foldOf } from '../../services/classify/training/examples.ts';

export interface PeerTask {
  readonly name: string;
  /** Name of the file in the folder of texts. */
  readonly file: string;
  /** Field of a row that holds its label, a list of labels for `multi-label`. */
  readonly field: string;
  readonly kind: 'multi-label' | 'single';
  /** The label of texts that no class is meant for: never trained on, always tested. */
  readonly outOfScope?: string;
}

const signals = 'telecom-signals.train.jsonl';

export const peerTasks: readonly PeerTask[] = [
  { name: 'departments', file: signals, field: 'departments', kind: 'multi-label' },
  { name: 'theme', file: signals, field: 'theme', kind: 'single' },
  { name: 'sentiment', file: signals, field: 'sentiment', kind: 'single' },
  { name: 'churn', file: signals, field: 'churn', kind: 'single' },
  { name: 'banking77', file: 'banking77.train.jsonl', field: 'intent', kind: 'single' },
  {
    name: 'clinc150',
    file: 'clinc150.train.jsonl',
    field: 'intent',
    kind: 'single',
    outOfScope: 'oos',
  },
  { name: 'it-tickets', file: 'it-tickets.train.jsonl.gz', field: 'queue', kind: 'single' },
];

export interface LabelledRow {
  readonly text: string;
  /** As the file has it: a string, a number, or a list of strings. */
  readonly label: unknown;
  readonly labels: readonly string[];
}

export interface Split {
  readonly train: readonly LabelledRow[];
  readonly test: readonly LabelledRow[];
}

/** Five parts; the first is the one that is held out when only one is. */
export const PARTS = 5;

/** Rows of a JSONL file with `text` and the task's field. @throws Error that names the line that has not. */
export function readRows(jsonl: string, task: PeerTask): LabelledRow[] {
  const rows: LabelledRow[] = [];
  for (const [at, line] of jsonl.split('\n').entries()) {
    if (line.trim() === '') continue;
    const row = JSON.parse(line) as Record<string, unknown>;
    const label = row[task.field];
    const fits = task.kind === 'multi-label' ? Array.isArray(label) : isScalar(label);
    if (typeof row['text'] !== 'string' || !fits) {
      throw new Error(`${task.file}, line ${at + 1}: no text with ${task.field} (${task.kind})`);
    }
    const labels = (Array.isArray(label) ? label : [label]).map(String);
    rows.push({ text: row['text'], label, labels });
  }
  return rows;
}

/** The file of a task in a folder of texts, unpacked when it ends in `.gz`. @throws Error when it is not there. */
export function readTexts(folder: string, { file }: PeerTask): string {
  const path = join(folder, file);
  if (!existsSync(path)) throw new Error(`${folder} has no ${file}, or it cannot be read`);
  const bytes = readFileSync(path);
  return (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
}

/**
 * Holds out part `part` of five. Texts that are out of scope are only ever tested: in `part` when each part is held out
 * in turn (`everyPart`), else all of them, for they are few.
 */
export function splitRows(
  rows: readonly LabelledRow[],
  task: PeerTask,
  part: number,
  everyPart: boolean,
): Split {
  const isOutside = ({ labels }: LabelledRow) =>
    task.outOfScope !== undefined && labels.includes(task.outOfScope);
  const isHeldOut = ({ text }: LabelledRow) => foldOf(`split ${text}`, PARTS) === part;
  return {
    train: rows.filter((row) => !isOutside(row) && !isHeldOut(row)),
    test: rows.filter((row) => isHeldOut(row) || (isOutside(row) && !everyPart)),
  };
}

/** Writes `train.jsonl` and `test.jsonl`, each row with the text and this task's label and nothing else. */
export function writeSplit(
  folder: string,
  { field }: PeerTask,
  split: Split,
): { readonly train: string; readonly test: string } {
  mkdirSync(folder, { recursive: true });
  const write = (name: keyof Split): string => {
    const path = join(folder, `${name}.jsonl`);
    const lines = split[name].map(({ text, label }) => JSON.stringify({ text, [field]: label }));
    writeFileSync(path, lines.map((line) => `${line}\n`).join(''));
    return path;
  };
  return { train: write('train'), test: write('test') };
}

function isScalar(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number';
}
