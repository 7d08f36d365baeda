// Configuration: one YAML file, read once, checked by zod. A wrong value is refused at start with its name and what is
// allowed; an unknown name is refused too, since a misspelt one would silently do nothing.
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { z } from 'zod';
import { SignpostError } from './errors.ts';

/**
 * Checks what was read against `schema`; `where` names it in errors.
 * @param told.variables environment variables that overrule settings, each with the setting's path
 * @param told.hint where it is told what may stand there
 * @throws SignpostError `config-invalid` naming each wrong value by its path, and what is allowed.
 */
export function checkConfig<S extends z.ZodType>(
  schema: S,
  value: unknown,
  where: string,
  told: {
    readonly variables?: Readonly<Record<string, string>>;
    readonly hint?: string;
  } = {},
): z.output<S> {
  const { variables = {}, hint = 'docs/configuration.md lists every setting with its default.' } =
    told;
  const result = schema.safeParse(value ?? {}, { error: allowed });
  if (result.success) return result.data;
  const byPath = new Map(Object.entries(variables).map(([name, path]) => [path, name]));
  const problems = result.error.issues.map(({ path, message }) => {
    // Of an item, the list is what can be set.
    const variable = byPath.get(path.filter((step) => typeof step === 'string').join('.'));
    const given = variable === undefined ? '' : ` (${variable})`;
    return `  ${path.join('.') || '(top)'}${given}: ${message}`;
  });
  throw new SignpostError('config-invalid', `${where} is not valid:\n${problems.join('\n')}`, {
    hint,
  });
}

/** What a setting must be, where its schema does not say so itself; zod's own words are for programmers. */
function allowed(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      if (issue.input === undefined) return 'is missing';
      return `must be ${kinds[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `must be ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.join(', ')}`;
    case 'too_small':
      return issue.origin === 'number' ? `must be at least ${issue.minimum}` : 'must not be empty';
    case 'too_big':
      return `must be at most ${issue.maximum}${issue.origin === 'number' ? '' : ' long'}`;
    case 'unrecognized_keys':
      return `there is no setting ${issue.keys.join(', ')}`;
    default:
      return undefined;
  }
}

const kinds: Readonly<Record<string, string>> = {
  array: 'a list',
  boolean: 'true or false',
  int: 'a whole number',
  number: 'a number',
  object: 'a section of settings',
  record: 'a section of settings',
  string: 'text',
};

/** @throws SignpostError `config-invalid` when the file cannot be read or is not YAML. */
export function readYaml(file: string): unknown {
  try {
    return parse(readFileSync(file, 'utf8'), { maxAliasCount: 50 });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw new SignpostError('config-invalid', `Cannot read ${file}: ${why}`, {
      cause,
      hint: 'It must be an existing YAML file.',
    });
  }
}
