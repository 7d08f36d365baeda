// The model and the departments file that come with Signpost, read from beside this file.
import { readFileSync } from 'node:fs';
import { parseDepartments } from './departments.ts';
import type { DepartmentsConfig } from './departments.ts';
import { loadModel } from './model.ts';
import type { Model } from './model.ts';

/** @throws SignpostError `model-unreadable` when the file is damaged. */
export function loadShippedModel(): Model {
  return loadModel(readFileSync(new URL('./model/telecom-v1.bin', import.meta.url)));
}

/** @throws SignpostError `departments-invalid` when the file was edited wrongly. */
export function loadShippedDepartments(): DepartmentsConfig {
  return parseDepartments(readFileSync(new URL('./departments.yaml', import.meta.url), 'utf8'));
}
