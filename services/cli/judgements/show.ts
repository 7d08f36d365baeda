// A judgement in lines for a person. Whatever a reader wrote is made fit for a terminal here.
import type { Judgement } from '#schemas/judgement.ts';
import type { Output, Styles } from '../output.ts';
import { oneLine, truncate } from '../safe-text.ts';

/** Two lines: the verdict with the comment, then, without its end, `insight`, reader, time and `more`. */
export function judgementLines(
  { verdict, department, theme, comment, insightId, judgedBy, model }: Judgement,
  { styles, columns }: Pick<Output, 'styles' | 'columns'>,
  ...more: readonly string[]
): string[] {
  const head = oneLine(`${verdict} for ${department}${theme === null ? '' : `, theme ${theme}`}`);
  const room = columns - head.length - 2;
  const said = comment === null || room < 20 ? '' : `  ${truncate(oneLine(comment), room)}`;
  const facts = [insightId, judgedBy, ...more, model].map(oneLine).join(' · ');
  return [`${coloured(verdict, styles)(head)}${said}`, styles.dim(truncate(`  ${facts}`, columns))];
}

function coloured(verdict: Judgement['verdict'], { green, red, yellow }: Styles) {
  return verdict === 'right' ? green : verdict === 'wrong' ? red : yellow;
}
