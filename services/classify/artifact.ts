// The model's file: what the numbers of a linear model are, and how they stand in bytes. A file that is
// damaged, cut short or of another format is refused.
import { z } from 'zod';
import { SignpostError } from '#core/errors.ts';

/** `multi-label`: each class is yes or no; `single`: exactly one class; `binary`: one class, yes or no. */
export type TaskKind = 'multi-label' | 'single' | 'binary';

/** What one task predicts. Its scores stand in columns `from` to `from + classes.length - 1`. */
export interface Task {
  readonly name: string;
  readonly kind: TaskKind;
  readonly classes: readonly string[];
  /** The class of a single-choice task that means "nothing fits", or null. */
  readonly none: string | null;
  readonly from: number;
  /** Probability per class from which a yes is best by F1 on out-of-fold predictions; empty for `single`. */
  readonly thresholds: readonly number[];
}

/** How the artifact came to be: enough to rebuild it and to tell whether it was. */
export interface TrainingRecord {
  readonly rows: number;
  readonly dataSha256: string;
  readonly recipe: unknown;
}

/** A model as numbers. `weights` is row-major, one row of `columns` per key; score = scale × Σ rows ÷ norm + bias. */
export interface ModelParts {
  readonly name: string;
  readonly tasks: readonly Task[];
  readonly trained: TrainingRecord;
  /** Keys of words, pairs and negated words. A word's row holds its character n-grams too. */
  readonly keys: Uint32Array;
  /** Part of each row in the squared norm of a text. */
  readonly squares: Float32Array;
  readonly weights: Int16Array;
  readonly scales: readonly number[];
  readonly biases: readonly number[];
}

const MAGIC = 'SIGNPLM1';
const PREFIX_BYTES = 20;

/** The artifact's bytes: magic, lengths, a JSON header, then keys, squares and weights, little-endian. */
export function encodeModel(parts: ModelParts): Uint8Array {
  const { name, tasks, trained, scales, biases, keys, squares, weights } = parts;
  const json = new TextEncoder().encode(JSON.stringify({ name, tasks, trained, scales, biases }));
  const headerBytes = PREFIX_BYTES + json.length + ((4 - ((PREFIX_BYTES + json.length) % 4)) % 4);
  const bytes = new Uint8Array(headerBytes + keys.length * 8 + weights.length * 2);
  bytes.fill(32, 0, headerBytes);
  bytes.set(new TextEncoder().encode(MAGIC));
  const view = new DataView(bytes.buffer);
  view.setUint32(8, headerBytes, true);
  view.setUint32(12, keys.length, true);
  view.setUint32(16, scales.length, true);
  bytes.set(json, PREFIX_BYTES);
  let at = headerBytes;
  for (const array of [keys, squares, weights]) {
    bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), at);
    at += array.byteLength;
  }
  return bytes;
}

/** @throws SignpostError `model-unreadable` when the bytes are not a whole artifact of this format. */
export function decodeModel(bytes: Uint8Array): ModelParts {
  if (bytes.length < PREFIX_BYTES || new TextDecoder().decode(bytes.subarray(0, 8)) !== MAGIC) {
    throw unreadable(`does not begin with ${MAGIC}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerBytes = view.getUint32(8, true);
  const rows = view.getUint32(12, true);
  const columns = view.getUint32(16, true);
  const expected = headerBytes + rows * (8 + 2 * columns);
  if (bytes.length !== expected) throw unreadable(`has ${bytes.length} bytes, not ${expected}`);
  const header = readHeader(bytes.subarray(PREFIX_BYTES, headerBytes));
  const inColumns = header.tasks.reduce((sum, task) => sum + task.classes.length, 0);
  if ([inColumns, header.scales.length, header.biases.length].some((n) => n !== columns)) {
    throw unreadable(`speaks of ${inColumns} classes and holds ${columns}`);
  }
  // A copy, so that the arrays are aligned wherever the bytes came from (a Buffer's slice would be none).
  const body = new Uint8Array(bytes.subarray(headerBytes)).buffer;
  return {
    ...header,
    keys: new Uint32Array(body, 0, rows),
    squares: new Float32Array(body, rows * 4, rows),
    weights: new Int16Array(body, rows * 8, rows * columns),
  };
}

const headerSchema = z.object({
  name: z.string(),
  tasks: z
    .array(
      z.object({
        name: z.string(),
        kind: z.enum(['multi-label', 'single', 'binary']),
        classes: z.array(z.string()).min(1),
        none: z.string().nullable(),
        from: z.int(),
        thresholds: z.array(z.number()),
      }),
    )
    .min(1),
  trained: z.object({ rows: z.int(), dataSha256: z.string(), recipe: z.unknown() }),
  scales: z.array(z.number()),
  biases: z.array(z.number()),
});

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
    hint: 'Restore the file from the repository or rebuild it with scripts/train-model.ts.',
  });
}
