// The text of a departments file. Apart from what it holds, so that threads that are handed that load no YAML parser.
import { readFileSync } from 'node:fs';
import { parse as parseYaml } from 'yaml';
import { checkDepartments, invalid, placeOf, type DepartmentsConfig } from './departments.ts';

/** @throws SignpostError `departments-invalid`, naming every wrong place and what is allowed there. */
export function parseDepartments(yaml: string): DepartmentsConfig {
  let document: unknown;
  try {
    document = parseYaml(yaml, { maxAliasCount: 50 });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw invalid(`the departments file is not YAML: ${why}`, cause);
  }
  return checkDepartments(document, (path) => `the departments file, ${placeOf(path)}`);
}

/** The file that comes with Signpost. @throws SignpostError `departments-invalid` when it was edited wrongly. */
export function loadShippedDepartments(): DepartmentsConfig {
  return parseDepartments(readFileSync(new URL('./departments.yaml', import.meta.url), 'utf8'));
}
