// The judge with the model that the configuration asks for.
import { readFileSync } from 'node:fs';
import { SignpostError } from '#core/errors.ts';
import type { ClassifyConfig } from '../classify/config.ts';
import type { DepartmentsConfig } from '../classify/departments.ts';
import { createJudge, type Judge } from '../classify/judge.ts';
import { loadModel, loadShippedModel } from '../classify/model.ts';

/** @throws SignpostError `model-unreadable`, or `departments-invalid` where the model knows not what they name. */
export function openJudge(
  { model }: Pick<ClassifyConfig, 'model'>,
  departments: DepartmentsConfig,
): Judge {
  const opened = model === undefined ? loadShippedModel() : loadModel(readModelFile(model));
  return createJudge({ model: opened, departments });
}

/** @throws SignpostError `model-unreadable`. */
export function readModelFile(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw modelUnreadable(file, cause);
  }
}

/** The error for a model's file that cannot be read at all. */
export function modelUnreadable(file: string, cause: unknown): SignpostError {
  return new SignpostError('model-unreadable', `Cannot read the model ${file}`, {
    cause,
    hint: 'classify.model in the configuration names a file made by `signpost train`.',
  });
}
