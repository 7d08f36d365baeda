// Labelled rows: what a line of training data says, and which tasks follow from the labels.
import { z } from 'zod';
import { SignpostError } from '#core/errors.ts';
import type { Task, TaskKind } from '../artifact.ts';

/** A label as a row gives it: one class, a list of those that hold, or some that are known to hold or not. */
export type Label =
  | { readonly kind: 'one'; readonly name: string }
  | { readonly kind: 'all'; readonly names: readonly string[] }
  | { readonly kind: 'some'; readonly known: Readonly<Record<string, boolean>> };

/** A text with its labels by task; a task without one is not known of this text. */
export interface Example {
  readonly text: string;
  /** Everything else the row holds, for context. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly labels: Readonly<Record<string, Label>>;
}

const scalar = z.union([z.string(), z.number(), z.boolean()]);
const labelSchema = z.union([scalar, z.array(scalar), z.record(z.string(), z.boolean())]);

/**
 * One line of JSON: `{"text": …, "<task>": value, list or {label: true | false}}`.
 * @throws SignpostError `data-invalid` naming the line, counted from 1.
 */
export function readExample(
  line: string,
  place: { readonly file: string; readonly line: number },
  tasks: readonly string[],
): Example {
  let row: unknown;
  try {
    row = JSON.parse(line);
  } catch (cause) {
    throw invalid(place, 'is not JSON', cause);
  }
  if (row === null || typeof row !== 'object' || Array.isArray(row))
    throw invalid(place, 'is no JSON object');
  const fields = row as Record<string, unknown>;
  if (typeof fields['text'] !== 'string') throw invalid(place, 'has no "text"');
  const labels = Object.create(null) as Record<string, Label>;
  for (const task of tasks) {
    const value = Object.hasOwn(fields, task) ? fields[task] : undefined;
    if (value === undefined || value === null) continue;
    const parsed = labelSchema.safeParse(value);
    if (!parsed.success)
      throw invalid(place, `has a ${task} that is neither a value, a list nor {label: true|false}`);
    labels[task] = labelOf(parsed.data);
  }
  return { text: fields['text'], fields, labels };
}

function labelOf(value: z.output<typeof labelSchema>): Label {
  if (Array.isArray(value)) return { kind: 'all', names: value.map(String) };
  if (typeof value === 'object') return { kind: 'some', known: value };
  if (typeof value === 'boolean') return { kind: 'one', name: value ? '1' : '0' };
  return { kind: 'one', name: String(value) };
}

function invalid(place: { file: string; line: number }, what: string, cause?: unknown) {
  return new SignpostError('data-invalid', `Line ${place.line} of ${place.file} ${what}`, {
    cause,
    hint: 'Each line is one JSON object, for example {"text": "no signal", "departments": ["planning"]}.',
  });
}

/**
 * The tasks that the data's labels speak of, their classes in alphabetical order: lists make a multi-label task, 0 and 1 alone
 * a yes-or-no one, other values a single choice.
 * @throws SignpostError `data-invalid` for a task without a label, or with a single class to choose from.
 */
export function layOutTasks(
  examples: readonly Example[],
  names: readonly string[],
  special: {
    readonly none: string;
    readonly outOfScope: string;
    /** Finds a bound for texts out of scope also where the data has none: one that hardly any text within scope is below. */
    readonly tellsOutOfScope?: boolean;
  },
): Task[] {
  let from = 0;
  return names.map((name): Task => {
    const kind = kindOf(examples, name);
    const found = new Set(examples.flatMap(({ labels }) => namesOf(labels[name])));
    const hasOutside = kind === 'single' && found.delete(special.outOfScope);
    if (kind === 'binary') found.delete('0');
    const classes = [...found].toSorted();
    if (classes.length < (kind === 'single' ? 2 : 1)) {
      const what = kind === 'single' ? 'fewer than two labels' : 'no label that holds';
      throw new SignpostError('data-invalid', `The data has ${what} for the task ${name}`, {
        hint: `Rows name it beside the text: {"text": …, "${name}": …}.`,
      });
    }
    const none = kind === 'single' && found.has(special.none) ? special.none : null;
    const outOfScope =
      hasOutside || (kind === 'single' && special.tellsOutOfScope === true)
        ? { label: special.outOfScope, below: NOTHING_BELOW }
        : null;
    const task = { name, kind, classes, none, from, thresholds: [], outOfScope };
    from += classes.length;
    return task;
  });
}

function kindOf(examples: readonly Example[], name: string): TaskKind {
  let isBinary = true;
  for (const { labels } of examples) {
    const label = labels[name];
    if (label === undefined) continue;
    if (label.kind !== 'one') return 'multi-label';
    if (label.name !== '0' && label.name !== '1') isBinary = false;
  }
  return isBinary ? 'binary' : 'single';
}

function namesOf(label: Label | undefined): readonly string[] {
  if (label === undefined) return [];
  if (label.kind === 'one') return [label.name];
  return label.kind === 'all' ? label.names : Object.keys(label.known);
}

/**
 * What a text's labels say of each column of a task: 1 it holds, -1 it does not, 0 nobody knows. `known` are the classes
 * that whoever labelled the text knew of; the others are unknown where they are not named.
 */
export function sidesOf(
  label: Label | undefined,
  task: Task,
  known: (name: string) => boolean = () => true,
): readonly (-1 | 0 | 1)[] {
  if (label === undefined) return task.classes.map(() => 0);
  if (label.kind === 'some') {
    return task.classes.map((name) => {
      if (!Object.hasOwn(label.known, name)) return 0;
      return label.known[name] === true ? 1 : -1;
    });
  }
  const names = label.kind === 'all' ? label.names : [label.name];
  // One of a single choice that this task does not have leaves all of it open.
  if (task.kind === 'single' && !names.some((name) => task.classes.includes(name)))
    return task.classes.map(() => 0);
  return task.classes.map((name) => (names.includes(name) ? 1 : known(name) ? -1 : 0));
}

/** Whether the text is labelled as belonging to no class of the task. */
export function isOutside(label: Label | undefined, task: Task): boolean {
  return task.outOfScope !== null && label?.kind === 'one' && label.name === task.outOfScope.label;
}

/** A bound that no score comes near; infinity has no form in JSON. */
export const NOTHING_BELOW = -1_000_000;

/** Which of `folds` parts a text belongs to: FNV-1a of its UTF-16 units, so stable whatever the order. */
export function foldOf(text: string, folds: number): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return ((hash ^ (hash >>> 13)) >>> 0) % folds;
}
