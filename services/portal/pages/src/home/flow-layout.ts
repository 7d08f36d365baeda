// Where sources, departments and the bands between them stand: heights are numbers of signals. Pure.
import type { OverviewAnswer } from '../../../api/answers.ts';

export interface FlowNode {
  readonly name: string;
  readonly count: number;
  /** Pixels from the top. */
  readonly top: number;
  readonly height: number;
}

export interface FlowBand {
  readonly source: string;
  readonly department: string | null;
  readonly count: number;
  /** Middle of the band at either side, and how thick it is. */
  readonly from: number;
  readonly to: number;
  readonly thick: number;
}

export interface FlowLayout {
  readonly sources: readonly FlowNode[];
  /** The name is empty for what no department received. */
  readonly departments: readonly FlowNode[];
  readonly bands: readonly FlowBand[];
  readonly height: number;
}

export type When = 'today' | 'week';

const mostSources = 8;
/** With it a name and a number below it, 40 pixels, have room beside each. */
const gap = 28;
const leastHeight = 3;
const nodesHeight = 176;

/**
 * A signal is one band to each department that received it, so that a source is as high as its bands, which may be more
 * than its signals.
 */
export function flowLayout(
  { sources, departments, flows }: Pick<OverviewAnswer, 'sources' | 'departments' | 'flows'>,
  when: When,
): FlowLayout {
  const shown = sources.filter((one) => one[when] > 0).slice(0, mostSources);
  const some = flows.filter(
    (flow) => flow[when] > 0 && shown.some(({ source }) => source === flow.source),
  );
  const sum = some.reduce((all, flow) => all + flow[when], 0);
  const unit = sum === 0 ? 0 : nodesHeight / sum;
  const heightOf = (count: number): number => Math.max(leastHeight, count * unit);
  const total = (of: readonly { readonly today: number; readonly week: number }[]): number =>
    of.reduce((all, one) => all + heightOf(one[when]), 0);

  const left = stacked(
    shown.map(({ source, [when]: count }) => ({
      name: source,
      count,
      height: total(some.filter((flow) => flow.source === source)),
    })),
  );
  const reached = departments
    .map(({ department, [when]: count }) => ({ name: department, count }))
    .filter(({ count }) => count > 0);
  const nowhere = some
    .filter(({ department }) => department === null)
    .reduce((all, flow) => all + flow[when], 0);
  const right = stacked(
    [...reached, ...(nowhere > 0 ? [{ name: '', count: nowhere }] : [])].map((node) => ({
      ...node,
      height: total(some.filter(({ department }) => (department ?? '') === node.name)),
    })),
  );
  return {
    sources: left,
    departments: right,
    bands: bandsOf(left, right, some, when, heightOf),
    height: Math.max(bottomOf(left), bottomOf(right)),
  };
}

/** Widths of what stands beside the bands; where it is narrow each number has a line of its own. Pixels. */
export function sidesOf(width: number): { isNarrow: boolean; left: number; right: number } {
  return width < narrowWidth
    ? { isNarrow: true, left: width * 0.27, right: Math.min(208, width * 0.42) }
    : { isNarrow: false, left: Math.min(208, width * 0.3), right: 208 };
}

const narrowWidth = 640;
/** What a reader takes for one letter is not cut in two. */
const segmenter = new Intl.Segmenter('en');
const mostTail = 10;
const usualTail = 5;

/** A name before and after where it may be cut: its last part, or its last letters. */
export function halvesOf(name: string): readonly [head: string, tail: string] {
  const letters = [...segmenter.segment(name)].map(({ segment }) => segment);
  const last = letters.findLastIndex((letter) => ' -_./:'.includes(letter));
  const length = letters.length - last;
  const isPart = last > 0 && length > 1 && length <= mostTail;
  const at = isPart ? last + 1 : Math.max(0, letters.length - usualTail);
  return [letters.slice(0, at).join(''), letters.slice(at).join('')];
}

function stacked(
  nodes: readonly { readonly name: string; readonly count: number; readonly height: number }[],
): readonly FlowNode[] {
  let top = 0;
  return nodes.map((node) => {
    const placed = { ...node, top };
    // A name and a number stand beside each, however thin it is.
    top += Math.max(node.height, 24) + gap;
    return placed;
  });
}

function bandsOf(
  left: readonly FlowNode[],
  right: readonly FlowNode[],
  flows: OverviewAnswer['flows'],
  when: When,
  heightOf: (count: number) => number,
): readonly FlowBand[] {
  const filledLeft = new Map<string, number>();
  const filledRight = new Map<string, number>();
  const bands: FlowBand[] = [];
  for (const source of left) {
    for (const department of right) {
      const flow = flows.find(
        (each) => each.source === source.name && (each.department ?? '') === department.name,
      );
      if (flow === undefined) continue;
      const thick = heightOf(flow[when]);
      const from = filledLeft.get(source.name) ?? source.top;
      const to = filledRight.get(department.name) ?? department.top;
      filledLeft.set(source.name, from + thick);
      filledRight.set(department.name, to + thick);
      bands.push({
        source: flow.source,
        department: flow.department,
        count: flow[when],
        from: from + thick / 2,
        to: to + thick / 2,
        thick,
      });
    }
  }
  return bands;
}

function bottomOf(nodes: readonly FlowNode[]): number {
  return nodes.reduce((bottom, { top, height }) => Math.max(bottom, top + Math.max(height, 24)), 0);
}
