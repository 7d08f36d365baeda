// A text cut where evidence begins or ends, so that what spoke for several departments can be underlined for each. Pure.

export interface Spoke {
  readonly department: string;
  readonly text: string;
  readonly weight: number;
  readonly start: number | null;
  readonly end: number | null;
}

export interface Segment {
  readonly text: string;
  readonly spoke: readonly Spoke[];
}

/** Evidence without a place in the text, or with one outside of it, underlines nothing. */
export function segmentsOf(text: string, spoke: readonly Spoke[]): readonly Segment[] {
  const placed = spoke.filter(
    ({ start, end }) =>
      start !== null && end !== null && start >= 0 && start < end && end <= text.length,
  );
  const cuts = new Set([0, text.length]);
  for (const { start, end } of placed) cuts.add(start!).add(end!);
  const sorted = [...cuts].toSorted((a, b) => a - b);
  return sorted.slice(0, -1).map((from, index) => {
    const to = sorted[index + 1]!;
    return {
      text: text.slice(from, to),
      spoke: placed.filter(({ start, end }) => start! <= from && to <= end!),
    };
  });
}
