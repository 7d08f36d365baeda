// Why a record is refused at the door: a closed reason, the field, and a sentence for people. Nothing of what the
// record says is ever quoted, so that a refusal may be logged and shown.
import type { z } from 'zod';

export const intakeReasons = [
  'not-an-object',
  'invalid-json',
  'missing-field',
  'wrong-type',
  'unknown-field',
  'unknown-value',
  'unknown-status',
  'unknown-scale',
  'out-of-scale',
  'out-of-range',
  'invalid-time',
  'time-without-zone',
  'implausible-time',
  'invalid-language',
  'invalid-characters',
  'too-long',
  'too-many',
  'empty-record',
  'unknown-department',
  'personal-data',
] as const;

export type IntakeReason = (typeof intakeReasons)[number];

export interface Refusal {
  readonly ok: false;
  readonly reason: IntakeReason;
  /** Path of the field, like `notes[2].at`; empty for the record as a whole. Safe to print. */
  readonly field: string;
  /** A sentence without the field's name; quotes nothing of the record. */
  readonly detail: string;
}

export type Validated<T> = { readonly ok: true; readonly record: T } | Refusal;

export function refuse(reason: IntakeReason, field: string, detail: string): Refusal {
  return { ok: false, reason, field, detail };
}

/** What a check adds to its zod issue, so that the issue finds its reason. */
export function because(
  reason: IntakeReason,
  detail: string,
): { error: string; params: { reason: IntakeReason } } {
  return { error: detail, params: { reason } };
}

const vocabularies: Readonly<Record<string, IntakeReason>> = {
  status: 'unknown-status',
  scale: 'unknown-scale',
  department: 'unknown-department',
};

/** Why `schema` did not take `input`: the first of what its error tells. */
export function refusalIn(schema: z.ZodObject, error: z.ZodError, input: unknown): Refusal {
  const misspelt = unknownField(schema, input);
  if (misspelt !== undefined) return misspelt;
  const [issue] = error.issues;
  if (issue === undefined) throw new Error('zod refused a record without an issue');
  return refusalOf(issue, input);
}

/** A misspelt name explains a missing field better than the missing field does. */
function unknownField(schema: z.ZodObject, input: unknown): Refusal | undefined {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return undefined;
  const unknown = Object.keys(input).find((key) => !Object.hasOwn(schema.shape, key));
  return unknown === undefined
    ? undefined
    : refuse('unknown-field', pathText([unknown]), 'is not a field of this record');
}

/** The refusal that a zod issue means. */
function refusalOf(issue: z.core.$ZodIssue, input: unknown): Refusal {
  const field = pathText(issue.path);
  switch (issue.code) {
    case 'custom':
      return refuse(reasonOf(issue.params?.['reason']), field, issue.message);
    case 'unrecognized_keys':
      return refuse(
        'unknown-field',
        pathText([...issue.path, issue.keys[0] ?? '']),
        'is not a field of this record',
      );
    case 'invalid_value': {
      const reason = vocabularies[String(issue.path.at(-1))] ?? 'unknown-value';
      return (
        missing(issue.path, input) ??
        refuse(reason, field, `must be one of ${issue.values.join(', ')}`)
      );
    }
    case 'too_big':
      if (issue.origin === 'string')
        return refuse('too-long', field, `must have at most ${issue.maximum} characters`);
      if (issue.origin === 'array')
        return refuse('too-many', field, `must have at most ${issue.maximum} entries`);
      return refuse('out-of-range', field, `must be at most ${issue.maximum}`);
    case 'too_small':
      if (issue.origin === 'string') return refuse('missing-field', field, 'must not be empty');
      return refuse('out-of-range', field, `must be at least ${issue.minimum}`);
    case 'invalid_key': {
      const [inner] = issue.issues;
      if (inner === undefined) return refuse('invalid-characters', field, 'is not a usable name');
      return { ...refusalOf(inner, input), field };
    }
    case 'invalid_union': {
      const expected = issue.errors.flatMap(([first]) =>
        first?.code === 'invalid_type' ? [typeName(first.expected)] : [],
      );
      return (
        missing(issue.path, input) ??
        refuse('wrong-type', field, `must be ${expected.join(' or ')}`)
      );
    }
    case 'invalid_type':
      if (issue.path.length === 0) return refuse('not-an-object', '', 'must be a JSON object');
      return (
        missing(issue.path, input) ??
        refuse('wrong-type', field, `must be ${typeName(issue.expected)}`)
      );
    default:
      return refuse('wrong-type', field, 'is not valid');
  }
}

function reasonOf(name: unknown): IntakeReason {
  return intakeReasons.find((reason) => reason === name) ?? 'unknown-value';
}

function missing(path: readonly PropertyKey[], input: unknown): Refusal | undefined {
  let value = input;
  for (const step of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Reflect.get(value, step);
  }
  return value === undefined || value === null
    ? refuse('missing-field', pathText(path), 'is required')
    : undefined;
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a finite number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

function typeName(expected: string): string {
  return typeNames[expected] ?? expected;
}

const maxPathLength = 120;
const unprintable = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu;

/** `a.b[2]`, at most 120 characters, without anything a terminal or log would act on. */
export function pathText(path: readonly PropertyKey[]): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else
      text +=
        text === ''
          ? String(step).slice(0, maxPathLength)
          : `.${String(step).slice(0, maxPathLength)}`;
  }
  return text.slice(0, maxPathLength).replaceAll(unprintable, '?');
}
