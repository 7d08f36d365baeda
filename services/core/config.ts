// Configuration: one YAML file, read once, checked by zod. A wrong value is refused at start with its name and what is
// allowed; an unknown name is refused too, since a misspelt one would silently do nothing.
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { z } from 'zod';
import { SignpostError } from './errors.ts';

/**
 * Checks what was read against `schema`; `where` names it in errors.
 * @throws SignpostError `config-invalid` naming each wrong value by its path, and what is allowed.
 */
export function checkConfig<S extends z.ZodType>(
  schema: S,
  value: unknown,
  where: string,
): z.output<S> {
  const result = schema.safeParse(value ?? {});
  if (result.success) return result.data;
  const problems = result.error.issues.map(
    ({ path, message }) => `  ${path.join('.') || '(top)'}: ${message}`,
  );
  throw new SignpostError('config-invalid', `${where} is not valid:\n${problems.join('\n')}`, {
    hint: 'docs/configuration.md lists every setting with its default.',
  });
}

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
