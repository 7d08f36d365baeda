// The departments that the configuration asks for: those shipped or of a file, with those it adds.
import { fileURLToPath } from 'node:url';
import { readYaml } from '#core/config.ts';
import { SignpostError } from '#core/errors.ts';
import type { ClassifyConfig } from '../classify/config.ts';
import { checkDepartments, placeOf, type DepartmentsConfig } from '../classify/departments.ts';
import { loadShippedDepartments } from '../classify/departments-file.ts';

/** Streams that are no department's, by the name a department would have. */
const reservedNames = new Set(['shared', 'unsure', 'revised', 'judged', 'rejected', 'dropped']);

/** Names of the departments that get a stream. @throws SignpostError `departments-invalid`. */
export function departmentNames(config: ClassifyConfig): readonly string[] {
  return readDepartments(config).departments.map(({ name }) => name);
}

/** @throws SignpostError `departments-invalid`, also when the file cannot be read. */
export function readDepartments({
  departmentsFile,
  departments: added,
}: ClassifyConfig): DepartmentsConfig {
  const shipped = new URL('../classify/departments.yaml', import.meta.url);
  const config =
    departmentsFile === undefined && added.length === 0
      ? loadShippedDepartments()
      : joined(readYaml(departmentsFile ?? fileURLToPath(shipped)), departmentsFile, added);
  for (const { name } of config.departments) {
    if (reservedNames.has(name)) {
      throw new SignpostError(
        'departments-invalid',
        `A department cannot be named ${name}: a stream of that name exists`,
      );
    }
  }
  // The rules that come with Signpost speak of its own model's themes: with a model of somebody's own some are idle.
  return departmentsFile === undefined ? { ...config, mayNameMissingThemes: true } : config;
}

/** A departments file with those of the configuration; what is wrong is said to be where it was written. */
function joined(
  file: unknown,
  path: string | undefined,
  added: ClassifyConfig['departments'],
): DepartmentsConfig {
  const listed = (file as { departments?: unknown } | null)?.departments;
  const own: readonly unknown[] = Array.isArray(listed) ? listed : [];
  const names = new Set(added.map(({ name }) => name));
  const kept = own
    .map((entry, at) => ({ entry, at }))
    .filter(({ entry }) => !names.has((entry as { name?: string } | null)?.name ?? ''));
  const document = Array.isArray(listed)
    ? { ...(file as object), departments: [...kept.map(({ entry }) => entry), ...added] }
    : file;
  const fileName = path === undefined ? 'the shipped departments file' : path;
  return checkDepartments(document, (place) => {
    const [list, at, ...rest] = place;
    if (list !== 'departments' || typeof at !== 'number') return `${fileName}, ${placeOf(place)}`;
    const held = kept[at];
    return held === undefined
      ? `the configuration, ${placeOf(['classify', list, at - kept.length, ...rest])}`
      : `${fileName}, ${placeOf([list, held.at, ...rest])}`;
  });
}
