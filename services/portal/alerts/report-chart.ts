// Counts against what is usual as a drawing for paper: grey scale, named in place. Pure.
import type { AlertAnswer } from './answers.ts';
import type { Charted } from './counts-by-hour.ts';

type Count = AlertAnswer['counts'][number];

const size = { width: 680, height: 130 };
const margin = { left: 30, right: 64, top: 10, bottom: 18 };

/** An SVG element. @param counts two at least, in order */
export function reportChart(counts: readonly Count[], bucket: Charted['bucket']): string {
  const first = Date.parse(counts[0]!.start);
  const last = Date.parse(counts.at(-1)!.start);
  const top = Math.max(1, ...counts.map(({ customers, high }) => Math.max(customers, high ?? 0)));
  const right = size.width - margin.right;
  const bottom = size.height - margin.bottom;
  const x = ({ start }: Count): string =>
    (margin.left + ((Date.parse(start) - first) / (last - first)) * (right - margin.left)).toFixed(
      1,
    );
  const y = (value: number): string => (bottom - (value / top) * (bottom - margin.top)).toFixed(1);
  const line = counts.map((each) => `${x(each)},${y(each.customers)}`).join(' ');
  const judged = counts.flatMap((each) =>
    each.low === null || each.high === null ? [] : [{ ...each, low: each.low, high: each.high }],
  );
  const usualMost = Math.max(0, ...judged.map(({ high }) => high));
  const band = [
    ...judged.map((each) => `${x(each)},${y(each.high)}`),
    ...judged.toReversed().map((each) => `${x(each)},${y(each.low)}`),
  ].join(' ');
  const end = counts.at(-1)!;
  // Where line and band end near each other their names stand apart.
  const [named, usual] = apart(Number(y(end.customers)), Number(y(judged.at(-1)?.high ?? 0)));
  const ticks = [0, top].map(
    (value) =>
      `<text x="${margin.left - 6}" y="${Number(y(value)) + 3}" text-anchor="end">${Math.round(value)}</text>` +
      `<line x1="${margin.left}" x2="${right}" y1="${y(value)}" y2="${y(value)}" stroke="#e1e2e6"/>`,
  );
  const hours = [
    { at: counts[0]!, anchor: 'start' },
    { at: end, anchor: 'end' },
  ].map(
    ({ at, anchor }) =>
      `<text x="${x(at)}" y="${size.height - 4}" text-anchor="${anchor}">${at.start.slice(5, 16).replace('T', ' ')} UTC</text>`,
  );
  return `<svg viewBox="0 0 ${size.width} ${size.height}" role="img" aria-label="At most ${Math.max(...counts.map(({ customers }) => customers))} customers in ${bucket === 'hour' ? 'an hour' : 'a quarter of an hour'}; up to ${Math.round(usualMost)} are usual">
${ticks.join('')}
<polygon points="${band}" fill="#dcdde1"/>
<polyline points="${line}" fill="none" stroke="#1b1c1f" stroke-width="1.5" stroke-linejoin="round"/>
<text x="${right + 6}" y="${named}">customers</text><text x="${right + 6}" y="${usual}">usual</text>
${hours.join('')}
</svg>`;
}

function apart(one: number, other: number): readonly [number, number] {
  if (Math.abs(one - other) >= 11) return [one + 3, other + 3];
  const middle = (one + other) / 2;
  return one <= other ? [middle - 4, middle + 8] : [middle + 8, middle - 4];
}
