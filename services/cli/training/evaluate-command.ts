// `signpost evaluate`: a model measured on labelled texts.
import { writeFile } from 'node:fs/promises';
import { SignpostError } from '#core/errors.ts';
import type { Task } from '../../classify/artifact.ts';
import type { Model } from '../../classify/model.ts';
import type { EvaluateOptions } from '../commands/evaluate.ts';
import { openModel } from '../models/open-model.ts';
import { createOutput } from '../output.ts';
import { readLabelled } from './labelled-files.ts';
import { measureModel, predictions } from './measure-model.ts';
import { showQuality } from './show-quality.ts';
import { refuseToOverwrite, writeRefused } from '../write-refused.ts';

/** With `--json` one object: the measures of the first task, and under `others` those of further ones. */
export async function evaluateModel(options: EvaluateOptions): Promise<void> {
  if (options.predictions !== undefined)
    refuseToOverwrite(options.predictions, '--predictions', [...options.data, options.model]);
  const { model } = openModel(options.model);
  const wanted = tasksWanted(model, options.task);
  const { examples, files, unlabelled } = await readLabelled(
    options.data,
    wanted.map(({ name }) => name),
  );
  const tasks = wanted.filter(({ name }) => examples.some(({ labels }) => labels[name]));
  if (options.predictions !== undefined && tasks.length > 1) {
    throw new SignpostError('task-not-named', 'The data has labels of several tasks', {
      hint: `Predictions are of one: --task ${tasks[0]!.name}.`,
    });
  }
  // First of all, while the process is as cold as it is after loading the model.
  const measured = tasks.map((task) => measureModel(model, task, examples));
  if (options.predictions !== undefined)
    await writePredictions(options.predictions, model, tasks[0]!, examples);
  const output = createOutput();
  if (options.json) {
    const [first, ...others] = measured;
    const about = { model: model.version, data: files, unlabelled };
    await output.json({ ...first, ...about, ...(others.length > 0 ? { others } : {}) });
    return;
  }
  await output.line(output.styles.dim(`model ${model.version}`));
  for (const task of measured)
    for (const line of ['', ...showQuality(task, output)]) await output.line(line);
}

function tasksWanted(model: Model, name: string | undefined): readonly Task[] {
  const { tasks } = model.facts;
  if (name === undefined) return tasks;
  const task = tasks.find((each) => each.name === name);
  if (task !== undefined) return [task];
  throw new SignpostError('task-unknown', `The model has no task ${name}`, {
    hint: `It has ${tasks.map((each) => each.name).join(', ')}.`,
  });
}

async function writePredictions(
  file: string,
  model: Model,
  task: Task,
  examples: Parameters<typeof predictions>[2],
): Promise<void> {
  const lines = [...predictions(model, task, examples)].map((each) => `${JSON.stringify(each)}\n`);
  try {
    await writeFile(file, lines.join(''));
  } catch (cause) {
    throw writeRefused(cause, file, 'with --predictions');
  }
}
