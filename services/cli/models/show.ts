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
  const { name, tasks, trained, keyCount } = model.facts;
  return {
    version: model.version,
    name,
    bytes,
    keys: keyCount,
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
    `  ${count(bytes)} bytes, ${count(keys)} words, pairs, negated words and parts of words`,
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
    `  ${trained.at}, by Signpost ${oneLine(trained.code)}, on ${count(trained.rows)} texts and ${count(trained.knowledgeRows)} of field knowledge`,
    ...trained.data.map(({ name, sha256 }) => `  ${oneLine(name)}  SHA-256 ${oneLine(sha256)}`),
    ...Object.entries(trained.quality).map(([task, figures]) => {
      const said = Object.entries(figures).map(
        ([name, value]) => `${name} ${Number(value.toFixed(3))}`,
      );
      return `  ${oneLine(task)} on texts not seen: ${oneLine(said.join(', '))}`;
    }),
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
