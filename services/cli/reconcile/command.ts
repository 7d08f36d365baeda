// `signpost reconcile`: the proof as a table, or as JSON.
import type { ReconcileOptions } from '../commands/reconcile.ts';
import { count } from '../count.ts';
import { exitCodes } from '../exit.ts';
import { withReader } from '../open-reader.ts';
import { createOutput, type Styles } from '../output.ts';
import { oneLine } from '../safe-text.ts';
import { tableLines } from '../table.ts';
import { logAt } from '../open-log.ts';
import type { LogPlace } from '../options.ts';
import { createProgress } from '../progress.ts';
import type { Totals } from './ledger.ts';
import { reconcile, type Reconciliation } from './reconcile.ts';

/** On a cluster records are always under way; on a data directory nobody may be there to process them. */
const usualWaitSeconds = { kafka: 30, embedded: 0 };

export async function reconcileCommand(place: LogPlace, options: ReconcileOptions): Promise<void> {
  const at = logAt(place);
  const services = at.kind === 'kafka' ? 'the services' : '`signpost up`';
  const progress = createProgress(process.stderr, () => performance.now());
  const result = await withReader(place, (log) =>
    reconcile(log, {
      waitMs: (options.wait ?? usualWaitSeconds[at.kind]) * 1000,
      onWaiting: (records) => progress.update(0, `${count(records)} records under way`),
    }),
  );
  progress.end();
  const output = createOutput();
  if (options.json) await output.json(result);
  else for (const line of reportLines(result, output.styles, services)) await output.line(line);
  if (!result.balanced) process.exitCode = exitCodes.failed;
}

/** @param services who processes what is under way */
export function reportLines(
  result: Reconciliation,
  { bold, green, red, dim }: Styles,
  services = '`signpost up`',
): string[] {
  const sources = Object.entries(result.sources);
  if (sources.length === 0)
    return [`Nothing was accepted yet: import something, or run ${services}.`];
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
      : red(isOnlyPending(result) ? '✗ not balanced yet' : '✗ not balanced'),
    ...findings(result, services),
    ...(result.restored > 0
      ? [
          dim(
            `  ${count(result.restored)} of them were accepted on topics that are gone, and brought back from the archive: their outcomes are counted, but that nothing else was accepted there can be seen no more.`,
          ),
        ]
      : []),
    ...(Object.values(result.retainedFrom).some((start) => start > 0)
      ? [dim('  Intake topics no longer hold their first records; those are left out.')]
      : []),
  ];
}

/** Nothing is wrong, it is only not through. */
function isOnlyPending(result: Reconciliation): boolean {
  const { pending, missing, doubled, unexplained, duplicates, departments } = result;
  return (
    pending > 0 &&
    missing + doubled + unexplained + duplicates === 0 &&
    Object.values(departments).every((one) => one.missing + one.foreign === 0)
  );
}

function findings(result: Reconciliation, services: string): string[] {
  const { inFlight, awaitingPublish, missing, doubled, unexplained, duplicatesIn, examples } =
    result;
  const such = (origins: readonly string[]): string =>
    origins.length === 0 ? '' : ` (${origins.map(oneLine).join(', ')} …)`;
  return [
    inFlight > 0 &&
      `  ${count(inFlight)} still in flight, for ${services} to process. Reconcile again then.`,
    awaitingPublish > 0 &&
      `  ${count(awaitingPublish)} ${awaitingPublish === 1 ? 'insight' : 'insights'} not yet routed to departments, for ${services} to do.`,
    missing > 0 &&
      `  ${count(missing)} lost: accepted and processed, but without an outcome${such(examples.missing)}.`,
    doubled > 0 && `  ${count(doubled)} with more than one outcome${such(examples.doubled)}.`,
    unexplained > 0 &&
      `  ${count(unexplained)} ${unexplained === 1 ? 'outcome or published insight that stems' : 'outcomes or published insights that stem'} from no record accepted: somebody else writes to the topics.`,
    ...Object.entries(duplicatesIn).map(
      ([topic, times]) =>
        `  ${count(times)} ${times === 1 ? 'id' : 'ids'} more than once on ${oneLine(topic)}.`,
    ),
    ...Object.entries(result.departments).flatMap(([department, { missing: gone, foreign }]) => [
      gone > 0 &&
        `  ${count(gone)} not on ${streamOf(department)}, though others say that they are.`,
      foreign > 0 &&
        `  ${count(foreign)} on ${streamOf(department)} that are not meant for it: somebody else writes to it.`,
    ]),
  ].filter((line) => line !== false);
}

function streamOf(department: string): string {
  return department === 'unsure'
    ? 'the review list (insights.unsure.v1)'
    : `the stream of ${oneLine(department)}`;
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
