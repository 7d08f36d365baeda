// The table of a comparison, in Markdown, so that it reads in a terminal and in a document.
import type { Comparison, SystemFailure, SystemFigures } from './compare.ts';
import { IN_SCOPE_ACCURACY, type Quality } from './measures.ts';

interface Column {
  readonly title: string;
  readonly show: (figures: SystemFigures) => string;
}

const share = (title: string, key: keyof Quality, digits = 3): Column => ({
  title,
  show: ({ quality }) => quality[key]?.toFixed(digits) ?? '–',
});
const whole = (value: number): string => Math.round(value).toLocaleString('en');
const megabytes = (value: number | null): string => (value === null ? '–' : whole(value));
/** Two digits that count, for what lies between a second and an hour. */
const few = (value: number): string => (value < 10 ? value.toFixed(1) : whole(value));

const costs: readonly Column[] = [
  {
    title: 'training, processor s',
    show: ({ trainCpuSeconds }) => (trainCpuSeconds === null ? '–' : few(trainCpuSeconds)),
  },
  { title: 'texts/s', show: ({ textsPerSecond }) => roughly(textsPerSecond) },
  { title: 'model MB', show: ({ modelBytes }) => few(modelBytes / 1e6) },
  { title: 'peak MB training', show: ({ trainPeakMb }) => megabytes(trainPeakMb) },
  { title: 'peak MB judging', show: ({ judgePeakMb }) => megabytes(judgePeakMb) },
];

/** A heading and a table, with what could not be measured in its row. */
export function renderComparison({ task, trainRows, testRows, results }: Comparison): string {
  const columns = [...qualityColumns(task), ...costs];
  const rows = results.map((result) => {
    const cells = isFailure(result)
      ? [`not measured: ${oneCell(result.notMeasured)}`, ...columns.slice(1).map(() => '–')]
      : columns.map(({ show }) => show(result));
    return [result.system, ...cells];
  });
  const heading = `${task.name}: ${whole(trainRows)} texts to learn, ${whole(testRows)} to judge`;
  return `${heading}\n\n${markdownTable(['system', ...columns.map(({ title }) => title)], rows)}`;
}

function qualityColumns({ kind, outOfScope }: Comparison['task']): readonly Column[] {
  const ece = share('calibration error', 'ece');
  if (kind === 'multi-label') {
    const precision = share('mean average precision', 'meanAveragePrecision');
    return [share('micro-F1', 'microF1'), share('macro-F1', 'macroF1'), precision, ece];
  }
  if (outOfScope === undefined) {
    return [share('accuracy', 'accuracy'), share('macro-F1', 'macroF1'), ece];
  }
  const recall = `out-of-scope recall at ${IN_SCOPE_ACCURACY} in scope`;
  return [
    share('in-scope accuracy', 'accuracy'),
    share('macro-F1', 'macroF1'),
    share(recall, 'outOfScopeRecall', 2),
    share('out-of-scope AUROC', 'outOfScopeAuroc'),
    ece,
  ];
}

export function isFailure(result: SystemFigures | SystemFailure): result is SystemFailure {
  return 'notMeasured' in result;
}

/** A sentence does not make its whole column wide. */
const isShort = (length: number): boolean => length <= 24;

export function markdownTable(
  titles: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const widths = titles.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]!.length).filter(isShort)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, at) => cell.padEnd(widths[at]!)).join(' | ')} |`;
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  return [line(titles), rule, ...rows.map(line)].join('\n');
}

/** Two digits that count: rates are not steadier than that. */
function roughly(value: number): string {
  return Number(value.toPrecision(2)).toLocaleString('en');
}

function oneCell(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|');
}
