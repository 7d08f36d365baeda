// The model and the departments that the configuration asks for.
import { readFileSync } from 'node:fs';
import { stringify } from 'yaml';
import { readYaml } from '#core/config.ts';
import { SignpostError } from '#core/errors.ts';
import type { ClassifyConfig } from '../classify/config.ts';
import {
  parseDepartments,
  type Department,
  type DepartmentsConfig,
} from '../classify/departments.ts';
import { createJudge, type Judge } from '../classify/judge.ts';
import { loadModel } from '../classify/model.ts';
import { loadShippedDepartments, loadShippedModel } from '../classify/shipped.ts';

/** Streams that are no department's, by the name a department would have. */
const reservedNames = new Set(['shared', 'judged', 'rejected', 'dropped']);

/** @throws SignpostError when a file cannot be read or says something wrong. */
export function openJudge(config: ClassifyConfig): {
  judge: Judge;
  departments: readonly Department[];
} {
  const departments = readDepartments(config);
  const model =
    config.model === undefined ? loadShippedModel() : loadModel(readModel(config.model));
  return { judge: createJudge({ model, departments }), departments: departments.departments };
}

/** The departments that get a stream. @throws SignpostError `departments-invalid`. */
export function departmentsOf(config: ClassifyConfig): readonly Department[] {
  return readDepartments(config).departments;
}

function readDepartments({
  departmentsFile,
  departments: added,
}: ClassifyConfig): DepartmentsConfig {
  const shipped = new URL('../classify/departments.yaml', import.meta.url);
  const config =
    departmentsFile === undefined && added.length === 0
      ? loadShippedDepartments()
      : parseDepartments(
          stringify(withAdded(readYaml(departmentsFile ?? shipped.pathname), added)),
        );
  for (const { name } of config.departments) {
    if (reservedNames.has(name)) {
      throw new SignpostError(
        'departments-invalid',
        `A department cannot be named ${name}: a stream of that name exists`,
      );
    }
  }
  return config;
}

function withAdded(file: unknown, added: ClassifyConfig['departments']): unknown {
  if (typeof file !== 'object' || file === null) return file;
  const { departments } = file as { departments?: unknown };
  if (!Array.isArray(departments)) return file;
  const names = new Set(added.map(({ name }) => name));
  const kept = departments.filter(
    (entry: { name?: string } | null) => !names.has(entry?.name ?? ''),
  );
  return { ...file, departments: [...kept, ...added] };
}

function readModel(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new SignpostError('model-unreadable', `Cannot read the model ${file}`, {
      cause,
      hint: 'classify.model in the configuration names a file made by `npm run train`.',
    });
  }
}
