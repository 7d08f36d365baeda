// `signpost judgements list`: what readers said, and which of it counts.
import type { Judgement } from '#schemas/judgement.ts';
import type { LogReader } from '#core/log/port.ts';
import type { ListJudgementsOptions } from '../commands/judgements.ts';
import { count } from '../count.ts';
import { withReader } from '../open-reader.ts';
import type { LogPlace } from '../options.ts';
import { createOutput, type Output } from '../output.ts';
import { timeOf } from '../tail/show-record.ts';
import { readJudgements } from './read-judgements.ts';
import { judgementLines } from './show.ts';

const usualCount = 20;
const mostColumns = 120;

export async function listJudgements(
  place: LogPlace,
  options: ListJudgementsOptions,
): Promise<void> {
  const output = createOutput();
  await withReader(place, async (log) => {
    const lasts = await lastWords(log);
    const most = options.max ?? (options.json ? Infinity : usualCount);
    const { newest, total, replaced } = await newestOf(wanted(log, options, lasts), most);
    for (const { judgement, counts } of newest) {
      if (options.json) await output.json({ ...judgement, counts });
      else await print(judgement, counts, output);
    }
    if (options.json) return;
    const { dim } = output.styles;
    if (total > newest.length)
      await output.line(dim(`… and ${count(total - newest.length)} older ones; --max shows more.`));
    await output.line(
      total === 0
        ? 'No judgements.'
        : `${count(total)} in all, ${count(replaced)} of them replaced by later ones of the same reader`,
    );
  });
}

interface Listed {
  readonly judgement: Judgement;
  /** Whether it is the last word of its reader on this insight and department. */
  readonly counts: boolean;
}

async function* wanted(
  log: LogReader,
  { department, insight }: ListJudgementsOptions,
  lasts: ReadonlyMap<string, number>,
): AsyncGenerator<Listed> {
  let order = 0;
  for await (const judgement of readJudgements(log)) {
    order += 1;
    if (department !== undefined && judgement.department !== department) continue;
    if (insight !== undefined && judgement.insightId !== insight) continue;
    // What came since the lasts were looked up is the last for now.
    yield { judgement, counts: order >= (lasts.get(keyOf(judgement)) ?? 0) };
  }
}

/** Places of the last words in the order of reading. */
async function lastWords(log: LogReader): Promise<ReadonlyMap<string, number>> {
  const lasts = new Map<string, number>();
  let order = 0;
  for await (const judgement of readJudgements(log)) lasts.set(keyOf(judgement), (order += 1));
  return lasts;
}

function keyOf({ insightId, department, judgedBy }: Judgement): string {
  return JSON.stringify([insightId, department, judgedBy]);
}

async function newestOf(listed: AsyncIterable<Listed>, most: number) {
  let newest: Listed[] = [];
  let total = 0;
  let replaced = 0;
  for await (const one of listed) {
    total += 1;
    if (!one.counts) replaced += 1;
    newest.push(one);
    if (newest.length >= 2 * most) newest = newest.slice(-most);
  }
  return { newest: newest.slice(-most), total, replaced };
}

async function print(judgement: Judgement, counts: boolean, output: Output): Promise<void> {
  const { styles } = output;
  const columns = Math.min(mostColumns, output.columns);
  const facts = [timeOf(judgement.judgedAt), ...(counts ? [] : ['replaced by a later one'])];
  for (const line of judgementLines(judgement, { styles, columns }, ...facts))
    await output.line(line);
}
