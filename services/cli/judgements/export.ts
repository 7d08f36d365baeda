// `signpost judgements export`: labelled texts as JSON lines, for training, and what could not become one.
import { once } from 'node:events';
import { createWriteStream, renameSync, rmSync } from 'node:fs';
import { finished } from 'node:stream/promises';
import type { ExportOptions } from '../commands/judgements.ts';
import { many } from '../count.ts';
import { readDepartments } from '../departments.ts';
import { configOf } from '../open-log.ts';
import { withReader } from '../open-reader.ts';
import type { LogPlace } from '../options.ts';
import { toJson } from '../output.ts';
import { safeText } from '../safe-text.ts';
import { writeRefused } from '../write-refused.ts';
import { labelledTexts, type ExportCounts, type LabelledText } from './rows.ts';

/** Rows go to `--out` or to stdout, the report to the other: to stdout beside a file, else to stderr. */
export async function exportJudgements(place: LogPlace, options: ExportOptions): Promise<void> {
  const { departments } = readDepartments(configOf(place).classify);
  const thresholds = new Map(departments.map(({ name, threshold }) => [name, threshold]));
  const { rows, counts } = await withReader(place, (log) =>
    labelledTexts(log, (department) => thresholds.get(department)),
  );
  if (options.out === undefined) await writeRows(rows, process.stdout);
  else await writeFile(rows, options.out);
  const report = options.json
    ? toJson({ ...counts, ...(options.out === undefined ? {} : { out: options.out }) })
    : reportLines(counts, options.out).join('\n');
  (options.out === undefined ? process.stderr : process.stdout).write(`${report}\n`);
}

/** Written beside and renamed, so that what bears the name is whole. */
async function writeFile(rows: readonly LabelledText[], out: string): Promise<void> {
  const draft = `${out}.part`;
  try {
    const file = createWriteStream(draft);
    await Promise.all([finished(file), writeRows(rows, file).then(() => file.end())]);
    renameSync(draft, out);
  } catch (error) {
    rmSync(draft, { force: true });
    throw writeRefused(error, out, 'with --out');
  }
}

async function writeRows(
  rows: readonly LabelledText[],
  target: NodeJS.WritableStream,
): Promise<void> {
  for (const row of rows) {
    if (!target.write(`${toJson(row)}\n`)) await once(target, 'drain');
  }
}

/** Sentences: what was written, and for each insight or judgement that was not, why. */
export function reportLines(counts: ExportCounts, out: string | undefined): string[] {
  const { rows, insights, judgements, readers, gone, withoutText } = counts;
  if (judgements === 0)
    return [
      'No judgements yet: `signpost judge INSIGHT-ID wrong --department NAME` or POST /v1/judgements makes one.',
    ];
  const place = out === undefined ? '' : ` written to ${safeText(out)}`;
  const lines = [
    `${many(rows, 'labelled text')} of ${many(insights, 'judged insight')}${place}; ` +
      `${many(judgements, 'judgement')} of ${many(readers, 'reader')}.`,
  ];
  if (gone > 0)
    lines.push(
      `${many(gone, 'insight')} left out: not on the log, or not any more. Export more often than insights are kept (30 days at most).`,
    );
  if (withoutText > 0)
    lines.push(
      `${many(withoutText, 'insight')} left out: without words, there is nothing to learn from.`,
    );
  if (counts.unreadable > 0)
    lines.push(
      `${many(counts.unreadable, 'judgement')} left out: not readable; see \`signpost tail judged\`.`,
    );
  if (counts.unknownVerdicts > 0)
    lines.push(
      `${many(counts.unknownVerdicts, 'judgement')} left out: with a verdict of a later release of Signpost.`,
    );
  return lines;
}
