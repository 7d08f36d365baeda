// A model by the name a user gives it, with the judge it makes together with the departments of a configuration.
import { readFileSync } from 'node:fs';
import { SignpostError } from '#core/errors.ts';
import type { DepartmentsConfig } from '../../classify/departments.ts';
import { createJudge, type Judge } from '../../classify/judge.ts';
import { loadModel, shippedModelFile, type Model } from '../../classify/model.ts';
import { subscribersByName, type Subscriber } from '../../publish/route.ts';

export interface OpenedModel {
  readonly model: Model;
  /** Size of its file. */
  readonly bytes: number;
}

/** @param name a file, or `shipped`. @throws SignpostError `model-unreadable` naming it. */
export function openModel(name: string): OpenedModel {
  try {
    const bytes = readFileSync(name === 'shipped' ? shippedModelFile : name);
    return { model: loadModel(bytes), bytes: bytes.length };
  } catch (cause) {
    const why = cause instanceof SignpostError ? cause.message : 'the file cannot be read';
    throw new SignpostError('model-unreadable', `Cannot use the model ${name}: ${why}`, {
      cause,
      hint: 'Name a file made by `signpost train`, or `shipped`.',
    });
  }
}

/** How one model judges and whom it sends to. */
export interface RoutingJudge {
  readonly judge: Judge;
  readonly subscribers: ReadonlyMap<string, Subscriber>;
}

/**
 * A model with the departments of a configuration: by their thresholds, which are those that count when it judges, or by the
 * ones that it was trained with where it has some.
 * @throws SignpostError `departments-invalid` where they name themes that the model does not know
 */
export function routingJudgeOf(
  model: Model,
  departments: DepartmentsConfig,
  by: 'configured' | 'own' = 'configured',
): RoutingJudge {
  const config = by === 'own' ? withOwnThresholds(departments, model) : departments;
  return {
    judge: createJudge({ model, departments: config }),
    subscribers: subscribersByName(config.departments),
  };
}

/** Bands of doubt keep their width. */
function withOwnThresholds(config: DepartmentsConfig, model: Model): DepartmentsConfig {
  const task = model.facts.tasks.find(({ name }) => name === 'departments');
  const own = new Map(task?.classes.map((name, at) => [name, task.thresholds[at]]));
  return {
    ...config,
    departments: config.departments.map((department) => {
      const threshold = own.get(department.name) ?? department.threshold;
      const band = department.threshold - department.unsureFrom;
      return { ...department, threshold, unsureFrom: Math.max(0.01, threshold - band) };
    }),
  };
}
