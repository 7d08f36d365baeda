// `signpost models show`: what a model tells apart, and what it learned from.
import type { ShowModelOptions } from '../commands/models.ts';
import { count } from '../count.ts';
import { createOutput, type Styles } from '../output.ts';
import { oneLine } from '../safe-text.ts';
import { openModel, type OpenedModel } from './open-model.ts';

export async function showModel(name: string, options: ShowModelOptions): Promise<void> {
  const opened = openModel(name);
  const output = createOutput();
  if (options.json) await output.json(modelAsJson(opened));
  else for (const line of modelLines(opened, output.styles)) await output.line(line);
}

/** What `--json` prints. */
export function modelAsJson({ model, bytes }: OpenedModel) {
  const { name, tasks, trained, keys } = model.parts;
  return {
    version: model.version,
    name,
    bytes,
    keys: keys.length,
    tasks: tasks.map(({ name: task, kind, classes, none, thresholds }) => ({
      name: task,
      kind,
      classes,
      none,
      thresholds,
    })),
    trained,
  };
}

export function modelLines(opened: OpenedModel, { bold, dim }: Styles): string[] {
  const { version, bytes, keys, tasks, trained } = modelAsJson(opened);
  return [
    bold(oneLine(version)),
    `  ${count(bytes)} bytes, ${count(keys)} words, pairs and negated words`,
    '',
    ...tasks.flatMap(({ name, kind, classes, thresholds }) => [
      `${bold(oneLine(name))}  ${dim(kinds[kind])}`,
      ...classes.map((each, at) => {
        const threshold = thresholds[at];
        const from = threshold === undefined ? '' : dim(`  yes from ${threshold.toFixed(2)}`);
        return `  ${oneLine(each)}${from}`;
      }),
    ]),
    '',
    bold('Trained'),
    `  on ${count(trained.rows)} texts, SHA-256 ${oneLine(trained.dataSha256)}`,
    ...(trained.recipe === undefined
      ? []
      : [`  by the recipe ${oneLine(JSON.stringify(trained.recipe))}`]),
  ];
}

const kinds = {
  'multi-label': 'each class is yes or no',
  single: 'exactly one class',
  binary: 'yes or no',
} as const;
