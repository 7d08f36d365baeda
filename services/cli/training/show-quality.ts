// Measures of a model as lines for a person to read.
import { count, many } from '../count.ts';
import { pad, safeText } from '../safe-text.ts';
import type { Output } from '../output.ts';
import type { Measured } from './measure-model.ts';

const percent = (value: number): string => `${(100 * value).toFixed(1)} %`;
const mostLabels = 40;

export function showQuality(measured: Measured, { styles }: Pick<Output, 'styles'>): string[] {
  const { task, n, accuracy, macroF1, microF1, meanAveragePrecision, ece, perLabel } = measured;
  const labels = Object.entries(perLabel).toSorted(([, a], [, b]) => b.support - a.support);
  const width = Math.max(10, ...labels.map(([name]) => name.length)) + 2;
  const { outOfScope } = measured;
  return [
    `${styles.bold(safeText(task))}  ${many(n, 'text')}`,
    `  accuracy ${percent(accuracy)} · macro-F1 ${macroF1.toFixed(3)} · micro-F1 ${microF1.toFixed(3)} · ` +
      `mean average precision ${meanAveragePrecision.toFixed(3)} · calibration error ${percent(ece)}`,
    ...(outOfScope === undefined
      ? []
      : [
          `  out of scope: ${percent(outOfScope.recall)} of ${outOfScope.n} refused at ${percent(outOfScope.inScopeAccuracy)} ` +
            `accuracy within scope; ${outOfScope.recallAt.map((at) => `${percent(at.recall)} at ${percent(at.inScopeAccuracy)}`).join(', ')}`,
        ]),
    `  judging only what is surest: ${measured.abstention
      .map(({ kept, accuracy: right }) => `${percent(right)} right of ${Math.round(100 * kept)} %`)
      .join(', ')}`,
    '',
    styles.dim(`  ${pad('label', width)}precision  recall     F1  of texts`),
    ...labels.slice(0, mostLabels).map(([name, { precision, recall, f1, support }]) => {
      const figures = [precision, recall, f1]
        .map((value) => value.toFixed(3).padStart(7))
        .join(' ');
      return `  ${pad(safeText(name), width)}  ${figures}  ${String(support).padStart(8)}`;
    }),
    ...(labels.length > mostLabels
      ? [styles.dim(`  and ${labels.length - mostLabels} labels with fewer texts; --json has all`)]
      : []),
    ...(measured.confusions.length === 0
      ? []
      : [
          '',
          styles.dim('  taken for another (true → said)'),
          ...measured.confusions.slice(0, 5).map(({ truth, said, texts }) => {
            return `  ${safeText(truth)} → ${safeText(said)}  ${texts}`;
          }),
        ]),
    '',
    styles.dim(
      `  ${count(measured.textsPerSecond)} texts/s on one core, ` +
        `${count(measured.firstPassTextsPerSecond)} in the first pass`,
    ),
  ];
}
