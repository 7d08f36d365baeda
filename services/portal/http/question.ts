// The query of an address, checked: every parameter that is refused is named, with what is allowed.
import type { z } from 'zod';
import { Problem } from '#core/http/problem.ts';
import { nearest } from '#core/nearest.ts';
import { pathText } from '#core/refusal.ts';
import type { Reader } from '../reader.ts';

/** What a parameter's own schema cannot know to be wrong, of its value: what it must be, or undefined. */
export type Checks = Readonly<Record<string, (value: unknown) => string | undefined>>;

/**
 * @param query as the server has split it; `format` is not part of the question, but may be checked
 * @param checks by parameter; asked of what its schema takes, whatever else is wrong
 * @throws Problem 400 `unknown-parameter` where any is, else `invalid-parameter`; the first is its field, all are in its
 * message.
 */
export function readQuestion<S extends z.ZodObject>(
  schema: S,
  query: unknown,
  checks: Checks = {},
): z.output<S> {
  const { format, ...all } = { ...(query as Readonly<Record<string, unknown>>) };
  const known = Object.keys(schema.shape);
  const unknown = Object.keys(all).filter((name) => !known.includes(name));
  const given = Object.fromEntries(Object.entries(all).filter(([name]) => known.includes(name)));
  const result = schema.safeParse(given, { reportInput: true });
  const told = new Map<string, string>();
  for (const issue of result.error?.issues ?? []) {
    const field = pathText(issue.path.slice(0, 1));
    if (!told.has(field)) told.set(field, saysOf(issue, given[field]));
  }
  for (const [field, check] of Object.entries(checks)) {
    const shape: Readonly<Record<string, z.ZodType>> = schema.shape;
    const value = field === 'format' ? format : shape[field]?.safeParse(given[field]).data;
    const says = value === undefined ? undefined : check(value);
    if (says !== undefined && !told.has(field)) told.set(field, says);
  }
  const invalid = [...told].map(([name, says]) => `${name} ${says}.`);
  if (unknown.length > 0) throw unknownParameter(unknown, [...known, 'format'], invalid);
  if (result.success && invalid.length === 0) return result.data;
  const [[field] = ['']] = told;
  throw new Problem(400, 'invalid-parameter', invalid.join(' '), { field });
}

/**
 * Nobody is told nothing where it is something else that they may not see.
 * @param departments names of all that there are
 */
export function checkDepartments(
  asked: readonly string[],
  reader: Reader,
  departments: readonly string[],
): string | undefined {
  const allowed = reader.departments ?? departments;
  const wrong = asked.find((name) => !allowed.includes(name));
  if (wrong === undefined) return undefined;
  const whose = reader.departments === null ? '' : ', which are those of your key';
  return `must be of ${allowed.join(', ')}${whose}${meant(wrong, allowed)}`;
}

/** @param says a sentence without the parameter's name and without its full stop */
export function invalidParameter(field: string, says: string): Problem {
  return new Problem(400, 'invalid-parameter', `${field} ${says}.`, { field });
}

function unknownParameter(
  unknown: readonly string[],
  known: readonly string[],
  invalid: readonly string[],
): Problem {
  const names = unknown.map((name) => pathText([name]));
  const near = nearest(unknown[0] ?? '', known);
  const hint = `${near === undefined ? '' : `Did you mean ${near}? `}There are ${known.join(', ')}.`;
  const message = [`There is no parameter ${names.join(', ')} here.`, ...invalid].join(' ');
  return new Problem(400, 'unknown-parameter', message, { field: names[0] ?? '', hint });
}

function saysOf(issue: z.core.$ZodIssue, given: unknown): string {
  const isList = issue.path.length > 1;
  const isOfList = isList || ('origin' in issue && issue.origin === 'array');
  if (Array.isArray(given) && !isOfList) return 'may be given once';
  switch (issue.code) {
    case 'invalid_value': {
      const values = issue.values.map(String);
      return `must be ${isList ? 'of' : 'one of'} ${values.join(', ')}${meant(issue.input, values)}`;
    }
    case 'too_big':
      if (issue.origin === 'array') return `may have at most ${issue.maximum} values`;
      return `must be at most ${issue.maximum}${issue.origin === 'string' ? ' characters long' : ''}`;
    case 'too_small':
      return issue.origin === 'number' ? `must be at least ${issue.minimum}` : 'must not be empty';
    case 'invalid_type':
      if (issue.expected === 'int') return 'must be a whole number';
      return `must be ${issue.expected === 'number' ? 'a number' : 'text'}`;
    default:
      return issue.message;
  }
}

function meant(given: unknown, values: readonly string[]): string {
  const near = typeof given === 'string' ? nearest(given, values) : undefined;
  return near === undefined ? '' : `; perhaps ${near} was meant`;
}
