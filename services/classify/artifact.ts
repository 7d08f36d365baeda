// The model's file: what the numbers of a model are, and how they stand in bytes. A file that is damaged, cut short or of
// another format is refused.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { SignpostError } from '#core/errors.ts';

/** `multi-label`: each class is yes or no; `single`: exactly one class; `binary`: one class, yes or no. */
export type TaskKind = 'multi-label' | 'single' | 'binary';

const taskSchema = z.object({
  name: z.string(),
  kind: z.enum(['multi-label', 'single', 'binary']),
  /** What can be said; the scores stand in columns `from` to `from + classes.length - 1`. */
  classes: z.array(z.string()).min(1),
  /** The class of a single-choice task that means "nothing fits", or null. */
  none: z.string().nullable(),
  from: z.int(),
  /** Probability per class from which a yes is best by F1 on out-of-fold predictions; empty for `single`. */
  thresholds: z.array(z.number()),
  /** A single-choice task's label of texts that belong to no class, and the highest score below which a text is one. */
  outOfScope: z.object({ label: z.string(), below: z.number() }).nullable(),
});
/** What one task predicts. */
export type Task = z.output<typeof taskSchema>;

const trainedSchema = z.object({
  /** Labelled rows of the data, and those of the field knowledge beside them. */
  rows: z.int(),
  knowledgeRows: z.int(),
  /** SHA-256 of each file, in the order given. */
  data: z.array(z.object({ name: z.string(), sha256: z.string() })),
  /** Day of training, UTC. */
  at: z.string(),
  /** Version of Signpost that trained. */
  code: z.string(),
  recipe: z.unknown(),
  /**
   * Per task what predictions of texts were worth that the weights had not been learnt from. Factors and thresholds were found
   * on the same predictions, which flatters a little.
   */
  quality: z.record(z.string(), z.record(z.string(), z.number())),
  /** Share of the data's rows per task and label, to tell drift by; of `departments` with none too. */
  shares: z.record(z.string(), z.record(z.string(), z.number())),
  /** Share of the words of out-of-fold texts that their model had not met. */
  unknownWords: z.number(),
});
/** How the artifact came to be: enough to rebuild it, to tell whether it was, and what to expect of it. */
export type TrainingReport = z.output<typeof trainedSchema>;

const headerSchema = z.object({
  name: z.string(),
  tasks: z.array(taskSchema).min(1),
  /** Fields of a record that are read beside its words. */
  context: z.array(z.string()).max(16),
  trained: trainedSchema,
});

/**
 * A model as numbers. A key's rows are `linear` (16-bit, one number a column) and `inner` (8-bit, one a hidden unit). With the
 * rows of a text summed and divided by its norm: hidden unit = max(0, innerScale × sum + innerBias), score = scale × sum + bias
 * + Σ hidden unit × out. `columns` and `hidden` are multiples of 16; columns behind the last class say nothing.
 */
export interface ModelParts extends z.output<typeof headerSchema> {
  readonly columns: number;
  readonly hidden: number;
  /** Keys of words, pairs, negated words, character n-grams and context. A word's row holds its n-grams too. */
  readonly keys: Uint32Array;
  /** Part of each row in the squared norm of a text. */
  readonly squares: Float32Array;
  readonly scales: Float32Array;
  readonly biases: Float32Array;
  readonly innerScales: Float32Array;
  readonly innerBiases: Float32Array;
  /** One row of `columns` a hidden unit. */
  readonly out: Float32Array;
  readonly linear: Int16Array;
  readonly inner: Int8Array;
}

const MAGIC = 'SIGNPLM2';
const PREFIX_BYTES = 24;
/** SHA-256 of all before it: a file that is copied over another may be met half old and half new. */
const CHECKSUM_BYTES = 32;

/** The artifact's bytes: magic, lengths, a JSON header, the arrays in the order of `bodyOf`, little-endian, and a checksum. */
export function encodeModel(parts: ModelParts): Uint8Array {
  const { name, tasks, context, trained, columns, hidden, keys } = parts;
  const json = new TextEncoder().encode(JSON.stringify({ name, tasks, context, trained }));
  const headerBytes = Math.ceil((PREFIX_BYTES + json.length) / 16) * 16;
  const arrays = bodyOf(parts);
  const length = arrays.reduce((sum, array) => sum + array.byteLength, headerBytes);
  const bytes = new Uint8Array(length + CHECKSUM_BYTES);
  bytes.fill(32, 0, headerBytes);
  bytes.set(new TextEncoder().encode(MAGIC));
  const view = new DataView(bytes.buffer);
  [headerBytes, keys.length, columns, hidden].forEach((value, at) =>
    view.setUint32(8 + at * 4, value, true),
  );
  bytes.set(json, PREFIX_BYTES);
  let at = headerBytes;
  for (const array of arrays) {
    bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), at);
    at += array.byteLength;
  }
  bytes.set(checksumOf(bytes.subarray(0, at)), at);
  return bytes;
}

