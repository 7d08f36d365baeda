// `signpost rejected list`: dead letters with reason and origin.
import type { RejectedRecord } from '#schemas/rejected-record.ts';
import type { LogReader } from '#core/log/port.ts';
import type { ListOptions } from '../commands/rejected.ts';
import { withReader } from '../open-reader.ts';
import type { LogPlace } from '../options.ts';
import { createOutput, type Output } from '../output.ts';
import { oneLine, truncate } from '../safe-text.ts';
import { originOf, timeOf } from '../tail/show-record.ts';
import { filterLetters, replayedAt } from './letters.ts';

const usualCount = 20;

export async function listRejected(place: LogPlace, options: ListOptions): Promise<void> {
  const output = createOutput();
  await withReader(place, async (log) => {
    if (options.json) await listAsJson(log, options, output);
    else await listForPeople(log, options, output);
  });
}

async function listAsJson(log: LogReader, options: ListOptions, output: Output): Promise<void> {
  if (options.max === undefined) {
    for await (const letter of filterLetters(log, options))
      await output.json(await summaryOf(log, letter));
    return;
  }
  const { newest } = await newestOf(filterLetters(log, options), options.max);
  for (const letter of newest) await output.json(await summaryOf(log, letter));
}

async function listForPeople(log: LogReader, options: ListOptions, output: Output): Promise<void> {
  const { newest, total, reasons } = await newestOf(
    filterLetters(log, options),
    options.max ?? usualCount,
  );
  const { dim, red } = output.styles;
  const columns = Math.min(120, output.columns);
  for (const letter of newest) {
    const replayed = await replayedAt(log, letter);
    await output.line(oneLine(letter.id));
    await output.line(
      `  ${red(oneLine(letter.reason))}  ${truncate(oneLine(letter.detail), columns - letter.reason.length - 4)}`,
    );
    const facts = [letter.source, letter.stage, originOf(letter), timeOf(letter.rejectedAt)];
    if (replayed !== null) facts.push(`replayed ${timeOf(Date.parse(replayed))}`);
    await output.line(dim(truncate(`  ${facts.map(oneLine).join(' · ')}`, columns)));
  }
  if (total === 0) {
    await output.line('No dead letters.');
    return;
  }
  if (total > newest.length)
    await output.line(dim(`… and ${total - newest.length} older ones; --max shows more.`));
  const counts = [...reasons]
    .toSorted(([, a], [, b]) => b - a)
    .map(([reason, count]) => `${oneLine(reason)} ${count}`);
  await output.line(`${total} in all: ${counts.join(', ')}`);
}

/** What `--json` tells of each; `show` tells the rest. */
async function summaryOf(log: LogReader, letter: RejectedRecord): Promise<unknown> {
  const { payload, headers: _, ...summary } = letter;
  return { ...summary, payloadBytes: payload.length, replayedAt: await replayedAt(log, letter) };
}

/** The newest `count` without their payloads' memory, oldest first, and how many there are by reason. */
async function newestOf(letters: AsyncIterable<RejectedRecord>, count: number) {
  let newest: RejectedRecord[] = [];
  let total = 0;
  const reasons = new Map<string, number>();
  for await (const letter of letters) {
    total += 1;
    reasons.set(letter.reason, (reasons.get(letter.reason) ?? 0) + 1);
    newest.push({ ...letter, headers: {}, payload: letter.payload.subarray(0, 0) });
    if (newest.length >= 2 * count) newest = newest.slice(-count);
  }
  return { newest: newest.slice(-count), total, reasons };
}
