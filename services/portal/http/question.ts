// The query of an address, checked: every parameter that is refused is named, with what is allowed.
import type { z } from 'zod';
import { Problem } from '#core/http/problem.ts';
import { nearest } from '#core/nearest.ts';
import { pathText } from '#core/refusal.ts';
import type { Reader } from '../reader.ts';

/**
 * @param query as the server has split it; `format` is not part of the question
 * @throws Problem 400 `unknown-parameter`, `invalid-parameter` with the first such parameter as its field.
 */
export function readQuestion<S extends z.ZodObject>(schema: S, query: unknown): z.output<S> {
  const { format: _format, ...given } = { ...(query as Readonly<Record<string, unknown>>) };
  const known = Object.keys(schema.shape);
  const unknown = Object.keys(given).filter((name) => !known.includes(name));
  if (unknown.length > 0) throw unknownParameter(unknown, [...known, 'format']);
  const result = schema.safeParse(given, { reportInput: true });
  if (result.success) return result.data;
  const told = new Map<string, string>();
  for (const issue of result.error.issues) {
    const field = pathText(issue.path.slice(0, 1));
    if (!told.has(field)) told.set(field, saysOf(issue, given[field]));
  }
  const [[field] = ['']] = told;
  throw new Problem(
    400,
    'invalid-parameter',
    [...told].map(([name, says]) => `${name} ${says}.`).join(' '),
    { field },
  );
}

/**
 * Nobody is told nothing where it is something else that they may not see.
 * @param departments names of all that there are
 * @throws Problem 400 `invalid-parameter`.
 */
export function checkDepartments(
  asked: readonly string[] | undefined,
  reader: Reader,
  departments: readonly string[],
): void {
  const allowed = reader.departments ?? departments;
  const wrong = asked?.find((name) => !allowed.includes(name));
  if (wrong === undefined) return;
  const whose = reader.departments === null ? '' : ', which are those of your key';
  throw invalidParameter(
    'department',
    `must be of ${allowed.join(', ')}${whose}${meant(wrong, allowed)}`,
  );
}

/** @param says a sentence without the parameter's name and without its full stop */
export function invalidParameter(field: string, says: string): Problem {
  return new Problem(400, 'invalid-parameter', `${field} ${says}.`, { field });
}

function unknownParameter(unknown: readonly string[], known: readonly string[]): Problem {
  const names = unknown.map((name) => pathText([name]));
  const near = nearest(unknown[0] ?? '', known);
  const hint = `${near === undefined ? '' : `Did you mean ${near}? `}There are ${known.join(', ')}.`;
  const message = `There is no parameter ${names.join(', ')} here.`;
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