function checksumOf(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest();
}

type Body = Pick<
  ModelParts,
  | 'keys'
  | 'squares'
  | 'scales'
  | 'biases'
  | 'innerScales'
  | 'innerBiases'
  | 'out'
  | 'linear'
  | 'inner'
>;

/** A model's arrays, in the order of the file. */
export function bodyOf(parts: Body) {
  const { keys, squares, scales, biases, innerScales, innerBiases, out, linear, inner } = parts;
  return [keys, squares, scales, biases, innerScales, innerBiases, out, linear, inner];
}

/** @throws SignpostError `model-unreadable` when the bytes are not a whole artifact of this format. */
export function decodeModel(bytes: Uint8Array): ModelParts {
  const magic = new TextDecoder().decode(bytes.subarray(0, 8));
  if (bytes.length < PREFIX_BYTES || magic !== MAGIC) {
    if (magic === 'SIGNPLM1') throw unreadable('is of an older format; train it anew');
    throw unreadable(`does not begin with ${MAGIC}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [headerBytes, rows, columns, hidden] = [8, 12, 16, 20].map((at) =>
    view.getUint32(at, true),
  ) as [number, number, number, number];
  const floats = 2 * columns + 2 * hidden + hidden * columns;
  const expected = headerBytes + 4 * floats + rows * (8 + 2 * columns + hidden) + CHECKSUM_BYTES;
  if (bytes.length !== expected) throw unreadable(`has ${bytes.length} bytes, not ${expected}`);
  const end = bytes.length - CHECKSUM_BYTES;
  if (Buffer.compare(checksumOf(bytes.subarray(0, end)), bytes.subarray(end)) !== 0)
    throw unreadable('has been changed or written only in part: its checksum is another');
  if (columns % 16 !== 0 || hidden % 16 !== 0) throw unreadable('has rows of a wrong width');
  const header = readHeader(bytes.subarray(PREFIX_BYTES, headerBytes));
  checkTasks(header.tasks, columns);
  // A copy, so that the arrays are aligned wherever the bytes came from (a Buffer's slice would be none).
  const body = new Uint8Array(bytes.subarray(headerBytes)).buffer;
  let at = 0;
  const take = <A>(
    type: new (buffer: ArrayBuffer, at: number, length: number) => A,
    length: number,
    size: number,
  ): A => {
    const array = new type(body, at, length);
    at += length * size;
    return array;
  };
  const parts = {
    ...header,
    columns,
    hidden,
    keys: take(Uint32Array, rows, 4),
    squares: take(Float32Array, rows, 4),
    scales: take(Float32Array, columns, 4),
    biases: take(Float32Array, columns, 4),
    innerScales: take(Float32Array, hidden, 4),
    innerBiases: take(Float32Array, hidden, 4),
    out: take(Float32Array, hidden * columns, 4),
    linear: take(Int16Array, rows * columns, 2),
    inner: take(Int8Array, rows * hidden, 1),
  };
  checkNumbers(parts);
  return parts;
}

/** A file may be whole and still lie: what it says of its columns is what the rest of the program reads by. */
function checkTasks(tasks: readonly Task[], columns: number): void {
  let next = 0;
  for (const { name, kind, classes, none, from, thresholds } of tasks) {
    const wanted = kind === 'single' ? 0 : classes.length;
    const isSound =
      from === next &&
      new Set(classes).size === classes.length &&
      thresholds.length === wanted &&
      thresholds.every((threshold) => threshold >= 0 && threshold <= 1) &&
      (none === null || classes.includes(none)) &&
      (kind !== 'binary' || classes.length === 1);
    if (!isSound) throw unreadable(`has a task ${name} whose classes do not add up`);
    next += classes.length;
  }
  if (new Set(tasks.map(({ name }) => name)).size < tasks.length)
    throw unreadable('has two tasks of one name');
  if (next > columns) throw unreadable(`speaks of ${next} classes and holds ${columns}`);
}

function checkNumbers({
  squares,
  scales,
  biases,
  innerScales,
  innerBiases,
  out,
}: ModelParts): void {
  for (const array of [squares, scales, biases, innerScales, innerBiases, out])
    if (!array.every(Number.isFinite)) throw unreadable('holds what is no number');
}

function readHeader(json: Uint8Array): z.output<typeof headerSchema> {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(json);
    return headerSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw unreadable('has a header that cannot be read', cause);
  }
}

/** The error for a model that cannot be used; `what` completes "the model …". */
export function unreadable(what: string, cause?: unknown): SignpostError {
  return new SignpostError('model-unreadable', `the model ${what}`, {
    cause,
    hint: 'Restore the file, or train it anew with `signpost train`.',
  });
}
