// The closing report of an import, for people and for machines.
import { count } from './count.ts';
import type { ImportResult } from './import-run.ts';
import type { LogAt } from './open-log.ts';
import { createOutput, type Output } from './output.ts';
import { pad, safeText, shellWord } from './safe-text.ts';

export async function printImport(result: ImportResult, asJson: boolean, at: LogAt): Promise<void> {
  const output = createOutput();
  if (asJson) await output.json(result);
  else await printReport(result, output, at);
}

async function printReport(
  result: ImportResult,
  { line, styles }: Output,
  at: LogAt,
): Promise<void> {
  const {
    accepted,
    insights,
    perDepartment,
    unsure,
    dropped,
    rejected,
    seconds,
    recordsPerSecond,
    resumedAt,
    mixed,
  } = result;
  const row = (name: string, records: number, note = ''): Promise<void> =>
    line(
      `  ${pad(safeText(name), 34)} ${pad(count(records), 10, 'left')}  ${styles.dim(note)}`.trimEnd(),
    );
  const isAllOfBefore = resumedAt > 0 && resumedAt === accepted;
  if (isAllOfBefore)
    await line('An earlier run, cut off before its report, had taken in the file.');
  else if (resumedAt > 0)
    await line(`Went on at record ${count(resumedAt + 1)}, where an earlier run was cut off.`);
  await line(
    styles.bold(
      `${count(accepted)} records${paceOf({ seconds, recordsPerSecond, isAllOfBefore })}`,
    ),
  );
  await row('insights', insights, 'signals judged, on insights.shared.v1');
  for (const [reason, records] of Object.entries(dropped))
    await row(`dropped: ${reason}`, records, 'deliberately not passed on');
  for (const [reason, records] of Object.entries(rejected))
    await row(`rejected: ${reason}`, records, 'dead letters');
  if (mixed === true)
    await line('  Records of other imports of the same source are included: these do not add up.');
  await line();
  await line(styles.bold('To the departments'));
  const streams = Object.entries(perDepartment).toSorted(([, a], [, b]) => b - a);
  for (const [department, records] of streams) await row(department, records);
  if (unsure > 0) await row('unsure', unsure, 'for review: signpost tail unsure');
  await line();
  const flag = flagOf(at);
  const [busiest] = streams;
  if (busiest !== undefined && busiest[1] > 0)
    await line(`Read a stream:       signpost tail ${busiest[0]}${flag} --from-beginning`);
  if (Object.keys(rejected).length > 0)
    await line(`See what was wrong:  signpost rejected list${flag}`);
  await line(`Check the books:     signpost reconcile${flag}`);
}

function paceOf({
  seconds,
  recordsPerSecond,
  isAllOfBefore,
}: Pick<ImportResult, 'seconds' | 'recordsPerSecond'> & {
  readonly isAllOfBefore: boolean;
}): string {
  if (recordsPerSecond > 0) return ` in ${seconds} s (${count(recordsPerSecond)}/s)`;
  // The seconds of this run are not those that the records took.
  return isAllOfBefore ? '' : ` in ${seconds} s`;
}

/** How to say on the command line what this import worked on. */
function flagOf(at: LogAt): string {
  if (at.kind === 'kafka') return ` --brokers ${shellWord(at.settings.brokers.join(','))}`;
  return at.directory === '.signpost' ? '' : ` --data ${shellWord(at.directory)}`;
}
