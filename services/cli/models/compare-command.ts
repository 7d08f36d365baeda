// `signpost models compare`: what would change if another model judged, for people and for machines.
import { readConfig } from '../config.ts';
import { count } from '../count.ts';
import type { CompareModelsOptions } from '../commands/models.ts';
import { readDepartments } from '../departments.ts';
import { withReader } from '../open-reader.ts';
import { createOutput, type Output } from '../output.ts';
import { createProgress } from '../progress.ts';
import { oneLine, truncate } from '../safe-text.ts';
import { tableLines } from '../table.ts';
import { createComparison, type Changes, type Comparison } from './comparison.ts';
import { routingJudgeOf, openModel } from './open-model.ts';
import { signalsOf, textsOfFile } from './texts.ts';

export async function compareModels(
  old: string,
  young: string,
  options: CompareModelsOptions,
): Promise<void> {
  const config = readConfig(options.config);
  const departments = readDepartments(config.classify);
  const by = options.ownThresholds ? 'own' : 'configured';
  const comparison = createComparison(
    routingJudgeOf(openModel(old).model, departments, by),
    routingJudgeOf(openModel(young).model, departments, by),
    options.examples,
  );
  if (options.data !== undefined)
    for await (const text of textsOfFile(options.data)) comparison.see(text);
  else await seeSignals(comparison, options);
  const result = comparison.close();
  const output = createOutput();
  if (options.json) await output.json(result);
  else for (const line of comparisonLines(result, output)) await output.line(line);
}

async function seeSignals(
  { see }: Pick<ReturnType<typeof createComparison>, 'see'>,
  { signals, brokers, config }: CompareModelsOptions,
): Promise<void> {
  const progress = createProgress(process.stderr, () => performance.now());
  const place = {
    data: signals ?? '',
    isDataNamed: signals !== undefined,
    ...(brokers === undefined ? {} : { brokers }),
    ...(config === undefined ? {} : { config }),
  };
  try {
    await withReader(place, async (log) => {
      const onRead = (read: number, all: number): void =>
        progress.update(read / all, `${count(read)} signals`);
      for await (const signal of signalsOf(log, onRead)) see(signal);
    });
  } finally {
    progress.end();
  }
}

/** Lines for a person. */
export function comparisonLines(
  result: Comparison,
  { styles, columns }: Pick<Output, 'styles' | 'columns'>,
): string[] {
  const { bold, dim, green, red } = styles;
  const { records, rerouted, departments, examples } = result;
  if (records === 0) return ['There was nothing to judge.'];
  const rows = Object.entries(departments).map(([name, change]) => [
    oneLine(name),
    percent(change.before),
    percent(change.after),
    count(change.toYes),
    count(change.toNo),
    percent(change.unsureBefore),
    percent(change.unsureAfter),
  ]);
  return [
    `${oneLine(result.old)} → ${oneLine(result.new)}, on ${count(records)} records`,
    `${count(rerouted)} of them (${percent(rerouted / records)}) would go to other departments`,
    '',
    ...tableLines(
      ['department', 'sent before', 'after', 'to yes', 'to no', 'unsure before', 'after'],
      rows,
      bold,
    ),
    '',
    ...changeLines('theme', result.themes, records),
    ...changeLines('sentiment', result.sentiments, records),
    ...(examples.length === 0 ? [] : ['', bold('For example')]),
    ...examples.map(({ department, became, text, before, after }) => {
      const mark = became === 'yes' ? green('+') : red('−');
      const head = `${oneLine(department)} ${before.toFixed(2)} → ${after.toFixed(2)}`;
      const words = text === null ? dim('no words') : `“${oneLine(text)}”`;
      return `  ${mark} ${head}  ${truncate(words, Math.max(20, columns - head.length - 6))}`;
    }),
  ];
}

function changeLines(what: string, { changed, most }: Changes, records: number): string[] {
  return [
    `Another ${what}: ${count(changed)} (${percent(changed / records)})`,
    ...most.map(
      ({ from, to, records: some }) =>
        `  ${oneLine(from ?? 'none')} → ${oneLine(to ?? 'none')}: ${count(some)}`,
    ),
  ];
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
