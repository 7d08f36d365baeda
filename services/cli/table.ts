// A table for the terminal: the first column to the left, numbers to the right, no lines.
import { displayWidth, pad } from './safe-text.ts';

/** Rows of safe cells under a head; `left` names further columns that hold words. */
export function tableLines(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  style: (text: string) => string,
  left: readonly string[] = [],
): string[] {
  const widths = head.map((title, i) =>
    Math.max(displayWidth(title), ...rows.map((row) => displayWidth(row[i] ?? ''))),
  );
  const line = (cells: readonly string[]): string =>
    head
      .map((title, i) =>
        pad(cells[i] ?? '', widths[i]!, i === 0 || left.includes(title) ? 'right' : 'left'),
      )
      .join('  ')
      .trimEnd();
  return [style(line(head)), ...rows.map(line)];
}
