// `signpost reconcile`: the proof as a table, or as JSON.
import type { ReconcileOptions } from '../commands/reconcile.ts';
import { count } from '../count.ts';
import { exitCodes } from '../exit.ts';
import { withReader } from '../open-reader.ts';
import { createOutput, type Styles } from '../output.ts';
import { oneLine } from '../safe-text.ts';
import { tableLines } from '../table.ts';
import type { Totals } from './ledger.ts';
import { reconcile, type Reconciliation } from './reconcile.ts';

export async function reconcileCommand(options: ReconcileOptions): Promise<void> {
  const result = await withReader(options.data, reconcile);
  const output = createOutput();
  if (options.json) await output.json(result);
  else for (const line of reportLines(result, output.styles)) await output.line(line);
  if (!result.balanced) process.exitCode = exitCodes.failed;
}

export function reportLines(result: Reconciliation, { bold, green, red, dim }: Styles): string[] {
  const sources = Object.entries(result.sources);
  if (sources.length === 0)
    return ['Nothing was accepted yet: import something, or run `signpost up`.'];
  const row = (name: string, { accepted, insights, dropped, rejected }: Totals): string[] => [
    oneLine(name),
    ...[accepted, insights, dropped, rejected].map(count),
  ];
  const rows = sources.flatMap(([name, totals]) => [
    row(name, totals),
    ...reasonRows('dropped', result.reasons[name]?.dropped ?? {}),
    ...reasonRows('rejected', result.reasons[name]?.rejected ?? {}),
  ]);
  return [
    ...tableLines(['source', 'accepted', 'insights', 'dropped', 'rejected'], rows, bold),
    '',
    result.balanced
      ? green(
          '✓ balanced: every record accepted became exactly one of insight, dropped, rejected; no id is there twice.',
        )
      : red('✗ not balanced'),
    ...findings(result),
    ...(Object.values(result.retainedFrom).some((start) => start > 0)
      ? [dim('  Intake topics no longer hold their first records; those are left out.')]
      : []),
  ];
}

function findings(result: Reconciliation): string[] {
  const { inFlight, awaitingPublish, missing, doubled, unexplained, duplicatesIn, examples } =
    result;
  const such = (origins: readonly string[]): string =>
    origins.length === 0 ? '' : ` (${origins.map(oneLine).join(', ')} …)`;
  return [
    inFlight > 0 &&
      `  ${count(inFlight)} still in flight; \`signpost up\` processes them. Reconcile again then.`,
    awaitingPublish > 0 &&
      `  ${count(awaitingPublish)} insights not yet routed to departments; \`signpost up\` does it.`,
    missing > 0 &&
      `  ${count(missing)} lost: accepted and processed, but without an outcome${such(examples.missing)}.`,
    doubled > 0 && `  ${count(doubled)} with more than one outcome${such(examples.doubled)}.`,
    unexplained > 0 &&
      `  ${count(unexplained)} outcomes or published insights that stem from no record accepted: somebody else writes to the topics.`,
    ...Object.entries(duplicatesIn).map(
      ([topic, times]) => `  ${count(times)} ids more than once on ${oneLine(topic)}.`,
    ),
  ].filter((line) => line !== false);
}

function reasonRows(
  kind: 'dropped' | 'rejected',
  reasons: Readonly<Record<string, number>>,
): string[][] {
  return Object.entries(reasons)
    .toSorted(([, a], [, b]) => b - a)
    .map(([reason, times]) => {
      const cells = kind === 'dropped' ? [count(times), ''] : ['', count(times)];
      return [`  ${oneLine(reason)}`, '', '', ...cells];
    });
}
